import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../../src/core/errors.js';
import { log1p } from '../../src/core/math.js';
import { type EventLogOptions, eventGrouper, groupEvents } from '../../src/data/event-log.js';
import type { EventSequences } from '../../src/data/event-sequences.js';
import type { EventPeriod } from '../../src/data/event-steps.js';

const DAY = 86_400_000;
const WEEK = 7 * DAY;
const CUT = Date.UTC(2024, 5, 3);

interface Purchase {
  readonly id: string;
  readonly time: number;
  readonly amount: number;
  readonly kind: 'view' | 'cart' | 'buy';
}

const KINDS = ['view', 'cart', 'buy'] as const;
const options: EventLogOptions<Purchase> = {
  entity: 'id',
  time: 'time',
  period: 'week',
  cut: CUT,
  horizon: 2,
  features: {
    events: { take: 'count' },
    amount: { take: 'sum', column: 'amount', map: 'log1p' },
    first: { take: 'isFirst' },
  },
  label: { ask: 'occurs' },
};

const at = (weeks: number, id = 'a', amount = 1, kind: Purchase['kind'] = 'buy'): Purchase => ({
  id,
  time: CUT + weeks * WEEK,
  amount,
  kind,
});

function group(events: readonly Purchase[], more: Partial<EventLogOptions<Purchase>> = {}) {
  const grouper = eventGrouper({ ...options, ...more });
  for (const event of events) grouper.add(event);
  return grouper.finish();
}

/** Rows of steps of features, without the padding. */
function rowsOf({ x, lengths }: EventSequences): number[][][] {
  const [rows = 0, steps = 0, features = 0] = x.shape;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: lengths[row] as number }, (_, step) =>
      Array.from(x.data.subarray((row * steps + step) * features, (row * steps + step + 1) * features)),
    ),
  );
}

/** Labels of each row, null where one is not known. */
function labelsOf({ x, y, weights, lengths }: EventSequences): (number | null)[][] {
  const steps = x.shape[1] as number;
  return lengths.map((length, row) =>
    Array.from({ length }, (_, step) =>
      weights.data[row * steps + step] === 1 ? (y.data[row * steps + step] as number) : null,
    ),
  );
}

