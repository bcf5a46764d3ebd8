import { describe, expect, it } from 'vitest';
import { predictBaselines } from '../../../src/cli/purchase/baselines.js';
import { readPurchaseLog } from '../../../src/cli/purchase/purchase-log.js';
import {
  calibrationLines,
  customerLines,
  logLines,
  scoreLines,
  scoresCsv,
  windowLines,
} from '../../../src/cli/purchase/report.js';
import { score } from '../../../src/cli/purchase/scores.js';
import { sequencesBefore } from '../../../src/cli/purchase/sequences.js';
import { simulatePurchases } from '../../../src/cli/purchase/simulate.js';
import { customersKnownAt, splitLog } from '../../../src/cli/purchase/split.js';
import { readDelimited } from '../../../src/data/csv.js';

const log = simulatePurchases(42);
const split = splitLog(log, { horizon: 13, seed: 42 });
const baselines = predictBaselines(log, split);
const models = baselines.map(({ name, probabilities }) => ({
  name,
  scores: score(split.test.labels, probabilities),
}));
const best = baselines[3] as (typeof baselines)[number];

describe('all lines', () => {
  it('are at most 100 columns wide', () => {
    const wide = simulatePurchases(1, { customers: 200, weeks: 120 });
    const named = { ...wide, name: 'n'.repeat(150), customers: wide.customers.map((id) => id.repeat(9)) };
    const wideSplit = splitLog(named, { horizon: 13, seed: 1 });
    const wideProbabilities = new Float64Array(wideSplit.test.rows).fill(1);
    const lines = [
      ...[...logLines(log), ...windowLines(log, split), ...scoreLines(models)],
      ...calibrationLines(best.name, models[3]?.scores.calibration ?? []),
      ...customerLines(log, split, best.probabilities),
      ...[
        ...logLines(named),
        ...windowLines(named, wideSplit),
        ...customerLines(named, wideSplit, wideProbabilities),
      ],
    ];
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
  });
});

describe('logLines', () => {
  it('say what was read', () => {
    expect(logLines(log)).toEqual([
      'the simulated log: 9,303 purchases of 4,000 customers, 2024-01-01 to 2024-12-29',
      '  in 9,376 rows (customer, date, amount); those of one customer and day are one purchase',
    ]);
  });

  it('say what was left out', () => {
    const some = readPurchaseLog('customer,date,amount\na,2024-01-01,1\na,2024-01-02,-1', 'log.csv');
    expect(logLines(some)[2]).toBe('  1 rows with a negative amount are returns and left out');
  });
});

describe('windowLines', () => {
  it('show who and what falls in each window', () => {
    expect(windowLines(log, split)).toMatchInlineSnapshot(`
      [
        "               known until  customers  purchases    asked from  to          purchases    buy",
        "training        2024-06-30      2,880      4,875    2024-07-01  2024-09-29        912   17.0 %",
        "validation      2024-06-30        320        554    2024-07-01  2024-09-29        126   20.6 %",
        "test            2024-09-29        800      1,713    2024-09-30  2024-12-29        251   15.8 %",
        "Training sees no purchase after 2024-09-29 and no test customer at all.",
      ]
    `);
  });

  it('count every purchase of a customer once', () => {
    const numbers = windowLines(log, split)
      .slice(1, 4)
      .map((line) => line.split(/ {2,}/));
    const bought = numbers.map((cells) => Number((cells[3] as string).replace(',', '')));
    const known = customersKnownAt(log, split.windows.trainOrigin).length;
    expect(known).toBe(split.train.rows + split.validation.rows + split.test.rows);
    const before = log.days.filter((day) => day < split.windows.trainOrigin).length;
    const test = split.test.customers.reduce((sum, customer) => {
      const days = log.days.subarray(log.offsets[customer], log.offsets[customer + 1]);
      return sum + days.filter((day) => day >= split.windows.trainOrigin && day < split.windows.cut).length;
    }, 0);
    expect(bought.reduce((sum, count) => sum + count, 0)).toBe(before + test);
  });
});

describe('scoreLines', () => {
  it('put the models side by side', () => {
    const lines = scoreLines(models);
    expect(lines).toHaveLength(5);
    expect(lines[1]).toMatch(/^base rate +0\.5000 +0\.\d{4} +1\.00$/);
  });

  it('say where there is no figure', () => {
    const [, line] = scoreLines([{ name: 'x', scores: score([0, 0], [0.1, 0.2]) }]);
    expect(line).toMatch(/^x +n\/a +0\.1643 +n\/a$/);
  });
});

