/**
 * What is published is what was measured: docs/results.md is what results.jsonl gives, and every bar is held whose seeds
 * are all there.
 */
import { describe, expect, test } from 'vitest';
import { evaluations } from '../../bench/evaluations/all.js';
import { figureFor, isReached, SEEDS } from '../../bench/evaluations/evaluation.js';
import { measuredOf, readLines } from '../../bench/evaluations/records.js';
import { resultsPage } from '../../bench/evaluations/report.js';
import { ROOT, read } from '../project/support.js';

const lines = readLines(`${ROOT}bench/evaluations/results.jsonl`);
const results = new Map(evaluations.map((evaluation) => [evaluation, measuredOf(evaluation, lines)]));

test('docs/results.md is what was measured', () => {
  expect(read('docs/results.md')).toBe(resultsPage(results));
});

const measured = [...results]
  .filter(([, { runs }]) => runs.length > 0)
  .map(([{ name, bars, seeds = SEEDS }, { runs }]) => ({
    name,
    bars: runs.length < seeds ? [] : bars.filter(({ prize }) => !prize),
    runs,
  }));

describe.each(measured.filter(({ bars }) => bars.length > 0))('$name', ({ bars, runs }) => {
  test.each(bars)('holds its bar of $bar for $metric', (bar) => {
    const values = runs.map(({ figures }) => figures[bar.metric] ?? Number.NaN);
    expect(isReached(bar, figureFor(bar, values))).toBe(true);
  });
});

test('the README shows the figures of CDNOW', () => {
  const runs = measured.find(({ name }) => name === 'cdnow')?.runs ?? [];
  const mean = (metric: string) => {
    const sum = runs.reduce((total, { figures }) => total + (figures[metric] as number), 0);
    return (sum / runs.length).toFixed(4).replace(/^0/, '');
  };
  expect(read('README.md')).toContain(
    `| **LSTM of 32 units** | **${mean('auc')}** | **${mean('log-loss')}** |`,
  );
});

test('names of evaluations are unlike each other', () => {
  const names = evaluations.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