describe('groupEvents by weeks', () => {
  const events = [
    at(-4.5, 'b', 3),
    at(-3.9, 'a', 2),
    at(-3.8, 'a', 5),
    at(-1.5, 'a', 1),
    at(-0.5, 'c', 1),
    at(0, 'b', 9),
    at(3, 'a', 9),
  ];
  const log = group(events);

  it('makes a row of each entity, from its first week on, in the order of the ids', () => {
    const test = log.test();
    expect(log.entities).toEqual(['a', 'b', 'c']);
    expect(test.entities).toEqual(['a', 'b', 'c']);
    expect(test.lengths).toEqual([4, 5, 1]);
    const f = Math.fround;
    expect(rowsOf(test)).toEqual([
      [
        [2, f(log1p(7)), 1],
        [0, 0, 0],
        [1, f(log1p(1)), 0],
        [0, 0, 0],
      ],
      [
        [1, f(log1p(3)), 1],
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
      [[1, f(log1p(1)), 1]],
    ]);
  });

  it('asks to the end of the horizon, which begins with the cut itself', () => {
    const test = log.test();
    expect(labelsOf(test)).toEqual([[null, null, null, 0], [null, null, null, null, 1], [0]]);
    expect(Array.from(test.labels)).toEqual([0, 1, 0]);
  });

  it('learns from labels at every step that end before the cut, and from nobody who came later', () => {
    const train = log.train();
    expect(train.entities).toEqual(['a', 'b']);
    expect(rowsOf(train).map((steps) => steps.length)).toEqual([2, 3]);
    expect(labelsOf(train)).toEqual([
      [1, 1],
      [0, 0, 0],
    ]);
    expect(Array.from(train.labels)).toEqual([1, 0]);
  });

  it('does not know labels beyond the end of the log', () => {
    expect(Array.from(group(events, { end: CUT + 2 * WEEK - 1 }).test().labels)).toEqual([NaN, NaN, NaN]);
    expect(Array.from(group(events, { end: new Date(CUT + 2 * WEEK) }).test().labels)).toEqual([0, 1, 0]);
    expect(Array.from(group(events.slice(0, 6)).test().labels)).toEqual([NaN, NaN, NaN]);
  });

  it('takes those that are asked for, the steps that are wanted, and events from a time on', () => {
    expect(log.test({ entities: ['c', 'b'] }).entities).toEqual(['b', 'c']);
    expect(log.train({ entities: (id) => id === 'a' }).entities).toEqual(['a']);
    const short = group(events, { maxSteps: 2 }).test();
    expect(short.lengths).toEqual([2, 2, 1]);
    expect(rowsOf(short)[0]).toEqual([
      [1, Math.fround(log1p(1)), 0],
      [0, 0, 0],
    ]);
    const later = group(events, { from: CUT - 2 * WEEK });
    expect(later.events).toBe(4);
    expect(later.test().lengths).toEqual([2, 1]);
  });

  it('answers all the questions', () => {
    const ask = (label: EventLogOptions<Purchase>['label'], horizon?: number) =>
      group(events, { label, horizon: horizon as number });
    expect(Array.from(ask({ ask: 'absent' }, 2).test().labels)).toEqual([1, 0, 1]);
    expect(Array.from(ask({ ask: 'count' }, 4).test({ entities: ['a', 'b'] }).labels)).toEqual([NaN, NaN]);
    expect(labelsOf(ask({ ask: 'count' }, 2).train())).toEqual([
      [1, 1],
      [0, 0, 0],
    ]);
    expect(labelsOf(ask({ ask: 'sum', column: 'amount', map: 'log1p' }, 2).test())).toEqual([
      [null, null, null, 0],
      [null, null, null, null, Math.fround(log1p(9))],
      [0],
    ]);
    const kinds = [
      at(-3, 'a', 1, 'view'),
      at(-2, 'a', 1, 'cart'),
      at(-1.9, 'a', 1, 'buy'),
      at(1, 'a', 1, 'buy'),
    ];
    const next = { label: { ask: 'next', column: 'kind', categories: KINDS }, horizon: undefined } as const;
    const nextLog = group(kinds, next as never);
    expect(labelsOf(nextLog.train())).toEqual([[1, null, null]]);
    expect(labelsOf(nextLog.test())).toEqual([[null, null, 2]]);
    const where = (event: Purchase) => event.kind === 'buy';
    expect(labelsOf(group(kinds, { label: { ask: 'occurs', where }, horizon: 1 }).train())).toEqual([[1, 0]]);
  });

  it('takes features of all kinds', () => {
    const log = group([at(-3, 'a', 2, 'view'), at(-2.8, 'a', 6, 'buy'), at(-2.9, 'a', 4, 'view'), at(-0.5)], {
      features: {
        mean: { take: 'mean', column: 'amount' },
        min: { take: 'min', column: 'amount' },
        max: { take: 'max', column: 'amount', map: (value) => -value },
        last: { take: 'last', column: 'amount' },
        views: { take: 'count', where: ({ kind }) => kind === 'view' },
        kind: { take: 'counts', column: 'kind', categories: KINDS },
        since: { take: 'sinceLast' },
      },
    });
    expect(log.featureNames).toEqual([
      'mean',
      'min',
      'max',
      'last',
      'views',
      'kind=view',
      'kind=cart',
      'kind=buy',
      'since',
    ]);
    expect(rowsOf(log.test())).toEqual([
      [
        [4, 2, -6, 6, 2, 2, 0, 1, 0],
        [0, 0, -0, 0, 0, 0, 0, 0, 1],
        [1, 1, -1, 1, 0, 0, 0, 1, 0],
      ],
    ]);
  });

  it('counts days from midnight to midnight of a cut at midnight', () => {
    const days = group([at(-3 / 7), at(-2 / 7 - 1e-7), at(-1 / 7)], { period: 'day' });
    expect(rowsOf(days.test()).map((steps) => steps.map(([count]) => count))).toEqual([[2, 0, 1]]);
  });
});

describe('groupEvents by sessions and events', () => {
  const minutes = (count: number, kind: Purchase['kind'] = 'view', id = 'a'): Purchase => ({
    id,
    time: CUT + count * 60_000,
    amount: 1,
    kind,
  });
  const label = { ask: 'next', column: 'kind', categories: KINDS } as const;
  const features = { events: { take: 'count' }, since: { take: 'sinceLast' } } as const;

  it('ends a session after a gap, and at the cut', () => {
    const events = [minutes(-100), minutes(-75, 'cart'), minutes(-40), minutes(-10), minutes(10, 'buy')];
    const more = { period: { sessionMinutes: 30 }, features, label, horizon: undefined };
    const log = group(events, more as never);
    expect(rowsOf(log.test())).toEqual([
      [
        [2, 0],
        [2, Math.fround(35 / 1440)],
      ],
    ]);
    expect(labelsOf(log.train())).toEqual([[0, null]]);
    expect(labelsOf(log.test())).toEqual([[null, 2]]);
  });

  it('takes events one by one', () => {
    const events = [minutes(-3), minutes(-3, 'cart'), minutes(-1, 'buy'), minutes(0, 'cart')];
    const log = group(events, { period: 'event', features, label, horizon: undefined } as never);
    expect(rowsOf(log.test())).toEqual([
      [
        [1, 0],
        [1, 0],
        [1, Math.fround(2 / 1440)],
      ],
    ]);
    expect(labelsOf(log.train())).toEqual([[1, 2, null]]);
    expect(Array.from(log.test().labels)).toEqual([1]);
  });

  it('counts a horizon in days from the end of a session, and knows what it does not know', () => {
    const day = (count: number, id = 'a') => minutes(count * 1440, 'buy', id);
    const events = [day(-10), day(-7), day(-2), day(1), day(-1, 'b'), day(9, 'c')];
    const log = group(events, { period: { sessionMinutes: 30 }, features, horizon: 4 });
    expect(labelsOf(log.train({ entities: ['a'] }))).toEqual([[1, 0, null]]);
    expect(labelsOf(log.test())).toEqual([[null, null, 1], [0]]);
    const early = group(events, { period: { sessionMinutes: 30 }, features, horizon: 4, end: CUT + 2 * DAY });
    expect(Array.from(early.test().labels)).toEqual([1, NaN]);
  });

  it('wants each entity in order of time', () => {
    expect(() => group([minutes(5), minutes(4)], { period: 'event', features })).toThrow(
      "the log, event 2 is earlier than the one before it of the same 'id'",
    );
  });
});

const event = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  // Many on either side of the cut, where a session could go on over it.
  time: fc.oneof(
    fc.integer({ min: CUT - 8 * WEEK, max: CUT + 5 * WEEK }),
    fc.integer({ min: CUT - DAY, max: CUT + DAY }),
  ),
  amount: fc.integer({ min: 0, max: 9 }),
  kind: fc.constantFrom(...KINDS),
});
const period = fc.constantFrom<EventPeriod>('week', 'day', 'event', { sessionMinutes: 1440 });
const label = fc.constantFrom<EventLogOptions<Purchase>['label']>(
  { ask: 'occurs' },
  { ask: 'absent', where: ({ kind }) => kind === 'buy' },
  { ask: 'next', column: 'kind', categories: KINDS },
);
const every: EventLogOptions<Purchase>['features'] = {
  events: { take: 'count' },
  amount: { take: 'sum', column: 'amount' },
  mean: { take: 'mean', column: 'amount' },
  last: { take: 'last', column: 'amount' },
  kind: { take: 'counts', column: 'kind', categories: KINDS },
  first: { take: 'isFirst' },
  since: { take: 'sinceLast' },
};

