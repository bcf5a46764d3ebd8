/** train, predict and evaluate on event logs, as processes. */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { purchaseLog, readCsv } from '../../src/index.js';
import { ROOT, temporaryFolder } from '../project/support.js';

const LONGHAND = join(ROOT, 'dist/bundle/cli/longhand.js');
const folder = temporaryFolder();

function run(words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [LONGHAND, ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

const COLUMNS = ['--entity', 'customer', '--time', 'date', '--amount', 'total'];

beforeAll(() => {
  expect(existsSync(LONGHAND), 'there is no dist: run `npm run build` first').toBe(true);
  const rows = purchaseLog(500, { seed: 1 }).map(
    ({ customer, date, amount }) => `${customer},${new Date(date).toISOString().slice(0, 10)},${amount}`,
  );
  writeFileSync(join(folder, 'orders.csv'), `customer,date,total\n${rows.join('\n')}\n`);
});

describe('an event log', () => {
  const words = [
    'train',
    'orders.csv',
    ...COLUMNS,
    '--horizon',
    '8',
    '--epochs',
    '6',
    '--units',
    '8',
    '--out',
    'orders.model',
  ];

  it('is learned, and measured on whom and what was not seen', () => {
    const { code, stdout, stderr } = run([...words, '--json']);
    expect(code).toBe(0);
    expect(stderr).toContain('of 500, by customer; 100 of them are kept to measure with');
    const { scores } = JSON.parse(stdout) as {
      scores: { metric: string; value: number; baseline: number }[];
    };
    expect(scores.map(({ metric }) => metric)).toEqual(['area under the curve', 'log-loss']);
    expect(scores[0]?.value).toBeGreaterThan(0.7);
    expect(scores[1]?.value).toBeLessThan(scores[1]?.baseline as number);
  });

  it('is asked for everybody, the likeliest first', () => {
    const said = readCsv(run(['predict', 'orders.model', 'orders.csv']).stdout);
    expect(said.length).toBe(500);
    const chances = Array.from(said.numbers('probability'));
    expect(chances).toEqual([...chances].sort((a, b) => b - a));
    expect(run(['evaluate', 'orders.model', 'orders.csv']).stdout).toContain('area under the curve 0.');
  });

  it('that cannot be used is said so', () => {
    const refusal = (...given: string[]) => {
      const { code, stdout, stderr } = run(given);
      expect([code, stdout]).toEqual([2, '']);
      return stderr;
    };
    expect(refusal('train', 'orders.csv', '--entity', 'customer')).toContain('needs --time COLUMN');
    expect(refusal('train', '-', ...COLUMNS)).toContain('give the path of a file');
    expect(refusal('train', 'orders.csv', '--entity', 'client', '--time', 'date')).toContain('client');
    expect(refusal('train', 'orders.csv', ...COLUMNS, '--horizon', '500')).toMatch(/customer|known|cut/);
    expect(refusal('predict', 'orders.model')).toContain('needs a log');
    writeFileSync(join(folder, 'odd.csv'), 'customer,date,total\na,2024-01-01,1\nb,yesterday,2\n');
    expect(refusal('train', 'odd.csv', ...COLUMNS)).toContain('odd.csv, line 3, column 3');
  });
});
