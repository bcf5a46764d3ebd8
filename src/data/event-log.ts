/**
 * Events of (entity, time, values) into sequences of weeks, days, sessions or single events, with labels that look ahead.
 *
 * The log is read once, in a stream, and what is kept of it is sums by entity and step: as many as there are steps with
 * events, however many events there are. Only single events, as steps, are as many as the events.
 *
 * Nothing of the future reaches a feature: a step is made from its own events and those before it; an event from the cut on
 * belongs to another step than any before it; entities are those that are known at the cut, in the order of their ids;
 * and what is learned from asks of nothing from the cut on.
 */
import { ConfigError, DataError } from '../core/errors.js';
import { checkInteger, checkOptions, describe, unknownName } from '../core/options.js';
import { MILLISECONDS_A_DAY } from './calendar.js';
import { type EventCells, eventCells } from './event-cells.js';
import { type EventFeature, type FeatureReader, featureReader } from './event-features.js';
import { type EventLabel, labelReader } from './event-labels.js';
import { buildSequences, type EventSequences, type SequenceOptions } from './event-sequences.js';
import { type EntityId, type EventPeriod, type GroupedEvents, instant, stepsOf } from './event-steps.js';

export interface EventLogOptions<Event> {
  /** The name of the column that says whom an event is of: texts or numbers. */
  readonly entity: keyof Event & string;
  /** The name of the column with its time: milliseconds since 1970-01-01T00:00Z, as `streamCsv` reads dates, or a Date. */
  readonly time: keyof Event & string;
  readonly period: EventPeriod;
  /** What is before it is known; what is from it on, at the same instant too, is not. */
  readonly cut: Date | number;
  /** How far labels look ahead: in periods, where these are weeks or days, and else in days. Not for `next`. */
  readonly horizon?: number;
  /** Features by their names. */
  readonly features: Readonly<Record<string, EventFeature<Event>>>;
  readonly label: EventLabel<Event>;
  /** Events before it are not looked at; by default there are none. */
  readonly from?: Date | number;
  /** Up to where the log is complete; by default the end of the day, in UTC, of its last event. */
  readonly end?: Date | number;
  /** Of each sequence only its last so many steps are kept; by default all. */
  readonly maxSteps?: number;
  /** What the log is called in an error. */
  readonly name?: string;
}

export interface EventLog {
  /** All entities, in ascending order of their ids. */
  readonly entities: readonly EntityId[];
  /** How many events there were, without those before `from`. */
  readonly events: number;
  /** The names of the features, in order. */
  readonly featureNames: readonly string[];
  /**
   * What is learned from: sequences, with a label at the end of every step whose answer lies before the cut.
   *
   * @throws DataError where there is nothing to learn from
   */
  train(options?: SequenceOptions): EventSequences;
  /**
   * What is tested on, or foretold: sequences up to the cut, with a label at the last step, whose answer lies behind it, where
   * the log goes that far.
   *
   * @throws DataError where nobody is known at the cut
   */
  test(options?: SequenceOptions): EventSequences;
}

/** Takes events one by one. */
export interface EventGrouper<Event> {
  add(event: Event): void;
  finish(): EventLog;
}

const OPTIONS = [
  ...['entity', 'time', 'period', 'cut', 'horizon', 'features', 'label', 'from', 'end', 'maxSteps', 'name'],
];

/**
 * Reads a log of events into sequences.
 *
 * @param events  in any order where the steps are weeks or days; each entity's in order of time for sessions and events
 * @throws ConfigError for options that make no sense
 * @throws DataError for an event without entity or time, or with values that its features cannot take, and its number
 *
 * @example
 * const log = await groupEvents(streamCsv(file, { columns: { customer: 'string', date: 'date', amount: 'number' } }), {
 *   entity: 'customer', time: 'date', period: 'week', cut: new Date('2024-10-01'), horizon: 13,
 *   features: { purchases: { take: 'count', map: 'log1p' }, spent: { take: 'sum', column: 'amount', map: 'log1p' } },
 *   label: { ask: 'occurs' },
 * });
 * const { x, y, weights } = log.train();
 */