describe('calibrationLines', () => {
  it('have a line for each bin', () => {
    const lines = calibrationLines('LSTM', [{ count: 1200, meanPredicted: 0.034, share: 0.05 }]);
    expect(lines[2]).toBe('    1      1,200      3.4 %    5.0 %');
  });
});

describe('customerLines', () => {
  const text = [
    'customer,date,amount',
    ...Array.from({ length: 80 }, (_, i) => `other ${i},2024-01-0${1 + (i % 9)},5`),
    ...Array.from(
      { length: 80 },
      (_, i) => `other ${i},2024-0${i % 2 === 0 ? 2 : 4}-${i % 2 === 0 ? 20 : 10},5`,
    ),
    ...['anna,2024-01-09,2.5', 'anna,2024-01-10,2.5', 'anna,2024-01-29,1', 'anna,2024-03-02,1'],
    ...Array.from({ length: 12 }, (_, i) => `"bob, jr ""x""",2024-02-${10 + i},1`),
  ].join('\n');
  const small = readPurchaseLog(text, 'log.csv');
  const testCustomers = ['anna', 'bob, jr "x"', ...Array.from({ length: 8 }, (_, i) => `other ${i}`)];
  const smallSplit = splitLog(small, { horizon: 4, seed: 1, testCustomers });
  const chances = Float64Array.of(0.9, 0.8, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.1, 0.2);
  const lines = customerLines(small, smallSplit, chances);

  it('show the most and the least likely with their histories', () => {
    expect(lines).toMatchInlineSnapshot(`
      [
        "The 5 test customers most likely to buy from 2024-03-14 to 2024-04-10",
        "customer       chance  bought  history                                   buys  last            spent",
        "anna           90.0 %      no   2··1····1·                                  4  2024-03-02       7.00",
        "bob, jr "x"    80.0 %      no        57···                                 12  2024-02-21      12.00",
        "other 0        50.0 %      no  1······1···                                  2  2024-02-20      10.00",
        "other 1        50.0 %     yes  1··········                                  1  2024-01-02       5.00",
        "other 2        50.0 %      no  1······1···                                  2  2024-02-20      10.00",
        "",
        "The 5 least likely",
        "customer       chance  bought  history                                   buys  last            spent",
        "other 3        50.0 %     yes   1·········                                  1  2024-01-04       5.00",
        "other 4        50.0 %      no   1·····1···                                  2  2024-02-20      10.00",
        "other 5        50.0 %     yes   1·········                                  1  2024-01-06       5.00",
        "other 7        20.0 %     yes   1·········                                  1  2024-01-08       5.00",
        "other 6        10.0 %      no   1·····1···                                  2  2024-02-20      10.00",
        "History: purchases in each week up to 2024-03-13, with + for more than 9.",
      ]
    `);
  });

  it('put several weeks of a long log into one character', () => {
    const long = simulatePurchases(1, { customers: 200, weeks: 120 });
    const longSplit = splitLog(long, { horizon: 13, seed: 1 });
    const all = customerLines(long, longSplit, new Float64Array(longSplit.test.rows));
    expect(all.at(-1)).toMatch(/^History: purchases in each 3 weeks up to /);
  });

  it('go with a scores.csv that can be read again', () => {
    const rows = [...readDelimited(scoresCsv(small, smallSplit, smallSplit.test, chances))].map(
      (row) => row.fields,
    );
    expect(rows).toHaveLength(11);
    expect(rows[0]).toEqual([
      'customer',
      'group',
      'probability',
      'bought',
      'recency_weeks',
      'frequency',
      'monetary',
    ]);
    expect(rows[1]?.slice(0, 4)).toEqual(['anna', 'test', '0.900000', '0']);
    expect(rows[2]?.[0]).toBe('bob, jr "x"');
    expect(rows[2]?.slice(5)).toEqual(['12', '12']);
  });
});

describe('scoresCsv', () => {
  it('says how each customer was used', () => {
    const { windows, unit } = split;
    const everyone = sequencesBefore(log, windows, customersKnownAt(log, windows.cut), windows.cut, unit);
    const csv = scoresCsv(log, split, everyone, new Float64Array(everyone.rows).fill(0.5));
    const groups = [...readDelimited(csv)].slice(1).map((row) => row.fields[1]);
    const count = (group: string) => groups.filter((each) => each === group).length;
    expect([count('training'), count('validation'), count('test')]).toEqual([2880, 320, 800]);
  });
});
