import { describe, expect, it } from 'vitest';
import { predictBaselines } from '../../../src/cli/purchase/baselines.js';
import { readPurchaseLog } from '../../../src/cli/purchase/purchase-log.js';
import {
  calibrationLines,
  customerLines,
  interruptedLines,
  logLines,
  resultLines,
  scoreLines,
  scoresCsv,
  trainingLines,
  windowLines,
} from '../../../src/cli/purchase/report.js';
import { score } from '../../../src/cli/purchase/scores.js';
import { simulatePurchases } from '../../../src/cli/purchase/simulate.js';
import {
  customersKnownAt,
  sequencesAtCut,
  sequencesAtEnd,
  splitLog,
} from '../../../src/cli/purchase/split.js';
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
      ...[
        ...logLines(log),
        ...windowLines(log, split),
        ...scoreLines(models, 800),
        ...trainingLines(4096, 1e8, 2 ** 53),
      ],
      ...[...resultLines(log, split, 'out', true), ...interruptedLines(12, 'out/model.safetensors')],
      ...calibrationLines(best.name, models[3]?.scores.calibration ?? []),
      ...customerLines(log, split, best.probabilities),
      ...[
        ...logLines(named),
        ...windowLines(named, wideSplit),
        ...customerLines(named, wideSplit, wideProbabilities),
      ],
    ];
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
  });
});

describe('logLines', () => {
  it('say what was read', () => {
    expect(logLines(log)).toEqual([
      '9,303 purchases of 4,000 customers from 2024-01-01 to 2024-12-29, in the simulated log',
      '  9,376 rows (customer, date, amount); what one customer buys on one day is one purchase',
    ]);
  });

  it('say what was left out', () => {
    const some = readPurchaseLog('customer,date,amount\na,2024-01-01,1\na,2024-01-02,-1', 'log.csv');
    expect(logLines(some)[2]).toBe('  left out as returns, the rows with a negative amount: 1');
  });
});