describe('no leakage', () => {
  /** All that a model may see, or the message of the error that there is nothing. */
  function seen(make: () => EventSequences, withLabels: boolean): unknown {
    try {
      const { entities, x, y, weights } = make();
      return withLabels ? { entities, x, y, weights } : { entities, x };
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
      return (error as Error).message;
    }
  }

  it('of any event from the cut on into any feature, or into anything that is learned from', () => {
    const later = fc.array(event.map((each) => ({ ...each, time: CUT + Math.abs(each.time - CUT) })));
    const early = fc.array(event.map((each) => ({ ...each, time: CUT - 1 - Math.abs(each.time - CUT) })));
    fc.assert(
      fc.property(early, later, later, period, label, (before, after, instead, steps, ask) => {
        const more = {
          period: steps,
          features: every,
          label: ask,
          horizon: (ask.ask === 'next' ? undefined : 2) as number,
          end: CUT + 9 * WEEK,
        };
        const inOrder = (events: Purchase[]) => events.sort((a, b) => a.time - b.time);
        fc.pre(before.length > 0);
        const one = group(inOrder([...before, ...after]), more);
        const other = group(inOrder([...before, ...instead]), more);
        expect(seen(one.test, false)).toEqual(seen(other.test, false));
        expect(seen(one.train, true)).toEqual(seen(other.train, true));
      }),
      { numRuns: 300 },
    );
  });

  it('of what comes after a step into that step', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1 }), period, fc.nat(), (events, steps, choice) => {
        const inOrder = [...events].sort((a, b) => a.time - b.time);
        const past = inOrder.filter(({ time }) => time < CUT);
        fc.pre(past.length > 0);
        const more = { period: steps, features: every };
        const kept = past.slice(0, 1 + (choice % past.length));
        const whole = rowsOf(group(inOrder, more).test());
        const entities = group(inOrder, more).test().entities;
        const earlier = group(kept, more).test();
        // A step of a week, a day or a session may still be going on where the log was cut off: all steps before it stand.
        for (const [row, id] of earlier.entities.entries()) {
          const some = rowsOf(earlier)[row]?.filter((step) => (step[0] as number) > 0) ?? [];
          const all = whole[entities.indexOf(id)]?.filter((step) => (step[0] as number) > 0) ?? [];
          expect(all.slice(0, some.length - 1)).toEqual(some.slice(0, -1));
        }
      }),
    );
  });
});

