/** What is kept of the events of a step, and what features are made from it. */
import { ConfigError, DataError } from '../core/errors.js';
import { log1p } from '../core/math.js';
import { checkOptions, describe, unknownName } from '../core/options.js';

/** Where a value goes before it becomes a feature. */
export type EventMap = 'log1p' | ((value: number) => number);

/**
 * A feature of a step:
 *
 * - `count`: how many events; `where` says which
 * - `sum`, `mean`, `min`, `max`, `last`: of a column's numbers; 0 in a step without events
 * - `counts`: how many events of each category of a column, a feature for each
 * - `isFirst`: 1 in an entity's first step
 * - `sinceLast`: how long ago the last event was: in periods, 0 in one with an event; of sessions and events, in days from
 *   the one before
 */
export interface EventFeature<Event> {
  readonly take: 'count' | 'counts' | 'sum' | 'mean' | 'min' | 'max' | 'last' | 'isFirst' | 'sinceLast';
  /** The column that it is of, for all but `count`, `isFirst` and `sinceLast`. */
  readonly column?: keyof Event & string;
  /** The categories that `counts` counts; any other one in the column is an error. */
  readonly categories?: readonly (string | number | boolean)[];
  /** Which events it looks at: by default all. */
  readonly where?: (event: Event) => boolean;
  /** What the value goes through: `log1p`, log(1 + value), or a function; nothing by default. */
  readonly map?: EventMap;
}

/** A feature that has been checked, with its channels in the cells. */
export interface FeatureReader<Event> {
  /** The names of what it becomes. */
  readonly names: readonly string[];
  /** What stands in its channels before the first event. */
  readonly initial: readonly number[];
  /** Adds an event to the channels at `at`. `place` is for messages. */
  add(event: Event, time: number, values: Float64Array, at: number, place: () => string): void;
  /** Writes its features of a step: of the channels at `at`, or of a step without events where that is -1. */
  write(values: Float64Array, at: number, step: StepContext, to: Float32Array, start: number): void;
}

/** What there is to know of a step beside its events. */
export interface StepContext {
  /** Its number in its sequence, from 0. */
  readonly index: number;
  readonly sinceLast: number;
  /** Says where it is, for messages. */
  place(): string;
}

const TAKES = ['count', 'counts', 'sum', 'mean', 'min', 'max', 'last', 'isFirst', 'sinceLast'];
const OF_NO_COLUMN = ['count', 'isFirst', 'sinceLast'];

/** @throws ConfigError for what is no feature */
export function featureReader<Event>(name: string, feature: EventFeature<Event>): FeatureReader<Event> {
  const where = `feature '${name}'`;
  checkOptions(where, feature, ['take', 'column', 'categories', 'where', 'map']);
  const { take, column, categories, map } = feature;
  if (!TAKES.includes(take)) throw unknownName(`${where}: take`, String(take), TAKES);
  if (OF_NO_COLUMN.includes(take) !== (column === undefined)) {
    throw new ConfigError(
      column === undefined
        ? `${where}: take '${take}' needs the column that it is of`
        : `${where}: take '${take}' is of no column: leave out '${column}'`,
    );
  }
  if ((take === 'counts') !== (categories !== undefined)) {
    throw new ConfigError(`${where}: categories go with take 'counts', and it needs them`);
  }
  const apply = mapOf(where, map);
  const only = feature.where ?? (() => true);
  if (take === 'counts')
    return countsReader(name, column as keyof Event & string, categories ?? [], only, apply);
  return { names: [name], ...channelsOf(take, numberReader(where, column), only, apply) };
}

/** @throws ConfigError for what is no map */
export function mapOf(
  where: string,
  map: EventMap | undefined,
): (value: number, place: () => string) => number {
  if (map !== undefined && map !== 'log1p' && typeof map !== 'function') {
    throw new ConfigError(`${where}: map must be 'log1p' or a function but is ${describe(map)}`);
  }
  const apply = map === 'log1p' ? log1p : (map ?? ((value: number) => value));
  return (value, place) => {
    const mapped = apply(value);
    if (Number.isFinite(mapped)) return mapped;
    throw new DataError(`${where}: ${place()} it is ${value}, which its map makes ${mapped}`);
  };
}

