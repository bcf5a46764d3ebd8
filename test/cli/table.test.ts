/** train, predict and evaluate on tables, as processes. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { readCsv, readPreparation, type Table } from '../../src/index.js';
import { loadPipeline } from '../../src/node/index.js';
import { ROOT, temporaryFolder } from '../project/support.js';

const LONGHAND = join(ROOT, 'dist/bundle/cli/longhand.js');
const folder = temporaryFolder();

function run(words: readonly string[], input?: string) {
  const options = { cwd: folder, encoding: 'utf8', input } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [LONGHAND, ...words], options);
  return { code: status, stdout, stderr };
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

/** Whoever is old and seldom comes leaves; the price is ten times the age. */
function customers(count: number): string {
  const random = new Random(7);
  const rows = Array.from({ length: count }, (_, i) => {
    const age = 18 + Math.floor(60 * random.uniform());
    const city = ['Oslo', 'Rome', 'Paris'][Math.floor(3 * random.uniform())] as string;
    const score = random.uniform() < 0.1 ? 'NA' : random.uniform().toFixed(3);
    const leaves = age + (city === 'Rome' ? 20 : 0) > 55 ? 'yes' : 'no';
    return `c${i},${age},${city},${score},${leaves},${10 * age}`;
  });
  return `id,age,city,score,left,price\n${rows.join('\n')}\n`;
}

interface Result {
  epochs: number;
  scores: { metric: string; value: number; baseline: number }[];
}

beforeAll(() => {
  expect(existsSync(LONGHAND), 'there is no dist: run `npm run build` first').toBe(true);
  file('customers.csv', customers(300));
});

describe('a model that tells classes', () => {
  const words = [
    '--target',
    'left',
    '--ignore',
    'price',
    '--missing',
    'NA',
    '--epochs',
    '40',
    '--out',
    'left.model',
  ];

  it('is trained, says what it does, and is better than the simplest answer', () => {
    const { code, stdout, stderr } = run(['train', 'customers.csv', ...words, '--json']);
    expect([code, stdout.split('\n').length]).toEqual([0, 2]);
    expect(stderr).toContain('target: left, one of 2 classes');
    expect(stderr).toContain('features: age, city, score\nleft out: id, 300 different texts\n');
    expect(stderr).toMatch(/^epoch 1\/40 {2}loss 0\.\d+ {2}val_loss 0\.\d+ {2}\d+ rows\/s/m);
    const { scores } = JSON.parse(stdout) as Result;
    for (const { metric, value, baseline } of scores) {
      if (metric === 'accuracy') expect(value).toBeGreaterThan(baseline + 0.2);
      else expect(value).toBeLessThan(baseline);
    }
  });

  it('predicts from a file and from the standard input, and keeps all columns', () => {
    const { code, stdout, stderr } = run(['predict', 'left.model', 'customers.csv', '--missing', 'NA']);
    expect([code, stderr]).toEqual([0, '']);
    const table: Table = readCsv(stdout);
    expect(table.names).toEqual([
      'id',
      'age',
      'city',
      'score',
      'left',
      'price',
      'predicted left',
      'probability',
    ]);
    const said = table.strings('predicted left');
    const right = table.strings('left').filter((name, row) => name === said[row]).length;
    expect(right / table.length).toBeGreaterThan(0.85);
    expect(table.numbers('probability').every((chance) => chance >= 0.5 && chance <= 1)).toBe(true);
    const lines = run(
      ['predict', 'left.model', '--json'],
      'age,city,score\n70,Rome,\n20,Bergen,0.5\n',
    ).stdout;
    expect(
      lines
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)['predicted left']),
    ).toEqual(['yes', 'no']);
  });

  it('is evaluated on any table with the answers', () => {
    const { stdout } = run(['evaluate', 'left.model', 'customers.csv', '--missing', 'NA', '--json']);
    const { scores } = JSON.parse(stdout) as Result;
    expect(scores.map(({ metric }) => metric)).toEqual(['accuracy', 'log-loss']);
    expect(scores[0]?.value).toBeGreaterThan(0.85);
  });

  it('is a pipeline of the library', async () => {
    const pipe = await loadPipeline(join(folder, 'left.model'));
    expect(pipe.predict([{ age: 75, city: 'Rome', score: 0.5 }])).toEqual(['yes']);
    const { about } = readPreparation(readFileSync(join(folder, 'left.model'))) as {
      about: { target: string };
    };
    expect(about.target).toBe('left');
  });

  it('is the same for the same seed', () => {
    const short = [...words.slice(0, 6), '--epochs', '2', '--out'];
    run(['train', 'customers.csv', ...short, 'a.model']);
    run(['train', 'customers.csv', ...short, 'b.model']);
    expect(readFileSync(join(folder, 'a.model')).equals(readFileSync(join(folder, 'b.model')))).toBe(true);
  });
});