describe('the sums', () => {
  it('are those of a plain count over all events, in any order, for weeks and days', () => {
    const horizon = 3;
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 1, maxLength: 40 }),
        fc.constantFrom('week', 'day'),
        (events, unit) => {
          fc.pre(events.some(({ time }) => time < CUT));
          const length = unit === 'week' ? WEEK : DAY;
          const periodOf = ({ time }: Purchase) => Math.floor((time - CUT) / length);
          const more = {
            period: unit as 'week' | 'day',
            horizon,
            features: { events: { take: 'count' }, amount: { take: 'sum', column: 'amount' } },
            label: { ask: 'sum', column: 'amount' },
            end: CUT + 99 * WEEK,
          } as const;
          const test = group(events, more).test();
          for (const [row, id] of test.entities.entries()) {
            const own = events.filter((each) => each.id === id);
            const first = Math.min(...own.map(periodOf));
            const expected = Array.from({ length: -first }, (_, step) => {
              const here = own.filter((each) => periodOf(each) === first + step);
              return [here.length, here.reduce((sum, { amount }) => sum + amount, 0)];
            });
            expect(rowsOf(test)[row]).toEqual(expected);
            const ahead = own.filter((each) => periodOf(each) >= 0 && periodOf(each) < horizon);
            expect(test.labels[row]).toBe(ahead.reduce((sum, { amount }) => sum + amount, 0));
          }
          expect(group([...events].reverse(), more).test()).toEqual(test);
          let train: EventSequences;
          try {
            train = group(events, more).train();
          } catch {
            expect(events.every((each) => periodOf(each) >= -horizon)).toBe(true);
            return;
          }
          for (const [row, id] of train.entities.entries()) {
            const own = events.filter((each) => each.id === id);
            const first = Math.min(...own.map(periodOf));
            const expected = Array.from({ length: -horizon - first }, (_, step) =>
              own
                .filter((each) => periodOf(each) > first + step && periodOf(each) <= first + step + horizon)
                .reduce((sum, { amount }) => sum + amount, 0),
            );
            expect(labelsOf(train)[row]).toEqual(expected);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are right with far more cells than the table begins with', () => {
    const events = Array.from({ length: 20_000 }, (_, k) => ({
      ...at(-1 - (k % 97)),
      id: `customer ${k % 211}`,
    }));
    const test = group(events).test();
    expect(test.entities.length).toBe(211);
    expect(test.x.data.reduce((sum, value, k) => (k % 3 === 0 ? sum + value : sum), 0)).toBe(20_000);
  });

  it('are the same from a stream', async () => {
    async function* stream() {
      yield at(-3);
      yield at(-1, 'b');
    }
    const log = await groupEvents(stream(), options);
    expect(log.test()).toEqual(group([at(-3), at(-1, 'b')]).test());
    expect(await groupEvents([at(-3)], options)).toMatchObject({ events: 1 });
    await expect(groupEvents(5 as never, options)).rejects.toThrow('reads an iterable of events');
  });
});

