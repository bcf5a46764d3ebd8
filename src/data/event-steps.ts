/** What the steps of a sequence are, and what is known of a log when all of it has been read. */
import { ConfigError } from '../core/errors.js';
import { checkInteger, checkNumber, checkOptions, describe, unknownName } from '../core/options.js';
import { MILLISECONDS_A_DAY } from './calendar.js';
import type { EventCells } from './event-cells.js';
import type { FeatureReader } from './event-features.js';
import type { EventLabel, LabelReader } from './event-labels.js';

/** What a step is: seven days or one, counted from the cut; a session, which ends where nothing happens for so long; an event. */
export type EventPeriod = 'week' | 'day' | 'event' | { readonly sessionMinutes: number };

/** Whom an event is of. */
export type EntityId = string | number;

/** What the steps are, in numbers. */
export interface Steps {
  readonly kind: 'calendar' | 'session' | 'event';
  /** The length of a week or a day; the gap that ends a session. */
  readonly milliseconds: number;
  readonly cut: number;
  /** How far labels look ahead, in periods of a calendar or else in milliseconds. */
  readonly horizon: number;
}

/** Everything that is known when the log has been read. */
export interface GroupedEvents<Event> {
  readonly name: string;
  readonly steps: Steps;
  readonly maxSteps: number;
  readonly entities: readonly EntityId[];
  /** The cells of an entity, by its place among `entities`, in the order of their steps. */
  cellsOf(entity: number): Int32Array;
  readonly cells: EventCells;
  readonly channels: number;
  /** Features with where their channels begin; of sessions and events, the first two channels are their begin and end. */
  readonly readers: readonly (readonly [FeatureReader<Event>, number])[];
  readonly label: LabelReader<Event>;
  readonly labelChannel: number;
  /** Up to where the log is complete. */
  readonly end: number;
}

/** @throws ConfigError for what are no steps, or a horizon that does not go with them */
export function stepsOf(
  { period, cut, horizon }: { period: EventPeriod; cut: Date | number; horizon?: number },
  ask: EventLabel<object>['ask'],
): Steps {
  const at = instant('cut', cut);
  if ((ask === 'next') !== (horizon === undefined)) {
    throw new ConfigError(
      ask === 'next'
        ? "horizon: the label 'next' asks for the next event whenever it is: leave it out"
        : `horizon: the label '${ask}' needs to know how far to look ahead`,
    );
  }
  if (period === 'week' || period === 'day') {
    const milliseconds = (period === 'week' ? 7 : 1) * MILLISECONDS_A_DAY;
    const periods = horizon === undefined ? 0 : checkInteger('horizon', horizon);
    return { kind: 'calendar', milliseconds, cut: at, horizon: periods };
  }
  if (ask === 'count' || ask === 'sum') {
    throw new ConfigError(`label: ask '${ask}' goes with the periods 'week' and 'day'`);
  }
  const ahead =
    horizon === undefined ? 0 : checkNumber('horizon', horizon, { above: 0 }) * MILLISECONDS_A_DAY;
  if (period === 'event') return { kind: 'event', milliseconds: 0, cut: at, horizon: ahead };
  if (typeof period !== 'object' || period === null) {
    throw unknownName('period', String(period), ['week', 'day', 'event', '{ sessionMinutes: 30 }']);
  }
  checkOptions('period', period, ['sessionMinutes']);
  const minutes = checkNumber('period: sessionMinutes', period.sessionMinutes, { above: 0 });
  return { kind: 'session', milliseconds: 60_000 * minutes, cut: at, horizon: ahead };
}

/** @throws ConfigError for what is no instant */
export function instant(what: string, given: Date | number): number {
  const time = given instanceof Date ? given.getTime() : given;
  if (typeof time === 'number' && (Number.isFinite(time) || time === Number.NEGATIVE_INFINITY)) return time;
  throw new ConfigError(`${what} must be a Date, or milliseconds since 1970, but is ${describe(given)}`);
}