describe('a model of a number', () => {
  it('answers in the unit of the column', () => {
    const flags = [
      '--target',
      'price',
      '--ignore',
      'id',
      '--missing',
      'NA',
      '--epochs',
      '60',
      '--rate',
      '0.01',
    ];
    const { stdout } = run(['train', 'customers.csv', ...flags, '--out', 'price.model', '--json']);
    const { scores } = JSON.parse(stdout) as Result;
    expect(scores[0]?.value).toBeLessThan(0.2 * (scores[0]?.baseline as number));
    const said = run(['predict', 'price.model'], 'age,city,score,left\n30,Oslo,0.5,no\n').stdout;
    expect(Math.abs(readCsv(said).numbers('predicted price')[0] - 300)).toBeLessThan(60);
  });
});

describe('a model of texts', () => {
  it('reads the words of a column', () => {
    const rows = Array.from({ length: 120 }, (_, i) => {
      const word = ['awful', 'lovely'][i % 2] as string;
      return `"It was, as ever, ${word} number ${i % 7}.",${i % 2 === 0 ? 'bad' : 'good'}`;
    });
    file('reviews.csv', `review,verdict\n${rows.join('\n')}\n`);
    const flags = [
      '--target',
      'verdict',
      '--epochs',
      '15',
      '--units',
      '8',
      '--rate',
      '0.02',
      '--out',
      'review.model',
    ];
    const { stderr } = run(['train', 'reviews.csv', ...flags]);
    expect(stderr).toContain('features: the words of review');
    const said = run(['predict', 'review.model'], 'review\n"Lovely, as ever"\nawful!\n').stdout;
    expect(readCsv(said).strings('predicted verdict')).toEqual(['good', 'bad']);
  });
});

describe('Ctrl-C while it trains', () => {
  it('keeps the model as it is', async () => {
    const flags = [
      '--target',
      'left',
      '--missing',
      'NA',
      '--epochs',
      '5000',
      '--rate',
      '0.000001',
      '--units',
      '512',
      '--out',
      'kept.model',
    ];
    const child = spawn(process.execPath, [LONGHAND, 'train', 'customers.csv', ...flags], { cwd: folder });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      if (!stderr.includes('epoch 2/') && `${stderr}${text}`.includes('epoch 2/')) child.kill('SIGINT');
      stderr += text;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(130);
    expect(stdout).toContain('interrupted; the model as it was then is in kept.model');
    expect(run(['predict', 'kept.model', 'customers.csv', '--missing', 'NA']).code).toBe(0);
  });
});

describe('what cannot be used', () => {
  it.each([
    [['train', 'nothing.csv', '--target', 'left'], 'the file nothing.csv does not exist'],
    [['train', 'customers.csv', '--target', 'lft'], "the column 'lft' is not known: did you mean 'left'?"],
    [
      ['train', 'customers.csv', '--target', 'left', '--ignore', 'nobody'],
      "the column 'nobody' is not known",
    ],
    [
      ['train', 'customers.csv', '--target', 'left', '--text', 'age'],
      'the column age holds numbers and no texts',
    ],
    [['train', 'customers.csv', '--target', 'left', '--task', 'guess'], "--task 'guess' is not known"],
    [['train', 'customers.csv', '--target', 'city', '--task', 'regress'], 'city holds strings'],
    [['predict', 'customers.csv', 'customers.csv'], 'longhand: customers.csv: '],
  ])('is said in a line: %j', (words, message) => {
    const { code, stdout, stderr } = run(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n').length).toBe(1);
  });

  it('names the row: too few, ragged, without the answer', () => {
    file('few.csv', 'a,b\n1,x\n2,y\n');
    expect(run(['train', 'few.csv', '--target', 'b']).stderr).toContain('few.csv has 2 rows');
    file('ragged.csv', 'a,b\n1,x\n2\n');
    expect(run(['train', 'ragged.csv', '--target', 'b']).stderr).toContain('ragged.csv, line 3, column 2');
    file('gap.csv', `a,b\n${'1,x\n2,y\n'.repeat(20)}3,\n`);
    expect(run(['train', 'gap.csv', '--target', 'b']).stderr).toContain('row 41 has no b');
  });

  it('is a model without the column that it reads', () => {
    const { code, stderr } = run(['predict', 'left.model'], 'age\n30\n');
    expect(code).toBe(2);
    expect(stderr).toContain('city');
  });
});