describe('mistakes', () => {
  it.each([
    [{ ...at(-1), id: '' }, "the log, event 1: 'id' says whom it is of, but is ''"],
    [{ ...at(-1), time: '2024-01-01' }, "'time' is its time, but is '2024-01-01': read the column as 'date'"],
    [{ ...at(-1), time: Number.NaN }, "'time' is its time, but is NaN"],
    [{ ...at(-1), time: 1e30 }, 'is too far from the cut'],
    [{ ...at(-1), amount: null }, "event 1: feature 'amount' takes numbers, but 'amount' is null"],
  ])('in an event such as %j are named', (wrong, message) => {
    expect(() => group([wrong as never])).toThrow(DataError);
    expect(() => group([wrong as never])).toThrow(message);
  });

  it.each([
    [{ period: 'month' }, "period 'month' is not known"],
    [{ period: { sessionMinutes: 0 } }, 'sessionMinutes must be a number above 0'],
    [{ cut: '2024-01-01' }, 'cut must be a Date'],
    [{ horizon: 0 }, 'horizon must be a number at least 1 but is 0'],
    [{ horizon: undefined }, "the label 'occurs' needs to know how far to look ahead"],
    [{ features: {} }, 'features must be an object with a feature at least'],
    [{ features: { a: { take: 'total' } } }, "take 'total' is not known"],
    [{ features: { a: { take: 'sum' } } }, "take 'sum' needs the column"],
    [{ features: { a: { take: 'count', column: 'amount' } } }, "take 'count' is of no column"],
    [{ features: { a: { take: 'counts', column: 'kind' } } }, "categories go with take 'counts'"],
    [{ label: { ask: 'buys' } }, "label: ask 'buys' is not known"],
    [{ label: { ask: 'sum' } }, "column goes with ask 'sum' and 'next'"],
    [
      { label: { ask: 'next', column: 'kind', categories: KINDS } },
      "'next' asks for the next event whenever",
    ],
    [{ period: 'event', label: { ask: 'count' } }, "ask 'count' goes with the periods 'week' and 'day'"],
    [{ entity: 'ids' }, "the log: the column 'ids' is not known: did you mean 'id'?"],
    [{ horizons: 5 }, "option 'horizons' is not known: did you mean 'horizon'?"],
  ])('in options such as %j are named', (wrong, message) => {
    expect(() => group([at(-1)], wrong as never)).toThrow(ConfigError);
    expect(() => group([at(-1)], wrong as never)).toThrow(message);
  });

  it('are named where there is nothing, too much, or what no map takes', () => {
    expect(() => group([])).toThrow('the log has no events');
    expect(() => group([at(1)]).test()).toThrow(
      'the log has no event before the cut of those who are asked for',
    );
    expect(() => group([at(-1)]).train()).toThrow('no event before the cut, less the horizon, of those');
    const many = Array.from({ length: 3000 }, (_, k) => at(-1, `id ${k}`));
    expect(() => group([at(-300_000), ...many]).test()).toThrow(
      "of 'a': more than fit in memory; leave out what",
    );
    expect(() => group([at(-2, 'a', -5)]).test()).toThrow(
      "feature 'amount': in the log, for 'a', in the period of 2024-05-20 it is -5, which its map makes NaN",
    );
    expect(() => group([at(-2), { ...at(-2), id: 5 as never }])).toThrow(
      'entities that are texts and numbers',
    );
  });
});