/** Reads a column's number from an event. */
export function numberReader<Event>(
  where: string,
  column: (keyof Event & string) | undefined,
): (event: Event, place: () => string) => number {
  return (event, place) => {
    const value: unknown = column === undefined ? 0 : event[column];
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    if (typeof value === 'boolean') return value ? 1 : 0;
    throw new DataError(
      `${place()}: ${where} takes numbers, but '${column}' is ${describe(value)}; leave such events out by where`,
    );
  };
}

/** Reads a column's category as its place among those that are known. */
export function categoryReader<Event>(
  where: string,
  column: keyof Event & string,
  categories: readonly (string | number | boolean)[],
): (event: Event, place: () => string) => number {
  if (!Array.isArray(categories) || categories.length === 0 || new Set(categories).size < categories.length) {
    throw new ConfigError(`${where} needs categories, all different, but got ${describe(categories)}`);
  }
  const places = new Map<unknown, number>(categories.map((category, place) => [category, place]));
  return (event, place) => {
    const found = places.get(event[column]);
    if (found !== undefined) return found;
    throw new DataError(
      `${place()}: '${column}' is ${describe(event[column])}, which is none of the categories of ${where}: ${categories.join(', ')}`,
    );
  };
}

function countsReader<Event>(
  name: string,
  column: keyof Event & string,
  categories: readonly (string | number | boolean)[],
  only: (event: Event) => boolean,
  apply: (value: number, place: () => string) => number,
): FeatureReader<Event> {
  const read = categoryReader(`feature '${name}'`, column, categories);
  return {
    names: categories.map((category) => `${name}=${category}`),
    initial: categories.map(() => 0),
    add: (event, _, values, at, place) => {
      if (only(event)) (values[at + read(event, place)] as number) += 1;
    },
    write: (values, at, { place }, to, start) => {
      for (let k = 0; k < categories.length; k++) {
        to[start + k] = apply(at < 0 ? 0 : (values[at + k] as number), place);
      }
    },
  };
}

type Channels<Event> = Omit<FeatureReader<Event>, 'names'>;

/** The channels of a feature that is one number. */
function channelsOf<Event>(
  take: Exclude<EventFeature<Event>['take'], 'counts'>,
  read: (event: Event, place: () => string) => number,
  only: (event: Event) => boolean,
  apply: (value: number, place: () => string) => number,
): Channels<Event> {
  /** A feature whose first channel is folded from the events, and 0 where there is none. */
  const folded = (initial: number, fold: (before: number, value: number) => number): Channels<Event> => ({
    initial: [initial],
    add: (event, _, values, at, place) => {
      if (only(event)) values[at] = fold(values[at] as number, read(event, place));
    },
    write: (values, at, { place }, to, start) => {
      const value = at < 0 ? initial : (values[at] as number);
      to[start] = apply(Number.isFinite(value) ? value : 0, place);
    },
  });
  /** A feature of the step itself. */
  const given = (value: (step: StepContext) => number): Channels<Event> => ({
    initial: [],
    add: () => {},
    write: (_, __, step, to, start) => {
      to[start] = apply(value(step), step.place);
    },
  });
  switch (take) {
    case 'count':
      return folded(0, (before) => before + 1);
    case 'sum':
      return folded(0, (before, value) => before + value);
    case 'min':
      return folded(Number.POSITIVE_INFINITY, Math.min);
    case 'max':
      return folded(Number.NEGATIVE_INFINITY, Math.max);
    case 'mean':
      return {
        initial: [0, 0],
        add: (event, _, values, at, place) => {
          if (!only(event)) return;
          (values[at] as number) += read(event, place);
          (values[at + 1] as number) += 1;
        },
        write: (values, at, { place }, to, start) => {
          const count = at < 0 ? 0 : (values[at + 1] as number);
          to[start] = apply(count === 0 ? 0 : (values[at] as number) / count, place);
        },
      };
    case 'last':
      return {
        // The value, and when it was: of events of one time the last in the log counts.
        initial: [0, Number.NEGATIVE_INFINITY],
        add: (event, time, values, at, place) => {
          if (!only(event) || time < (values[at + 1] as number)) return;
          values[at] = read(event, place);
          values[at + 1] = time;
        },
        write: (values, at, { place }, to, start) => {
          to[start] = apply(at < 0 ? 0 : (values[at] as number), place);
        },
      };
    case 'isFirst':
      return given(({ index }) => (index === 0 ? 1 : 0));
    case 'sinceLast':
      return given(({ sinceLast }) => sinceLast);
  }
}
