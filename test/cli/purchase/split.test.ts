import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addPurchase,
  groupPurchases,
  newPurchases,
  type PurchaseLog,
  readPurchaseLog,
} from '../../../src/cli/purchase/purchase-log.js';
import {
  amountUnit,
  FEATURES,
  labeledSequences,
  type Sequences,
  sequencesBefore,
} from '../../../src/cli/purchase/sequences.js';
import { simulatePurchases } from '../../../src/cli/purchase/simulate.js';
import { customersKnownAt, type Split, splitLog } from '../../../src/cli/purchase/split.js';
import { planWindows } from '../../../src/cli/purchase/windows.js';
import { DataError } from '../../../src/core/errors.js';

type Row = [id: string, day: number, amount: number];

function rowsOf(log: PurchaseLog): Row[] {
  return log.customers.flatMap((id, customer) => {
    const [start, end] = [log.offsets[customer] as number, log.offsets[customer + 1] as number];
    const [days, amounts] = [log.days.slice(start, end), log.amounts.slice(start, end)];
    return Array.from(days, (day, i): Row => [id, day, amounts[i] as number]);
  });
}

/** A log of these rows, over at least `length` days from day 0. */
function logOf(rows: readonly Row[], length: number): PurchaseLog {
  const raw = newPurchases();
  for (const [id, day, amount] of rows) addPurchase(raw, id, 20_000 + day, amount);
  const columns = { customer: 'customer', date: 'date', amount: 'amount' };
  const log = groupPurchases(raw, { name: 'log.csv', columns, returns: 0 });
  const missing = log.firstDate - 20_000;
  return { ...log, days: log.days.map((day) => day + missing), firstDate: 20_000, length };
}

describe('sequences', () => {
  // 5 weeks of 7 days: the cut at day 21 with a horizon of one week; training sees weeks 0 and 1.
  const text = [
    'customer,date,amount',
    ...[
      'a,2024-01-01,3',
      'a,2024-01-07,4',
      'a,2024-01-20,0',
      'b,2024-01-08,7',
      'b,2024-01-15,1',
      'b,2024-02-04,2',
    ],
  ];
  const log = readPurchaseLog(text.join('\n'), 'log.csv');
  const windows = planWindows(log, 1, 21);
  const both = Int32Array.of(0, 1);
  const round = (values: ArrayLike<number>) => Array.from(values, (value) => Number(value.toFixed(6)));
  const feature = (purchases: number, amount: number, first: number) =>
    round([Math.log1p(purchases), Math.log1p(amount) / 3, first]);

  it('are sums of weeks, as calculated by hand', () => {
    const { rows, weeks, x, mask, labels } = sequencesBefore(log, windows, both, windows.cut, 1);
    expect([rows, weeks]).toEqual([2, 3]);
    expect([...mask]).toEqual([1, 1, 1, 0, 1, 1]);
    expect(round(x)).toEqual([
      ...[feature(2, 7, 1), feature(0, 0, 0), feature(1, 0, 0)].flat(),
      ...[[0, 0, 0], feature(1, 7, 1), feature(1, 1, 0)].flat(),
    ]);
    expect([...labels]).toEqual([0, 0]);
  });

  it('have a target at the end of every week that is known', () => {
    const { weeks, mask, targets, weights, labels } = labeledSequences(log, windows, both, 1);
    expect([windows.firstLabelWeek, weeks]).toEqual([0, 2]);
    expect([...mask]).toEqual([1, 1, 0, 1]);
    expect([...weights]).toEqual([1, 1, 0, 1]);
    expect([...targets]).toEqual([0, 1, 0, 1]);
    expect([...labels]).toEqual([1, 1]);
  });

  it('count weeks back from a cut within a week', () => {
    const { mask, x } = sequencesBefore(log, planWindows(log, 1, 20), both, 20, 1);
    expect([...mask]).toEqual([1, 1, 1, 0, 1, 1]);
    const purchases = Array.from({ length: 6 }, (_, i) => Math.round(Math.expm1(x[FEATURES * i] as number)));
    expect(purchases).toEqual([1, 1, 1, 0, 1, 1]);
  });

  it('divide amounts by the unit', () => {
    const { x } = sequencesBefore(log, windows, Int32Array.of(1), windows.cut, 1 / 1000);
    expect(x[4]).toBeCloseTo(Math.log1p(7000) / 3, 6);
  });
});

