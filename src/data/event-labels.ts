/** What is asked at the end of a step of what comes after it, and what is kept of the events to answer it. */
import { ConfigError } from '../core/errors.js';
import { checkOptions, unknownName } from '../core/options.js';
import { categoryReader, type EventMap, mapOf, numberReader } from './event-features.js';

/**
 * The question at the end of a step:
 *
 * - `occurs`: 1 if there is an event within the horizon, such as a purchase; `where` says which counts
 * - `absent`: 1 if there is none: churn
 * - `count`, `sum`: how many events there are within the horizon, or the sum of a column; with weeks and days
 * - `next`: the place among `categories` of the next event's category, whenever that is
 */
export interface EventLabel<Event> {
  readonly ask: 'occurs' | 'absent' | 'count' | 'sum' | 'next';
  /** Which events it asks for: by default all. */
  readonly where?: (event: Event) => boolean;
  /** The column that `sum` and `next` are of. */
  readonly column?: keyof Event & string;
  /** The categories of `next`; any other one in the column is an error. */
  readonly categories?: readonly (string | number | boolean)[];
  /** What a count or a sum goes through: `log1p`, log(1 + value), or a function; nothing by default. */
  readonly map?: EventMap;
}

/** A label that has been checked, with its two channels in the cells: see `FeatureReader`. */
export interface LabelReader<Event> {
  readonly ask: EventLabel<Event>['ask'];
  /** The time of the first event that is asked for, and its category; or the count or sum in the first channel. */
  readonly initial: readonly number[];
  add(event: Event, time: number, values: Float64Array, at: number, place: () => string): void;
  /** A count or a sum as a label. */
  map(value: number, place: () => string): number;
}

const ASKS = ['occurs', 'absent', 'count', 'sum', 'next'];

/** @throws ConfigError for what is no label */
export function labelReader<Event>(label: EventLabel<Event>): LabelReader<Event> {
  checkOptions('label', label, ['ask', 'where', 'column', 'categories', 'map']);
  const { ask, column, categories, map, where: only = () => true } = label;
  if (!ASKS.includes(ask)) throw unknownName('label: ask', String(ask), ASKS);
  const needsColumn = ask === 'sum' || ask === 'next';
  if (needsColumn !== (column !== undefined)) {
    throw new ConfigError(`label: column goes with ask 'sum' and 'next', and they need it; ask is '${ask}'`);
  }
  if ((ask === 'next') !== (categories !== undefined)) {
    throw new ConfigError(`label: categories go with ask 'next', and it needs them; ask is '${ask}'`);
  }
  if (map !== undefined && ask !== 'count' && ask !== 'sum') {
    throw new ConfigError(`label: map goes with ask 'count' and 'sum'; ask is '${ask}'`);
  }
  const apply = mapOf('label', map);
  if (ask === 'count' || ask === 'sum') {
    const read = ask === 'sum' ? numberReader<Event>('label', column) : () => 1;
    return {
      ask,
      initial: [0, 0],
      add: (event, _, values, at, place) => {
        if (only(event)) (values[at] as number) += read(event, place);
      },
      map: apply,
    };
  }
  const read =
    ask === 'next'
      ? categoryReader<Event>('label', column as keyof Event & string, categories ?? [])
      : () => 0;
  return {
    ask,
    initial: [Number.POSITIVE_INFINITY, -1],
    add: (event, time, values, at, place) => {
      if (!only(event)) return;
      const category = read(event, place);
      if (time >= (values[at] as number)) return;
      values[at] = time;
      values[at + 1] = category;
    },
    map: apply,
  };
}