describe('windowLines', () => {
  it('show who and what falls in each window', () => {
    expect(windowLines(log, split)).toMatchInlineSnapshot(`
      [
        "Who buys in the next 13 weeks? Learned from some customers, tested on others and on later weeks:",
        "              what is known                       what is asked: who buys?",
        "              until       customers  purchases    from        to          purchases   buyers",
        "training      2024-06-30      2,880      4,875    2024-07-01  2024-09-29        912   17.0 %",
        "validation    2024-06-30        320        554    2024-07-01  2024-09-29        126   20.6 %",
        "test          2024-09-29        800      1,713    2024-09-30  2024-12-29        251   15.8 %",
        "Training sees no purchase after 2024-09-29 and no test customer at all; the validation",
        "customers are not learned from either, but show how training goes.",
      ]
    `);
  });

  it('count every purchase of a customer once', () => {
    const numbers = windowLines(log, split)
      .slice(3, 6)
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
  it('put the models side by side and mark the best', () => {
    const lines = scoreLines(models, split.test.rows);
    expect(lines.slice(0, 2)).toEqual([
      'Scores on the 800 test customers (* the best)',
      '                                AUC   log-loss   first-decile lift',
    ]);
    expect(lines[2]).toMatch(/^base rate +0\.5000 +0\.\d{4} +1\.00$/);
    expect(lines[5]).toMatch(/^logistic regression on RFM +0\.\d{4}\* +0\.\d{4}\* +\d\.\d\d\*$/);
    expect(lines.join('\n')).toContain('of the 80 ranked highest');
  });

  it('mark all that read the same', () => {
    const scores = { auc: 0.75, logLoss: 0.5, lift: 2, calibration: [] };
    const lines = scoreLines(
      [
        { name: 'a', scores },
        { name: 'b', scores: { ...scores, auc: 0.750001, logLoss: 0.6 } },
      ],
      20,
    );
    expect(lines.slice(2, 4)).toEqual([
      'a   0.7500*    0.5000*               2.00*',
      'b   0.7500*    0.6000                2.00*',
    ]);
  });

  it('say where there is no figure', () => {
    const [, , line] = scoreLines([{ name: 'x', scores: score([0, 0], [0.1, 0.2]) }], 2);
    expect(line).toMatch(/^x +n\/a +0\.1643\* +n\/a$/);
  });
});

describe('calibrationLines', () => {
  it('have a line for each bin', () => {
    const lines = calibrationLines('LSTM', [{ count: 1200, meanPredicted: 0.034, share: 0.05 }]);
    expect(lines[3]).toBe('    1      1,200      3.4 %    5.0 %');
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
        "The 5 test customers most likely to buy from 2024-03-14 to 2024-04-10, by the LSTM",
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
        "chance: of buying then; bought: whether they did; spent: in all purchases before.",
        "history: purchases in each week up to 2024-03-13, · for none and + for more than 9.",
      ]
    `);
  });

  it('put several weeks of a long log into one character', () => {
    const long = simulatePurchases(1, { customers: 200, weeks: 120 });
    const longSplit = splitLog(long, { horizon: 13, seed: 1 });
    const all = customerLines(long, longSplit, new Float64Array(longSplit.test.rows));
    expect(all.at(-1)).toMatch(/^history: purchases in each 3 weeks up to /);
  });

  it('go with a scores.csv that can be read again', () => {
    const next = Float64Array.from(small.customers, (_, customer) => (customer < 2 ? 0.2 : 0.1));
    next[1] = 0.3;
    const csv = scoresCsv(small, smallSplit, next, sequencesAtCut(small, smallSplit), new Float64Array(82));
    const rows = [...readDelimited(csv)].map((row) => row.fields);
    expect(rows).toHaveLength(1 + 82);
    const columns = 'customer,group,next_probability,probability,bought,recency_weeks,frequency,monetary';
    expect(rows[0]?.join()).toBe(columns);
    expect(rows[1]).toEqual(['bob, jr "x"', 'test', '0.300000', '0.000000', '0', '7.14', '12', '12']);
    expect(rows[2]).toEqual(['anna', 'test', '0.200000', '0.000000', '0', '5.71', '4', '7']);
  });
});

describe('scoresCsv', () => {
  // The weeks of their first purchases; the training window ends in week 25, and the cut is in week 38.
  const weeks = [0, 14, 0, 30, 0, 45];
  const rows = Array.from({ length: 240 }, (_, i) => {
    const day = (week: number) => new Date(Date.UTC(2024, 0, 1 + 7 * week)).toISOString().slice(0, 10);
    const first = `c${i},${day(weeks[i % 6] as number)},10`;
    return `${first}\nc${i},${day(i % 4 === 0 ? 30 : 51)},5`;
  });
  const some = readPurchaseLog(['customer,date,amount', ...rows].join('\n'), 'log.csv');
  const someSplit = splitLog(some, { horizon: 13, seed: 1 });
  const atCut = sequencesAtCut(some, someSplit);
  const next = new Float64Array(240).map((_, customer) => (customer + 1) / 241);
  const csv = scoresCsv(some, someSplit, next, atCut, new Float64Array(atCut.rows).fill(0.5));
  const fields = [...readDelimited(csv)].slice(1).map((row) => row.fields);

  it('has every customer, most likely next first', () => {
    expect(fields.map(([customer]) => customer)).toEqual([...some.customers].reverse());
  });

  it('says how each customer was used', () => {
    const count = (group: string) => fields.filter(([, each]) => each === group).length;
    const { train, validation, test } = someSplit;
    expect([count('training'), count('validation'), count('test')]).toEqual([
      train.rows,
      validation.rows,
      test.rows,
    ]);
    expect(count('new')).toBe(240 - atCut.rows);
    expect(count('later')).toBe(atCut.rows - train.rows - validation.rows - test.rows);
    expect(Math.min(count('new'), count('later'))).toBeGreaterThan(0);
  });

  it('has no figure at the cut for those who came after it', () => {
    for (const [, group, , probability, bought] of fields) {
      expect(probability).toBe(group === 'new' ? '' : '0.500000');
      expect(bought).toMatch(group === 'new' ? /^$/ : /^[01]$/);
    }
  });
});

describe('sequencesAtEnd', () => {
  it('tells all there is to know of every customer, wherever the cut is', () => {
    for (const cut of [undefined, 200, 203]) {
      const early = splitLog(log, { horizon: 13, seed: 42, cut });
      const { rows, weeks, x, mask, customers } = sequencesAtEnd(log, early);
      expect([rows, weeks, customers[rows - 1]]).toEqual([4000, 52, 3999]);
      const bought = x.reduce((sum, value, i) => (i % 3 === 0 ? sum + Math.expm1(value) : sum), 0);
      expect(bought).toBeCloseTo(log.days.length, 1);
      expect(mask.reduce((sum, real) => sum + real, 0)).toBe(x.length / 3 - countBefore(x, weeks));
    }
  });
});

/** The weeks before the first purchases. */
function countBefore(x: Float32Array, weeks: number): number {
  let before = 0;
  for (let row = 0; row < x.length / 3 / weeks; row++) {
    for (let week = 0; x[(row * weeks + week) * 3 + 2] === 0; week++) before++;
  }
  return before;
}