describe('amountUnit', () => {
  it.each([
    [26.7, 1],
    [1, 1],
    [999, 1],
    [1000, 1000],
    [2_500_000, 1_000_000],
    [0.5, 1 / 1000],
    [0, 1],
  ])('of purchases of %d is %d', (amount, unit) => {
    const log = logOf(
      [
        ['a', 0, amount],
        ['a', 1, amount],
        ['a', 2, amount],
        ['a', 9, 1e9],
      ],
      10,
    );
    expect(amountUnit(log, Int32Array.of(0), 9)).toBe(unit);
  });
});

describe('splitLog', () => {
  const log = simulatePurchases(1, { customers: 500, weeks: 40 });
  const split = splitLog(log, { horizon: 8, seed: 1 });

  it('divides the customers: a fifth to test, a tenth of the others to validate', () => {
    const { train, validation, test } = split;
    const known = customersKnownAt(log, split.windows.trainOrigin).length;
    expect(test.rows).toBe(100);
    expect(known).toBe(500);
    expect(validation.rows).toBe(40);
    expect(train.rows).toBe(360);
    const all = [...train.customers, ...validation.customers, ...test.customers];
    expect(new Set(all).size).toBe(500);
    for (const part of [train, validation, test]) {
      expect([...part.customers]).toEqual([...part.customers].sort((a, b) => a - b));
      expect(part.x.length).toBe(part.rows * part.weeks * FEATURES);
      expect(part.mask.length).toBe(part.rows * part.weeks);
    }
    expect([train.weeks, test.weeks]).toEqual([24, 32]);
  });

  it('is decided by its seed', () => {
    expect(splitLog(log, { horizon: 8, seed: 1 })).toEqual(split);
    expect(splitLog(log, { horizon: 8, seed: 2 }).test.customers).not.toEqual(split.test.customers);
  });

  it('tests on the customers that are named, and on none else', () => {
    const named = splitLog(log, { horizon: 8, seed: 1, testCustomers: log.customers.slice(0, 50) });
    expect([...named.test.customers]).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(Math.min(...named.train.customers, ...named.validation.customers)).toBe(50);
    expect(() => splitLog(log, { horizon: 8, seed: 1, testCustomers: ['nobody'] })).toThrow(
      "the test customer 'nobody' is not in the simulated log",
    );
  });

  it('leaves out customers who come after their window', () => {
    const rows = rowsOf(log);
    const { trainOrigin, cut } = split.windows;
    const later = logOf([...rows, ['late 1', trainOrigin, 5], ['late 2', cut, 5]], log.length);
    const { train, validation, test } = splitLog(later, {
      horizon: 8,
      seed: 1,
      testCustomers: log.customers.slice(0, 50),
    });
    expect(train.rows + validation.rows).toBe(450);
    expect(test.rows).toBe(50);
  });

  it('weighs a label at every week from the first label week and the first purchase on', () => {
    const { weeks, rows, mask, weights, targets, labels } = split.train;
    const { firstLabelWeek } = split.windows;
    expect(firstLabelWeek).toBe(8);
    for (let row = 0; row < rows; row++) {
      for (let week = 0; week < weeks; week++) {
        const at = row * weeks + week;
        expect(weights[at]).toBe(week >= firstLabelWeek ? mask[at] : 0);
      }
      expect(targets[row * weeks + weeks - 1]).toBe(labels[row]);
    }
  });

  it('needs customers enough', () => {
    const few = simulatePurchases(1, { customers: 60, weeks: 40 });
    expect(() => splitLog(few, { horizon: 8, seed: 1 })).toThrow(DataError);
    expect(() => splitLog(few, { horizon: 8, seed: 1 })).toThrow(
      'the simulated log has 48 customers to learn from who bought before 2024-06-17, but a fit needs at least 50',
    );
    expect(() => splitLog(log, { horizon: 8, seed: 1, testCustomers: log.customers.slice(0, 9) })).toThrow(
      'has 9 customers to test on who bought before the cut of 2024-08-12, but a test needs at least 10',
    );
  });

  it('needs customers of both kinds', () => {
    const ids = Array.from({ length: 100 }, (_, i) => `c${i}`);
    const once = logOf(
      ids.map((id): Row => [id, 3, 1]),
      70,
    );
    expect(() => splitLog(once, { horizon: 3, seed: 1 })).toThrow(
      'none of the 80 customers to learn from buy',
    );
    const weekly = logOf(
      ids.flatMap((id) => Array.from({ length: 10 }, (_, week): Row => [id, 7 * week, 1])),
      70,
    );
    expect(() => splitLog(weekly, { horizon: 3, seed: 1 })).toThrow(
      'all of the 80 customers to learn from buy',
    );
  });
});

