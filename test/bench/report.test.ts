/** The table and the page of evaluations: means and spreads, bars held and missed, what was not measured. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Evaluation } from '../../bench/evaluations/evaluation.js';
import { addLine, measuredOf, type RunRecord, readLines } from '../../bench/evaluations/records.js';
import { resultsPage, terminalTable } from '../../bench/evaluations/report.js';
import { temporaryFolder } from '../project/support.js';

const tea: Evaluation = {
  name: 'tea',
  about: 'How long tea is to brew',
  recipe: 'LSTM 1, one epoch',
  data: { folder: 'kitchen', files: ['tea.csv'], source: 'the kitchen' },
  seeds: 2,
  bars: [
    { metric: 'minutes', bar: 3, better: 'higher' },
    { metric: 'minutes', bar: 5, better: 'lower', of: 'worst' },
  ],
  comparisons: [
    { model: 'a guess', figures: { minutes: 2 }, kind: 'published', source: 'the cook' },
    { model: 'an egg timer', figures: { minutes: 4 }, kind: 'published', source: 'the egg' },
  ],
  run: async () => ({ minutes: 4 }),
};
const coffee: Evaluation = { ...tea, name: 'coffee' };

function runOf(seed: number, minutes: number): RunRecord {
  return {
    evaluation: 'tea',
    recipe: tea.recipe,
    seed,
    figures: { minutes, cups: 2 },
    seconds: 9,
    processorSeconds: 3.4,
    backend: 'simd',
    node: '20.0.0',
    processor: 'Kettle 3000',
    cores: 2,
    date: `2026-01-0${seed}`,
  };
}

const resultsOf = (evaluation: Evaluation, runs: readonly RunRecord[]) =>
  new Map([
    [evaluation, { runs, baselines: [] }],
    [coffee, { runs: [], baselines: [] }],
  ]);

describe('the page', () => {
  const page = resultsPage(resultsOf(tea, [runOf(1, 4), runOf(2, 4.5)]));

  test('has a row a figure: mean and spread, others, bars, the verdict and the seconds', () => {
    expect(page).toContain(
      '| [tea](#tea) | minutes | 4.250 (4.000 to 4.500) | 2 |  | 4 (an egg timer) | ≥ 3, ≤ 5 on every seed | held | 3 |',
    );
    expect(page).toContain('| [tea](#tea) | cups | 2.000 on every seed | 2 |  |  |  |  |  |');
  });

  test('says where and when it was measured, by what recipe, on what data', () => {
    expect(page).toContain(
      'Measured on: Kettle 3000, 2 cores, Node 20.0.0, backend `simd`, 2026-01-01 to 2026-01-02.',
    );
    expect(page).toContain('- Ours: LSTM 1, one epoch. 2 seeds.');
    expect(page).toContain('- A guess: minutes 2; the cook.\n- An egg timer: minutes 4; the egg.');
    expect(page).toContain('- Data: kitchen/tea.csv (the kitchen).');
    expect(page).toContain('npm run evaluate -- --only tea\n');
  });

  test('says what was not measured and why', () => {
    expect(page).toContain('Not measured so far:\n\n- `coffee`, which needs kitchen/tea.csv (the kitchen)\n');
  });
});

describe('the verdict', () => {
  test('is missed where the worst seed misses a bar on every seed', () => {
    expect(resultsPage(resultsOf(tea, [runOf(1, 4), runOf(2, 5.5)]))).toContain('| **missed** |');
  });

  test('of a prize stands behind that of the bars', () => {
    const prizeOf = (bar: number) => ({ metric: 'minutes', bar, better: 'lower', prize: true }) as const;
    const tableOf = (bars: Evaluation['bars']) => terminalTable(resultsOf({ ...tea, bars }, [runOf(1, 4)]));
    expect(tableOf([prizeOf(1)])).toContain('prize ≤ 1  prize not reached so far');
    expect(tableOf([...tea.bars, prizeOf(4)])).toContain('prize ≤ 4  held, prize reached so far');
    expect(tableOf(tea.bars)).not.toContain('coffee');
  });
});

describe('records', () => {
  const file = join(temporaryFolder(), 'results.jsonl');

  test('stand in order, a later one in place of an earlier one', () => {
    addLine(file, runOf(2, 1));
    addLine(file, runOf(10, 3));
    addLine(file, runOf(2, 2));
    addLine(file, runOf(1, 1));
    addLine(file, { evaluation: 'tea', model: 'guess', figures: {}, kind: 'baseline', source: 'here' });
    const { runs, baselines } = measuredOf(tea, readLines(file));
    expect(runs.map(({ seed, figures }) => [seed, figures.minutes])).toEqual([
      [1, 1],
      [2, 2],
      [10, 3],
    ]);
    expect(baselines.map(({ model }) => model)).toEqual(['guess']);
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(4);
  });

  test('of another recipe say nothing', () => {
    expect(measuredOf({ ...tea, recipe: 'LSTM 2' }, readLines(file)).runs).toEqual([]);
  });
});
