/** Sequences of features, with their labels, from the cells of a log: see event-log.ts. */
import { DataError } from '../core/errors.js';
import { checkOptions, describe } from '../core/options.js';
import { type Tensor, tensor } from '../core/tensor.js';
import { formatDay, MILLISECONDS_A_DAY } from './calendar.js';
import type { StepContext } from './event-features.js';
import type { EntityId, GroupedEvents } from './event-steps.js';

export interface SequenceOptions {
  /** Whom sequences are made of: ids, or a question to each; by default everybody. */
  readonly entities?: Iterable<EntityId> | ((id: EntityId) => boolean);
}

/** Row r is the entity `entities[r]`; its steps begin with that of its first event, and behind its last step is padding. */
export interface EventSequences {
  /** In ascending order of their ids. */
  readonly entities: readonly EntityId[];
  /** How many steps each row has. */
  readonly lengths: readonly number[];
  /** `[rows, steps, features]`, with those lengths. */
  readonly x: Tensor<Float32Array>;
  /** `[rows, steps]`: the label at the end of each step, 0 where none is known. */
  readonly y: Tensor<Float32Array>;
  /** `[rows, steps]`: 1 where the label is known and 0 elsewhere, as sample weights. */
  readonly weights: Tensor<Float32Array>;
  /** The label at the end of each row's last step; NaN where it is not known. */
  readonly labels: Float32Array;
}

type Part = 'train' | 'test';

/** An entity with a sequence. */
interface Row {
  readonly id: EntityId;
  readonly cells: Int32Array;
  /** How many of its cells features may see: the first ones. */
  readonly visible: number;
  /** How many steps it has, and of those how many are kept. */
  readonly steps: number;
  readonly kept: number;
}

const MOST_NUMBERS = 2 ** 31;

export function buildSequences<Event>(
  log: GroupedEvents<Event>,
  part: Part,
  options: SequenceOptions = {},
): EventSequences {
  checkOptions(part, options, ['entities']);
  const rows = rowsOf(log, part, chosen(options));
  const features = log.readers.reduce((sum, [{ names }]) => sum + names.length, 0);
  const longest = rows.reduce((steps, { kept }) => Math.max(steps, kept), 0);
  checkSize(log, rows, longest, features);
  const x = new Float32Array(rows.length * longest * features);
  const y = new Float32Array(rows.length * longest);
  const weights = new Float32Array(rows.length * longest);
  for (const [place, row] of rows.entries()) {
    writeFeatures(log, row, x, place * longest * features, features);
    const answer = log.steps.kind === 'calendar' ? calendarLabel(log, row, part) : timedLabel(log, row, part);
    for (let k = 0; k < row.kept; k++) {
      const label = answer(row.steps - row.kept + k);
      if (label === undefined) continue;
      y[place * longest + k] = label;
      weights[place * longest + k] = 1;
    }
  }
  const lengths = rows.map(({ kept }) => kept);
  const lastOf = (values: Float32Array, row: number) =>
    values[row * longest + (lengths[row] as number) - 1] as number;
  return {
    entities: rows.map(({ id }) => id),
    lengths,
    x: tensor(x, [rows.length, longest, features], { lengths }),
    y: tensor(y, [rows.length, longest], { lengths }),
    weights: tensor(weights, [rows.length, longest]),
    labels: Float32Array.from(lengths, (_, row) =>
      lastOf(weights, row) === 1 ? lastOf(y, row) : Number.NaN,
    ),
  };
}

function chosen({ entities }: SequenceOptions): (id: EntityId) => boolean {
  if (entities === undefined) return () => true;
  if (typeof entities === 'function') return entities;
  const members = new Set(entities);
  return (id) => members.has(id);
}

function rowsOf<Event>(log: GroupedEvents<Event>, part: Part, isChosen: (id: EntityId) => boolean): Row[] {
  const { steps, cells, maxSteps, channels } = log;
  const stepOfCell = cells.steps();
  const values = cells.values();
  /** The end of the features: in periods from the cut on, or, of sessions and events, the cut itself. */
  const end = part === 'train' ? -steps.horizon : 0;
  const isVisible = (cell: number) =>
    steps.kind === 'calendar'
      ? (stepOfCell[cell] as number) < end
      : (values[cell * channels] as number) < steps.cut;
  const rows: Row[] = [];
  for (const [entity, id] of log.entities.entries()) {
    if (!isChosen(id)) continue;
    const own = log.cellsOf(entity);
    let visible = 0;
    while (visible < own.length && isVisible(own[visible] as number)) visible++;
    if (visible === 0) continue;
    const count = steps.kind === 'calendar' ? end - (stepOfCell[own[0] as number] as number) : visible;
    rows.push({ id, cells: own, visible, steps: count, kept: Math.min(count, maxSteps) });
  }
  if (rows.length > 0) return rows;
  const before = part === 'train' && steps.kind === 'calendar' ? ', less the horizon,' : '';
  throw new DataError(`${log.name} has no event before the cut${before} of those who are asked for`);
}

function checkSize<Event>(log: GroupedEvents<Event>, rows: Row[], longest: number, features: number): void {
  if (rows.length * longest * features <= MOST_NUMBERS) return;
  const row = rows.find(({ kept }) => kept === longest) as Row;
  throw new DataError(
    `${log.name} makes ${rows.length} sequences of up to ${longest} steps of ${features} features, of ${describe(row.id)}: more than fit in memory; leave out what is long ago by from, or all but the last steps by maxSteps`,
  );
}