export async function groupEvents<Event extends object>(
  events: Iterable<Event> | AsyncIterable<Event>,
  options: EventLogOptions<Event>,
): Promise<EventLog> {
  const grouper = eventGrouper(options);
  if (typeof events === 'object' && events !== null && Symbol.iterator in events) {
    for (const event of events) grouper.add(event);
  } else if (typeof events === 'object' && events !== null && Symbol.asyncIterator in events) {
    for await (const event of events) grouper.add(event);
  } else {
    throw new DataError(`groupEvents reads an iterable of events but got ${describe(events)}`);
  }
  return grouper.finish();
}

/** What groups events that come one by one: see `groupEvents`. */
export function eventGrouper<Event extends object>(options: EventLogOptions<Event>): EventGrouper<Event> {
  checkOptions('groupEvents', options, OPTIONS);
  const { name = 'the log', entity: entityColumn, time: timeColumn } = options;
  const label = labelReader(options.label);
  const steps = stepsOf(options, label.ask);
  const from = instant('from', options.from ?? Number.NEGATIVE_INFINITY);
  const end = options.end === undefined ? undefined : instant('end', options.end);
  const maxSteps = options.maxSteps === undefined ? Infinity : checkInteger('maxSteps', options.maxSteps);
  const spans = steps.kind === 'calendar' ? [] : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const { readers, initial } = layOut(options.features, spans);
  const labelChannel = initial.length;
  const channels = labelChannel + label.initial.length;
  const cells = eventCells([...initial, ...label.initial]);

  const numbers = new Map<EntityId, number>();
  /** Of each entity the step and the time of its last event, where steps are found from event to event. */
  const lastSteps: number[] = [];
  const lastTimes: number[] = [];
  let read = 0;
  let leftOut = 0;
  let latest = Number.NEGATIVE_INFINITY;
  const place = () => `${name}, event ${read}`;

  function checkColumns(event: Event): void {
    for (const column of [entityColumn, timeColumn]) {
      if (!(column in event)) throw unknownName(`${name}: the column`, column, Object.keys(event));
    }
  }

  function numberOf(id: unknown): number {
    if ((typeof id !== 'string' || id === '') && !(typeof id === 'number' && Number.isFinite(id))) {
      throw new DataError(`${place()}: '${entityColumn}' says whom it is of, but is ${describe(id)}`);
    }
    const known = numbers.get(id);
    if (known !== undefined) return known;
    // A text that was cut out of a piece of a file keeps all of the piece: this makes one of its own.
    numbers.set(typeof id === 'string' ? ` ${id}`.slice(1) : id, numbers.size);
    return numbers.size - 1;
  }

  function timeOf(event: Event): number {
    const given: unknown = event[timeColumn];
    const time = given instanceof Date ? given.getTime() : given;
    if (typeof time === 'number' && Number.isFinite(time)) return time;
    const hint = typeof given === 'string' ? ": read the column as 'date'" : '';
    throw new DataError(`${place()}: '${timeColumn}' is its time, but is ${describe(given)}${hint}`);
  }

  function stepOf(entity: number, time: number): number {
    if (steps.kind === 'calendar') return Math.floor((time - steps.cut) / steps.milliseconds);
    const before = lastTimes[entity];
    if (before !== undefined && time < before) {
      throw new DataError(
        `${place()} is earlier than the one before it of the same '${entityColumn}': sessions and single events are read in order of time; sort the log`,
      );
    }
    lastTimes[entity] = time;
    const step = lastSteps[entity] ?? -1;
    const crosses = before !== undefined && before < steps.cut && time >= steps.cut;
    const goesOn =
      steps.kind === 'session' && before !== undefined && time - before <= steps.milliseconds && !crosses;
    lastSteps[entity] = goesOn ? step : step + 1;
    return lastSteps[entity];
  }

  return {
    add: (event) => {
      read++;
      if (read === 1) checkColumns(event);
      const time = timeOf(event);
      if (time < from) {
        leftOut++;
        return;
      }
      const entity = numberOf(event[entityColumn]);
      const step = stepOf(entity, time);
      if (Math.abs(step) > 0x3fffffff) {
        throw new DataError(
          `${place()}: its time, ${time}, is too far from the cut to be counted in periods`,
        );
      }
      if (time > latest) latest = time;
      const at = cells.cellOf(entity, step) * channels;
      const values = cells.values();
      if (steps.kind !== 'calendar') {
        values[at] = Math.min(values[at] as number, time);
        values[at + 1] = time;
      }
      for (const [reader, channel] of readers) reader.add(event, time, values, at + channel, place);
      label.add(event, time, values, at + labelChannel, place);
    },
    finish: () => {
      if (read === leftOut) throw new DataError(`${name} has no events${leftOut > 0 ? ' after from' : ''}`);
      const entities = sorted([...numbers.keys()], name);
      const grouped: GroupedEvents<Event> = {
        ...{ name, steps, maxSteps, entities, cells, channels, readers, label, labelChannel },
        cellsOf: cellsByEntity(entities, numbers, cells),
        end: end ?? (Math.floor(latest / MILLISECONDS_A_DAY) + 1) * MILLISECONDS_A_DAY,
      };
      return {
        entities,
        events: read - leftOut,
        featureNames: readers.flatMap(([{ names }]) => names),
        train: (some) => buildSequences(grouped, 'train', some),
        test: (some) => buildSequences(grouped, 'test', some),
      };
    },
  };
}

