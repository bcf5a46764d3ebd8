/** train, predict, evaluate on series, and a model of characters, as processes. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseScaler, periodOf, readSeries } from '../../src/cli/series/series.js';
import { readCsv, table } from '../../src/index.js';
import { loadForecaster } from '../../src/node/index.js';
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

const day = (i: number) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
const sold = (i: number) => 100 + 0.5 * i + 20 * Math.sin((2 * Math.PI * i) / 7) + Math.sin(i * i);
const rows = (count: number) =>
  `day,sold\n${Array.from({ length: count }, (_, i) => `${day(i)},${sold(i)}`).join('\n')}\n`;

beforeAll(() => {
  expect(existsSync(LONGHAND), 'there is no dist: run `npm run build` first').toBe(true);
  writeFileSync(join(folder, 'sales.csv'), rows(150));
  writeFileSync(join(folder, 'later.csv'), rows(170));
});

describe('a series', () => {
  it('is learned, and measured beside the naive forecasts', () => {
    const words = [
      '--target',
      'sold',
      '--horizon',
      '7',
      '--epochs',
      '40',
      '--units',
      '8',
      '--out',
      'sales.model',
    ];
    const { code, stdout, stderr } = run(['train', 'sales.csv', ...words]);
    expect(code).toBe(0);
    expect(stderr).toContain('series: sold, 150 days, a season of 7; the last 30 are kept to measure with');
    expect(stderr).toContain('the change from 7 steps before');
    for (const name of ['model', 'persistence', 'seasonal, 7', 'mean', 'drift']) {
      expect(stdout).toMatch(new RegExp(`^${name} +[\\d.]+ +[\\d.]+`, 'm'));
    }
    expect(stdout).toContain('written in sales.model');
  });

  it('is foretold in its own unit, with an interval', async () => {
    const { code, stdout } = run(['predict', 'sales.model', '--steps', '3']);
    expect(code).toBe(0);
    const said = readCsv(stdout);
    expect(said.names).toEqual(['step', 'sold', 'low', 'high']);
    for (const [i, value] of said.numbers('sold').entries()) {
      expect(Math.abs(value - sold(150 + i))).toBeLessThan(8);
      expect(said.numbers('low')[i]).toBeLessThanOrEqual(value);
      expect(said.numbers('high')[i]).toBeGreaterThanOrEqual(value);
    }
    const forecaster = await loadForecaster(join(folder, 'sales.model'));
    expect(Array.from(forecaster.forecast(3).values)).toEqual(Array.from(said.numbers('sold')));
  });

  it('goes on from another history, and is evaluated on what came later', () => {
    const lines = run(['predict', 'sales.model', 'later.csv', '--json']).stdout.trim().split('\n');
    expect(lines.length).toBe(7);
    expect(Math.abs(JSON.parse(lines[0] as string).sold - sold(170))).toBeLessThan(8);
    const { stdout } = run(['evaluate', 'sales.model', 'later.csv', '--json']);
    const { model, naive } = JSON.parse(stdout);
    expect(model.rootMeanSquaredError).toBeLessThan(naive.persistence.rootMeanSquaredError);
  });

  it('that cannot be used is said so', () => {
    const refusal = (...words: string[]) => {
      const { code, stdout, stderr } = run(words);
      expect([code, stdout]).toEqual([2, '']);
      return stderr;
    };
    expect(refusal('train', 'sales.csv', '--target', 'day', '--horizon', '7')).toContain('day holds dates');
    expect(refusal('train', 'sales.csv', '--target', 'sold', '--horizon', '100')).toContain(
      'give a smaller --input',
    );
    expect(refusal('predict', 'sales.model', '--steps', '8')).toContain('more than the horizon of 7');
    expect(refusal('evaluate', 'sales.model', 'sales.csv')).toContain('give a longer series');
    const mixed = table({ day: [new Date(2), new Date(1)], sold: [1, 2] });
    expect(() => readSeries(mixed, 'sold', 'day')).toThrow(
      'row 2 is not later than the one before it, by day',
    );
  });
});

describe('what is chosen from a series', () => {
  it('is its season, by the distance of its times', () => {
    const spaced = (times: readonly Date[]) => periodOf(table({ time: times }), 'time');
    expect(spaced([0, 1, 2, 3].map((hour) => new Date(Date.UTC(2024, 0, 1, hour))))).toEqual({
      period: 24,
      unit: 'hours',
    });
    expect(spaced([0, 1, 2, 3].map((month) => new Date(Date.UTC(2024, month))))).toEqual({
      period: 12,
      unit: 'months',
    });
    expect(spaced([0, 3, 6, 9].map((month) => new Date(Date.UTC(2024, month))))).toEqual({
      period: 4,
      unit: 'quarters',
    });
    expect(periodOf(table({ a: [1] }), undefined)).toEqual({ period: 1, unit: 'steps' });
  });

  it('is what takes away its trend and season', () => {
    const of = (value: (i: number) => number, period: number) =>
      chooseScaler(
        Float64Array.from({ length: 100 }, (_, i) => value(i)),
        period,
        3,
      ).about;
    expect(of(sold, 7)).toBe('the change from 7 steps before');
    expect(of((i) => i * i, 1)).toBe('the change from the step before');
    expect(of((i) => Math.sin(i * i), 1)).toBe('the value, standardized');
  });
});

describe('a text', () => {
  it('is learned, and written on', () => {
    writeFileSync(join(folder, 'book.txt'), 'all work and no play makes Jack a dull boy. '.repeat(120));
    const flags = ['--epochs', '20', '--units', '24', '--rate', '0.02', '--out', 'book.model', '--json'];
    const { stdout } = run(['train', 'book.txt', ...flags]);
    const { nats, baseline } = JSON.parse(stdout) as { nats: number; baseline: number };
    expect(nats).toBeLessThan(0.3 * baseline);
    const written = run([
      'generate',
      'book.model',
      '--prompt',
      'all work',
      '--length',
      '12',
      '--temperature',
      '0',
    ]);
    expect(written.stdout).toBe('all work and no play\n');
    const again = () => run(['generate', 'book.model', '--seed', '3', '--length', '40', '--json']).stdout;
    expect(again()).toBe(again());
  });

  it('that is none, or too short, is said so', () => {
    writeFileSync(join(folder, 'bytes'), Uint8Array.of(0xff, 0xfe, 0x00));
    expect(run(['train', 'bytes']).stderr).toContain('bytes is not text in UTF-8');
    writeFileSync(join(folder, 'short.txt'), 'too short');
    expect(run(['train', 'short.txt']).stderr).toContain('the text has 9 characters');
    expect(run(['generate', 'sales.model']).stderr).toContain('not one of the characters of a text');
    expect(run(['generate', 'book.model', '--prompt', '']).code).toBe(2);
  });
});

describe('convert and quantize', () => {
  it('take a model to other systems and back', () => {
    const flags = [
      '--target',
      'sold',
      '--ignore',
      'day',
      '--epochs',
      '1',
      '--units',
      '4',
      '--out',
      'table.model',
    ];
    writeFileSync(
      join(folder, 'table.csv'),
      `a,sold\n${Array.from({ length: 30 }, (_, i) => `${i},${2 * i}`).join('\n')}\n`,
    );
    expect(
      run(['train', 'table.csv', ...flags.filter((word) => !['--ignore', 'day'].includes(word))]).code,
    ).toBe(0);
    const weights = (path: string) =>
      JSON.stringify(
        JSON.parse(run(['inspect', path, '--json']).stdout).weights.map(({ mean, max }: never) => [
          mean,
          max,
        ]),
      );
    for (const [there, ...like] of [
      ['t.onnx'],
      ['t.pt', '--like', 'table.model'],
      ['t.safetensors'],
      ['tfjs/'],
    ] as const) {
      expect(run(['convert', 'table.model', there]).stderr).toContain(`${there} is `);
      expect(run(['convert', there, 'back.safetensors', ...like]).code).toBe(0);
      expect(weights('back.safetensors')).toBe(weights('table.model'));
    }
    expect(run(['convert', 't.pt', 'back.safetensors']).stderr).toContain('--like MODEL');
    expect(run(['convert', 'table.model', 'somewhere']).stderr).toContain('write --to');
    const { stdout } = run(['quantize', 'table.model', 'small.model', '--data', 'table.csv', '--json']);
    const { bytes, scores } = JSON.parse(stdout) as {
      bytes: { before: number; after: number };
      scores: { before: number; after: number }[];
    };
    expect(bytes.after).toBeLessThan(bytes.before);
    for (const { before, after } of scores) expect(Math.abs(after / before - 1)).toBeLessThan(0.05);
    expect(readFileSync(join(folder, 'small.model')).length).toBe(bytes.after);
  });
});