/** Writes the features of a row's steps, those of its kept ones. */
function writeFeatures<Event>(
  { steps, cells, channels, readers, name }: GroupedEvents<Event>,
  { id, cells: own, visible, steps: count, kept }: Row,
  x: Float32Array,
  start: number,
  features: number,
): void {
  const stepOfCell = cells.steps();
  const values = cells.values();
  const isCalendar = steps.kind === 'calendar';
  const first = stepOfCell[own[0] as number] as number;
  const timeAt = (cell: number, channel: 0 | 1) =>
    values[(own[cell] as number) * channels + channel] as number;
  let next = 0;
  let lastEvent = 0;
  let index = 0;
  const place = () =>
    `in ${name}, for ${describe(id)}, ${isCalendar ? `in the period of ${formatDay((steps.cut + (first + index) * steps.milliseconds) / MILLISECONDS_A_DAY)}` : `in step ${index}`}`;
  for (; index < count; index++) {
    const hasEvents =
      next < visible && (isCalendar ? stepOfCell[own[next] as number] === first + index : true);
    let sinceLast = 0;
    if (isCalendar) {
      if (hasEvents) lastEvent = index;
      sinceLast = index - lastEvent;
    } else if (index > 0) {
      sinceLast = (timeAt(index, 0) - timeAt(index - 1, 1)) / MILLISECONDS_A_DAY;
    }
    const at = hasEvents ? (own[next] as number) * channels : -1;
    if (hasEvents) next++;
    if (index < count - kept) continue;
    const context: StepContext = { index, sinceLast, place };
    let to = start + (index - (count - kept)) * features;
    for (const [reader, channel] of readers) {
      reader.write(values, at < 0 ? -1 : at + channel, context, x, to);
      to += reader.names.length;
    }
  }
}

/** Answers for the end of each step, from 0; undefined where the answer is not known. */
type Answer = (step: number) => number | undefined;

/** Labels at the ends of weeks and days. */
function calendarLabel<Event>(log: GroupedEvents<Event>, row: Row, part: Part): Answer {
  const { steps, cells, channels, label, labelChannel, end, name } = log;
  const stepOfCell = cells.steps();
  const values = cells.values();
  const first = stepOfCell[row.cells[0] as number] as number;
  const channel = (cell: number, k: 0 | 1) => values[cell * channels + labelChannel + k] as number;
  /** What may be asked for: to learn from, nothing from the cut on. */
  const known = Array.from(row.cells).filter((cell) => part === 'test' || (stepOfCell[cell] as number) < 0);
  if (part === 'test' && steps.horizon > 0 && steps.cut + steps.horizon * steps.milliseconds > end) {
    return () => undefined;
  }
  const isAsked = (step: number) => part === 'train' || step === row.steps - 1;
  if (label.ask === 'count' || label.ask === 'sum') {
    const place = () => `in ${name}, for ${describe(row.id)},`;
    let from = 0;
    return (step) => {
      if (!isAsked(step)) return undefined;
      const period = first + step;
      while (from < known.length && (stepOfCell[known[from] as number] as number) <= period) from++;
      let sum = 0;
      for (let k = from; k < known.length; k++) {
        const cell = known[k] as number;
        if ((stepOfCell[cell] as number) > period + steps.horizon) break;
        sum += channel(cell, 0);
      }
      return label.map(sum, place);
    };
  }
  const hits = known.filter((cell) => channel(cell, 0) < Number.POSITIVE_INFINITY);
  let next = 0;
  return (step) => {
    if (!isAsked(step)) return undefined;
    const period = first + step;
    while (next < hits.length && (stepOfCell[hits[next] as number] as number) <= period) next++;
    const hit = hits[next];
    if (label.ask === 'next') return hit === undefined ? undefined : channel(hit, 1);
    const occurs = hit !== undefined && (stepOfCell[hit] as number) <= period + steps.horizon;
    return occurs === (label.ask === 'occurs') ? 1 : 0;
  };
}

/** Labels at the ends of sessions and events, by the clock. */
function timedLabel<Event>(log: GroupedEvents<Event>, row: Row, part: Part): Answer {
  const { steps, cells, channels, label, labelChannel, end } = log;
  const values = cells.values();
  const channel = (cell: number, k: 0 | 1) => values[cell * channels + labelChannel + k] as number;
  const own = part === 'test' ? row.cells : row.cells.subarray(0, row.visible);
  const hits = own.filter((cell) => channel(cell, 0) < Number.POSITIVE_INFINITY);
  const places = new Map(Array.from(own, (cell, place) => [cell, place]));
  let next = 0;
  return (step) => {
    if (part === 'test' && step !== row.steps - 1) return undefined;
    while (next < hits.length && (places.get(hits[next] as number) as number) <= step) next++;
    const hit = hits[next];
    if (label.ask === 'next') return hit === undefined ? undefined : channel(hit, 1);
    const until = (values[(own[step] as number) * channels + 1] as number) + steps.horizon;
    const isKnown = part === 'train' ? until <= steps.cut : until > steps.cut && until <= end;
    if (!isKnown) return undefined;
    const occurs = hit !== undefined && channel(hit, 0) <= until;
    return occurs === (label.ask === 'occurs') ? 1 : 0;
  };
}