/** Channels behind each other, after those of all steps. */
function layOut<Event>(
  features: Readonly<Record<string, EventFeature<Event>>>,
  before: readonly number[],
): { readers: (readonly [FeatureReader<Event>, number])[]; initial: number[] } {
  const initial = [...before];
  if (typeof features !== 'object' || features === null || Object.keys(features).length === 0) {
    throw new ConfigError(`features must be an object with a feature at least but is ${describe(features)}`);
  }
  const readers = Object.entries(features).map(([name, feature]) => {
    const reader = featureReader(name, feature);
    const channel = initial.length;
    initial.push(...reader.initial);
    return [reader, channel] as const;
  });
  return { readers, initial };
}

function sorted(ids: EntityId[], name: string): EntityId[] {
  const [first] = ids;
  const other = ids.find((id) => typeof id !== typeof first);
  if (other !== undefined) {
    throw new DataError(
      `${name} has entities that are texts and numbers: ${describe(first)}, ${describe(other)}`,
    );
  }
  return ids.sort((a, b) => (a < b ? -1 : 1));
}

/** The cells of each entity, in the order of their steps: sorted by counting, and then entity by entity. */
function cellsByEntity(
  entities: readonly EntityId[],
  numbers: ReadonlyMap<EntityId, number>,
  cells: EventCells,
): (entity: number) => Int32Array {
  const size = cells.size();
  const owners = cells.entities();
  const steps = cells.steps();
  const offsets = new Int32Array(entities.length + 1);
  for (let cell = 0; cell < size; cell++) (offsets[(owners[cell] as number) + 1] as number) += 1;
  for (let entity = 0; entity < entities.length; entity++) {
    (offsets[entity + 1] as number) += offsets[entity] as number;
  }
  const order = new Int32Array(size);
  const filled = offsets.slice();
  for (let cell = 0; cell < size; cell++) {
    const owner = owners[cell] as number;
    order[filled[owner] as number] = cell;
    (filled[owner] as number) += 1;
  }
  for (let entity = 0; entity < entities.length; entity++) {
    order
      .subarray(offsets[entity], offsets[entity + 1])
      .sort((a, b) => (steps[a] as number) - (steps[b] as number));
  }
  return (place) => {
    const number = numbers.get(entities[place] as EntityId) as number;
    return order.subarray(offsets[number], offsets[number + 1]);
  };
}
