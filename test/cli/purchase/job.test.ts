/** The purchase job from end to end, as a process of its own. */
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { helpOf } from '../../../src/cli/command.js';
import { PURCHASE } from '../../../src/cli/purchase/arguments.js';
import { readDelimited } from '../../../src/data/csv.js';
import { loadModel } from '../../../src/node/index.js';
import { ROOT, temporaryFolder } from '../../project/support.js';
import { checkXml } from '../../support/xml.js';

const LONGHAND = join(ROOT, 'dist/bundle/cli/longhand.js');
const RESULTS = ['calibration.svg', 'model.safetensors', 'scores.csv', 'training.svg'];
/** A run of a moment. */
const SHORT = ['--epochs', '1', '--units', '4'];
/** A folder for all files of these tests. */
const root = temporaryFolder();

beforeAll(() => {
  expect(existsSync(LONGHAND), 'there is no dist: run `npm run build` first').toBe(true);
});

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Where it ran, and would write to. */
  folder: string;
  /** What is there now. */
  files: string[];
}

/** Starts the job in a new folder; `onOutput` sees all that it has printed so far. */
async function run(
  parameters: readonly string[],
  onOutput: (text: string, interrupt: () => void) => void = () => {},
  command: readonly string[] = [process.execPath, LONGHAND, 'purchase', ...parameters],
): Promise<Outcome> {
  const folder = mkdtempSync(join(root, 'run-'));
  const child = spawn(command[0] as string, command.slice(1), {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onOutput(stdout, () => child.kill('SIGINT'));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr, folder, files: readdirSync(folder).sort() };
}

async function success(parameters: readonly string[]): Promise<Outcome> {
  const outcome = await run(parameters);
  expect([outcome.stderr, outcome.code]).toEqual(['', 0]);
  return outcome;
}

/** The one line with which a run is refused, which must leave nothing behind. */
async function refusal(parameters: readonly string[]): Promise<string> {
  const { code, stdout, stderr, files } = await run(parameters);
  expect([code, stdout, files]).toEqual([2, '', []]);
  expect(stderr).toMatch(/^longhand: [^\n]+\n$/);
  return stderr.slice('longhand: '.length, -1);
}

let written = 0;

/** A file with this content. */
function file(content: string | Uint8Array, name = `log-${++written}.csv`): string {
  const path = join(mkdtempSync(join(root, 'file-')), name);
  writeFileSync(path, content);
  return path;
}

interface Purchase {
  id: string;
  /** YYYY-MM-DD */
  date: string;
  amount: string;
}

/** Purchases of `count` customers in 40 weeks: all buy at the start, and the more often the higher their number. */
function purchases(count = 140, prefix = 'c', firstDay = '2024-01-01'): Purchase[] {
  return Array.from({ length: count }, (_, customer) =>
    Array.from({ length: 40 }, (_, week) => ({ customer, week }))
      .filter(({ week }) => week === customer % 4 || (week * 7 + customer * 5) % 11 < customer / 30)
      .map(({ week }) => ({
        id: `${prefix}${1000 + customer}`,
        date: new Date(Date.parse(firstDay) + 86_400_000 * (7 * week + (customer % 7)))
          .toISOString()
          .slice(0, 10),
        amount: (5 + ((customer * week) % 17) / 2).toFixed(2),
      })),
  ).flat();
}

const some = purchases();
const line = ({ id, date, amount }: Purchase) => `${id},${date},${amount}`;
const csv = (rows: readonly Purchase[]) => `customer,date,amount\n${rows.map(line).join('\n')}\n`;
const plain = file(csv(some), 'orders.csv');

function scoresIn({ folder }: Outcome, out = 'purchase-results'): Record<string, string>[] {
  const [header, ...rows] = [...readDelimited(readFileSync(join(folder, out, 'scores.csv'), 'utf8'))];
  return rows.map(({ fields }) =>
    Object.fromEntries(fields.map((field, i) => [header?.fields[i] as string, field])),
  );
}

/** What a run prints, without what the clock says. */
function figures({ stdout }: Outcome): string {
  return stdout.replace(/^trained in .*\n/m, '').replace(/ {2}\d+ rows\/s( {2}.+ left)?$/gm, '');
}

const short = ['--horizon', '8', ...SHORT];

describe('without a file', () => {
  it('simulates one, and explains what it does and what came out', async () => {
    const first = await success(SHORT);
    expect(first.stdout).toContain('9,303 purchases of 4,000 customers from 2024-01-01 to 2024-12-29');
    expect(first.stdout).toContain('Training sees no purchase after 2024-09-29 and no test customer at all');
    expect(first.stdout).toMatch(/^epoch 1\/1 {2}loss 0\.\d{4} {2}val_loss 0\.\d{4} {2}\d+ rows\/s$/m);
    for (const name of [
      'LSTM',
      'base rate',
      'recency alone',
      'frequency alone',
      'logistic regression on RFM',
    ]) {
      expect(first.stdout).toMatch(
        new RegExp(`^${name} +[01]\\.\\d{4}\\*? +\\d\\.\\d{4}\\*? +\\d\\.\\d\\d\\*?$`, 'm'),
      );
    }
    expect(first.stdout).toContain('The 10 test customers most likely to buy from 2024-09-30 to 2024-12-29');
    expect(first.stdout).toContain('The 10 least likely');
    expect(first.stdout.match(/^C\d{5} +\d+\.\d % +(yes|no) /gm)).toHaveLength(20);
    expect(first.stdout).toContain('from 2024-12-30, highest first');
    expect(first.stdout.split('\n').filter((each) => each.length > 100)).toEqual([]);
    expect(first.files).toEqual(['purchase-results']);
    expect(readdirSync(join(first.folder, 'purchase-results')).sort()).toEqual(RESULTS);

    const second = await success(['--seed=42', ...SHORT]);
    expect(figures(second)).toBe(figures(first));
    for (const name of RESULTS) {
      const bytes = [first, second].map(({ folder }) => readFileSync(join(folder, 'purchase-results', name)));
      expect(Buffer.compare(bytes[0] as Buffer, bytes[1] as Buffer), name).toBe(0);
    }
  });

  it('prints no escape codes into a pipe', async () => {
    const { stdout } = await success(SHORT);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(stdout).not.toContain('█');
  });

  it('ends quietly when nobody reads on', async () => {
    const { code, stdout, stderr } = await run([], undefined, [
      ...['sh', '-c', '"$0" "$@" | head -n 1', process.execPath, LONGHAND, 'purchase', ...SHORT],
    ]);
    expect([code, stderr, stdout.split('\n').length]).toEqual([0, '', 2]);
  });

  const hasScript = (() => {
    try {
      return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux');
    } catch {
      return false;
    }
  })();

  it.skipIf(!hasScript)('draws a bar in a terminal', async () => {
    const job = [process.execPath, LONGHAND, 'purchase', '--epochs', '2', '--units', '48']
      .map((word) => `'${word}'`)
      .join(' ');
    const { code, stdout } = await run([], undefined, [
      'script',
      '-qec',
      `stty cols 90; ${job}`,
      '/dev/null',
    ]);
    expect(code).toBe(0);
    const drawn = stdout.split('\r\u001b[2K');
    expect(
      drawn.some((text) =>
        /^epoch 1\/2 █+░+ \d+\/\d+ {2}\d+s left {2}\d+ rows\/s {2}loss 0\.\d{4}/.test(text),
      ),
    ).toBe(true);
    expect(
      drawn.some((text) => /^epoch 2\/2 {2}loss 0\.\d{4} {2}val_loss 0\.\d{4} {2}\d+ rows\/s\r\n/.test(text)),
    ).toBe(true);
  });

  it('prints its help and does nothing', async () => {
    const { stdout, files } = await success(['--help']);
    expect(stdout).toBe(helpOf(PURCHASE));
    expect(files).toEqual([]);
    expect((await success(['-h', '--seed', '3'])).stdout).toBe(helpOf(PURCHASE));
  });
});

describe('the results', () => {
  it('are a score of every customer, two pictures, and the model', async () => {
    const late = purchases(30, 'new', '2024-09-01').filter(({ date }) => date < '2024-10-10');
    const run = await success([file(csv([...some, ...late])), ...short, '--out', 'some/where']);
    const scores = scoresIn(run, 'some/where');
    expect(scores.map(({ customer }) => customer).sort()).toEqual(
      [...new Set([...some, ...late].map(({ id }) => id))].sort(),
    );
    const nexts = scores.map((row) => Number(row.next_probability));
    expect(nexts).toEqual([...nexts].sort((a, b) => b - a));
    for (const { customer, group, next_probability: next, probability, bought } of scores) {
      expect(Number(next)).toBeGreaterThan(0);
      expect(Number(next)).toBeLessThan(1);
      expect(group).toMatch(customer?.startsWith('new') ? /^new$/ : /^(training|validation|test|later)$/);
      expect([probability, bought].join()).toMatch(group === 'new' ? /^,$/ : /^0\.\d{6},[01]$/);
    }
    for (const picture of ['training.svg', 'calibration.svg']) {
      const svg = readFileSync(join(run.folder, 'some/where', picture), 'utf8');
      checkXml(svg);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    }
    const model = await loadModel(join(run.folder, 'some/where/model.safetensors'));
    expect(model.layers.map(({ type }) => type)).toEqual(['masking', 'lstm', 'dropout', 'dense']);
    expect(readdirSync(join(run.folder, 'some/where')).sort()).toEqual(RESULTS);
  });

  it('take the place of those before', async () => {
    const { folder } = await success([plain, ...short]);
    const out = join(folder, 'purchase-results');
    const before = readFileSync(join(out, 'scores.csv'), 'utf8');
    await success([plain, ...short, '--seed', '7', '--out', out]);
    expect(readFileSync(join(out, 'scores.csv'), 'utf8')).not.toBe(before);
    expect(readdirSync(out).sort()).toEqual(RESULTS);
  });
});

describe('a log', () => {
  const quoted = ({ id, date, amount }: Purchase) => `"${id}","${date}","${amount}"`;
  const compact = (date: string) => date.replaceAll('-', '');
  const formats: [string, string][] = [
    [
      'tabs',
      `Customer ID\tOrder Date\tTotal\n${some.map((row) => Object.values(row).join('\t')).join('\n')}`,
    ],
    [
      'semicolons and decimal commas',
      `client;order_date;revenue\n${some.map(({ id, date, amount }) => `${id};${date};${amount.replace('.', ',')}`).join('\n')}`,
    ],
    ['a byte-order mark and CRLF', `\ufeff${csv(some).replaceAll('\n', '\r\n')}`],
    [
      'quoted fields, one with a line break',
      `"note","customer","date","amount"\n${some.map((row) => `"a, ""b""\nc",${quoted(row)}`).join('\n')}`,
    ],
    [
      'dates with time',
      `user_id,timestamp,value\n${some.map((row, i) => line({ ...row, date: `${row.date}${i % 2 ? 'T23:59:59Z' : ' 00:15'}` })).join('\n')}`,
    ],
    ['rows in no order', csv([...some].reverse())],
    [
      'the layout of CDNOW',
      ` customer_id  date number_of_cds  dollar_value\n${some.map(({ id, date, amount }) => ` ${id} ${compact(date)}  1  ${amount}`).join('\n')}\n`,
    ],
    [
      'the layout of the CDNOW sample',
      some.map(({ id, date, amount }) => ` ${id} 0001 ${compact(date)}  2   ${amount}\r\n`).join(''),
    ],
  ];

  it('gives the same scores in every format', async () => {
    const expected = readFileSync(
      join((await success([plain, ...short])).folder, 'purchase-results/scores.csv'),
    );
    for (const [name, text] of formats) {
      const { folder } = await success([file(text), ...short]);
      expect(readFileSync(join(folder, 'purchase-results/scores.csv')).equals(expected), name).toBe(true);
    }
    const renamed = csv(some).trimEnd().replace('customer,date,amount', 'date,who,cost').split('\n');
    const moved = renamed
      .map((row) => row.split(','))
      .map(([id, date, amount]) => [id, date, amount].join(','));
    const named = ['--columns', 'date,who,cost'];
    const { folder } = await success([file(moved.join('\n')), ...named, ...short]);
    expect(readFileSync(join(folder, 'purchase-results/scores.csv')).equals(expected)).toBe(true);
  });

  it('is read up to its returns, which are counted', async () => {
    const { stdout } = await success([file(`${csv(some)}c1000,2024-03-03,-5\n`), ...short]);
    expect(stdout).toContain('left out as returns, the rows with a negative amount: 1\n');
  });

  it('is cut where it is told', async () => {
    const { stdout } = await success([plain, ...short, '--cut', '2024-06-03']);
    expect(stdout).toMatch(/^test +2024-06-02 +28 +[\d,]+ +2024-06-03 {2}2024-07-28 /m);
    expect(stdout).toContain('Training sees no purchase after 2024-06-02');
  });

  it('is asked about as many weeks as it is told', async () => {
    const { stdout } = await success([plain, ...SHORT, '--horizon=4']);
    expect(stdout).toContain('Who buys in the next 4 weeks?');
    expect(stdout).toMatch(/^test +2024-09-08 +28 +[\d,]+ +2024-09-09 {2}2024-10-06 /m);
    expect((await success([plain, ...SHORT, '--horizon', '1'])).stdout).toContain(
      'Who buys in the next week?',
    );
  });

  it('is tested on a second one', async () => {
    const others = purchases(40, 'other');
    const run = await success([plain, '--test', file(csv(others), 'others.csv'), ...short]);
    expect(run.stdout).toContain('customers from 2024-01-01 to 2024-10-06, in orders.csv and others.csv');
    const scores = scoresIn(run);
    expect(scores).toHaveLength(180);
    for (const { customer, group } of scores) {
      expect(group === 'test', customer).toBe((customer as string).startsWith('other'));
    }
  });

  it('gives other figures with another seed', async () => {
    const runs = [
      await success([plain, ...short, '--seed', '1']),
      await success([plain, ...short, '--seed', '2']),
    ];
    expect(figures(runs[0] as Outcome)).not.toBe(figures(runs[1] as Outcome));
  });
});

describe('bad input', () => {
  const header = 'customer,date,amount\n';
  const with3 = (row: string) => file(`${header}c1,2024-01-01,5\n${row}\n`, 'log.csv');
  const folder = mkdtempSync(join(root, 'folder-'));
  const huge = file('');
  truncateSync(huge, 600e6);

  const cases: [string, readonly string[], string | RegExp][] = [
    [
      'a missing file',
      ['missing.csv'],
      'the file missing.csv does not exist: give the path of a purchase log',
    ],
    ['a file below a file', [join(plain, 'x')], 'does not exist'],
    ['a folder', [folder], `${folder} is a folder: give the path of a purchase log in it`],
    ['an empty file', [file('', 'log.csv')], /log\.csv is empty: it needs a header and a row a purchase$/],
    ['a blank file', [file(' \r\n\n', 'log.csv')], 'log.csv is empty'],
    ['a header alone', [file(header, 'log.csv')], 'log.csv has a header but no purchase below it'],
    [
      'a header without the columns',
      [file('when,who,what\n1,2,3', 'log.csv')],
      "log.csv: no column for the customer is to be found in the header 'when, who, what'; name the three columns",
    ],
    [
      'columns that are not there',
      [plain, '--columns', 'customer,dates,amount'],
      "orders.csv: column 'dates' is not known: did you mean 'date'?",
    ],
    [
      'a row cut short',
      [with3('c2,2024-01-02')],
      'line 3: 2 fields under a header of 3; correct the row or take it out: c2,2024-01-02',
    ],
    [
      'a date that does not exist',
      [with3('c2,2024-02-30,7')],
      "log.csv, line 3: the date '2024-02-30' does not exist; correct the row or take it out: c2,2024-02-30,7",
    ],
    [
      'a date of unclear order',
      [with3('c2,03/04/2024,7')],
      "line 3: the date '03/04/2024' is in none of the formats",
    ],
    [
      'an amount that is no number',
      [with3('c2,2024-01-02,free')],
      "line 3: the amount 'free' is not a plain number",
    ],
    [
      'an amount with a currency',
      [with3('c2,2024-01-02,$7')],
      "line 3: the amount '$7' is not a plain number",
    ],
    [
      'a row without customer',
      [with3(',2024-01-02,7')],
      'line 3: no customer, so that nobody knows who bought',
    ],
    [
      'a quote that is not closed',
      [with3('"c2,2024-01-02,7')],
      'line 3, column 1: a field opens with a quote that is never closed',
    ],
    ['a row with a line break in it', [with3('"c\n2",2024-01-02,x')], 'line 3: the amount'],
    [
      'too few customers',
      [file(csv(purchases(40)), 'log.csv'), ...short],
      'customers to learn from who bought before 2024-06-15, but a fit needs at least 50',
    ],
    [
      'a horizon longer than the log',
      [plain, '--horizon', '30'],
      '--horizon 30 needs a log of at least 61 weeks, a window to learn from and one to test on after a first week, but orders.csv covers 40; give --horizon 19 or less',
    ],
    [
      'a cut outside the log',
      [plain, ...short, '--cut', '2030-01-01'],
      '--cut 2030-01-01 does not leave 8 weeks on either side',
    ],
    ['a cut that is no date', [plain, '--cut', 'monday'], '--cut takes a date such as 2024-09-30'],
    [
      'an unknown flag',
      [plain, '--horizn', '4'],
      "the flag '--horizn' is not known: did you mean '--horizon'?",
    ],
    ['a flag without value', [plain, '--epochs'], '--epochs needs a value behind it'],
    [
      'a flag out of range',
      [plain, '--units', '0'],
      "--units must be a whole number from 1 to 4096 but is '0'",
    ],
    ['two files', [plain, plain], 'purchase takes [FILE] behind it'],
    [
      'Latin-1',
      [file(Buffer.from('customer,date,amount\nJos\xe9,2024-01-01,5', 'latin1'))],
      'is not text in UTF-8: save it as CSV in that encoding',
    ],
    ['UTF-16', [file(Buffer.from(`\ufeff${csv(some)}`, 'utf16le'))], 'is not text in UTF-8'],
    ['a picture', [file(Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'))], 'is not text in UTF-8'],
    ['a file of 600 MB', [huge], 'has 600 MB and 536 can be read'],
    [
      '--out that is a file',
      [plain, '--out', plain],
      `--out ${plain}: ${plain} is a file: give a folder to write to`,
    ],
    [
      '--out below a file',
      [plain, '--out', join(plain, 'a/b')],
      `${plain} is a file: give a folder to write to`,
    ],
    ['a test log that is not there', [plain, '--test', 'none.csv'], 'the file none.csv does not exist'],
    [
      'a damaged test log',
      [plain, '--test', file(`${header}x,2024-01-01,?\n`, 'b.csv')],
      'b.csv, line 2: the amount',
    ],
    [
      'a test log of the same customers',
      [plain, '--test', file(csv(some.slice(0, 9)), 'b.csv'), ...short],
      /^b\.csv and orders\.csv have customers in common \(\d, such as 'c1000'\)/,
    ],
    ['a file with a line break in its name', ['a\nb\u001b[31m.csv'], 'the file a b [31m.csv does not exist'],
  ];

  it.each(cases)('is refused in one line: %s', async (_, parameters, message) => {
    const found = await refusal(parameters);
    if (typeof message === 'string') expect(found).toContain(message);
    else expect(found).toMatch(message);
  });

  it('leaves the results of an earlier run as they are', async () => {
    const out = mkdtempSync(join(root, 'out-'));
    writeFileSync(join(out, 'scores.csv'), 'mine');
    await refusal([with3('c2,2024-02-30,7'), '--out', out]);
    expect(readdirSync(out)).toEqual(['scores.csv']);
    expect(readFileSync(join(out, 'scores.csv'), 'utf8')).toBe('mine');
  });

  it('is refused when a result has no place', async () => {
    const out = mkdtempSync(join(root, 'out-'));
    mkdirSync(join(out, 'training.svg'));
    const { code, stderr } = await run([plain, ...short, '--out', out]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^longhand: [A-Z]+: [^\n]+\n$/);
    expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('Ctrl-C', () => {
  it('while it trains keeps the model and says so', async () => {
    let isSent = false;
    const { code, stdout, stderr, folder, files } = await run(
      ['--epochs', '500', '--units', '4', '--out', 'kept'],
      (text, interrupt) => {
        if (isSent || !text.includes('epoch 1/500')) return;
        isSent = true;
        interrupt();
      },
    );
    expect([code, stderr, files]).toEqual([130, '', ['kept']]);
    expect(stdout).toMatch(
      /\nInterrupted in epoch \d+: scores and plots were not made\.\nKept: the model as it was then, in kept\/model\.safetensors\n$/,
    );
    expect(readdirSync(join(folder, 'kept'))).toEqual(['model.safetensors']);
    const model = await loadModel(join(folder, 'kept/model.safetensors'));
    expect(model.predict([[[0.5, 0.5, 1]]]).data.every(Number.isFinite)).toBe(true);
  });

  it('before it trains keeps nothing and says so', async () => {
    const pipe = join(mkdtempSync(join(root, 'pipe-')), 'log.csv');
    execFileSync('mkfifo', [pipe]);
    let stop = () => {};
    const folder = mkdtempSync(join(root, 'run-'));
    const child = spawn(process.execPath, [LONGHAND, 'purchase', pipe], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      stop();
    });
    const end = new Promise<number | null>((resolve) => child.once('close', resolve));
    const writer = await open(pipe, 'w'); // opens once the job does
    await new Promise<void>((resolve) => {
      stop = resolve;
      child.kill('SIGINT');
    });
    await writer.close();
    expect([await end, stdout, readdirSync(folder)]).toEqual([130, 'Interrupted: nothing was kept.\n', []]);
  });
});