describe('what is seen in training', () => {
  const weeks = 30;
  const horizon = 6;
  const cut = 165;
  const seen = ({ customers, x, mask }: Sequences, log: PurchaseLog) => ({
    ids: Array.from(customers, (customer) => log.customers[customer]),
    x,
    mask,
  });
  const allSeen = ({ train, validation, test, windows, unit }: Split, log: PurchaseLog) => ({
    windows,
    unit,
    train: [seen(train, log), train.targets, train.weights, train.labels],
    validation: [seen(validation, log), validation.targets, validation.weights, validation.labels],
    test: seen(test, log),
  });
  const newDay = fc.integer({ min: cut, max: 7 * weeks - 1 });
  const newRow = fc.tuple(
    fc.integer({ min: 1, max: 200 }),
    newDay,
    fc.double({ min: 0, max: 1e6, noNaN: true }),
  );

  it('does not change with any purchase from the cut on', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.nat(2 ** 31),
        fc.array(newRow, { maxLength: 200 }),
        (seed, drawn, added) => {
          const log = simulatePurchases(drawn, { customers: 150, weeks });
          const options = { horizon, cut, seed };
          const before = rowsOf(log).filter(([, day]) => day < cut);
          const after = added.map(
            ([id, day, amount]): Row => [`C${String(id).padStart(5, '0')}`, day, amount],
          );
          const changed = logOf([...before, ...after], log.length);
          const kept = { ...changed, firstDate: log.firstDate };
          expect(allSeen(splitLog(kept, options), kept)).toEqual(allSeen(splitLog(log, options), log));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('does not change with any purchase of a test customer', () => {
    const log = simulatePurchases(5, { customers: 150, weeks });
    const testCustomers = log.customers.slice(0, 40);
    const others = rowsOf(log).filter(([id]) => !testCustomers.includes(id));
    const options = { horizon, cut, seed: 1, testCustomers };
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(7 * weeks - 1), fc.nat(1e9)), { minLength: 40, maxLength: 200 }),
        (added) => {
          const rows = added.map(
            ([day, amount], i): Row => [testCustomers[i % 40] as string, i < 40 ? 0 : day, amount],
          );
          const changed = { ...logOf([...others, ...rows], log.length), firstDate: log.firstDate };
          const { train, validation, unit } = allSeen(splitLog(changed, options), changed);
          const original = allSeen(splitLog(log, options), log);
          expect([train, validation, unit]).toEqual([original.train, original.validation, original.unit]);
        },
      ),
      { numRuns: 40 },
    );
  });
});
