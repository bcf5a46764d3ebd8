/**
 * The readers of data: tables, event logs, time series, music and images. Beside reading without a crash or a hang they must
 * not read what a file does not say: each value is compared with what a plain reading of the same text gives, which is written
 * here once more, in another way.
 */

import type { Random } from '../../../src/core/random.js';
import {
  DataError,
  FormatError,
  groupEvents,
  readCsv,
  readIdx,
  readPianoRolls,
  readTimeSeries,
  streamCsv,
  type Tensor,
} from '../../../src/index.js';
import type { FuzzReader } from '../fuzz-reader.js';
import { pick } from '../mutate.js';

const encode = (text: string) => new TextEncoder().encode(text);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A DataError is an answer to a file, too: a note that no piano has. Both are to say where. */
function orFormatError<Result>(read: () => Result, place: RegExp): Result {
  try {
    return read();
  } catch (error) {
    throw refusal(error, place);
  }
}

function refusal(error: unknown, place: RegExp): unknown {
  if (!(error instanceof FormatError || error instanceof DataError)) return error;
  if (!place.test(error.message)) return new Error(`an error without a place: ${error.message}`);
  return new FormatError(error.message);
}

/** One or two characters put in, taken out or replaced: most of these files can still be read, and say something else. */
function craftText(alphabet: string): NonNullable<FuzzReader['craft']> {
  return (random: Random, seeds: readonly Uint8Array[]) => {
    let text = new TextDecoder().decode(pick(random, seeds));
    for (let times = 1 + random.below(2); times > 0; times--) {
      const at = random.below(text.length);
      const put = random.below(4) === 0 ? '' : pick(random, [...alphabet]);
      text = text.slice(0, at) + put + text.slice(at + random.below(2));
    }
    return encode(text);
  };
}

function same(found: unknown, said: unknown, where: string): void {
  if (!Object.is(found, said)) throw new Error(`${where}: the file says ${said} and was read as ${found}`);
}

/** RFC 4180 character by character, of text that a reader has taken: there is nothing wrong with it. */
function plainRows(text: string): string[][] {
  const rows: string[][] = [];
  let fields: string[] = [];
  let field = '';
  let state: 'start' | 'plain' | 'quoted' = 'start';
  let isEmpty = true;
  const endField = () => {
    fields.push(field);
    field = '';
    state = 'start';
  };
  const endRow = () => {
    if (!isEmpty) {
      endField();
      rows.push(fields);
    }
    fields = [];
    isEmpty = true;
  };
  const start = text.startsWith('\ufeff') ? 1 : 0;
  for (let k = start; k < text.length; k++) {
    const character = text[k] as string;
    if (state === 'quoted') {
      if (character !== '"') field += character;
      else if (text[k + 1] === '"') {
        field += '"';
        k++;
      } else state = 'plain';
    } else if (character === '\n' || character === '\r') endRow();
    else {
      isEmpty = false;
      if (character === ',') endField();
      else if (character === '"' && state === 'start') state = 'quoted';
      else {
        field += character;
        state = 'plain';
      }
    }
  }
  endRow();
  return rows;
}

const csv =
  'customer,date,amount,note\r\nc1,2024-01-02,5.5,"a ""b"", c"\r\nc2,2024-02-29T10:00Z,-3e2,"two\nlines"\r\nc1,2024-03-01,,é😀\r\n';
const columns = { customer: 'string', date: 'date', amount: 'number', note: 'string' } as const;

async function readTable(bytes: Uint8Array): Promise<void> {
  const table = orFormatError(() => readCsv(bytes, { columns, separator: ',', others: 'string' }), CSV_PLACE);
  const [header = [], ...rows] = plainRows(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  same(table.names.join('|'), header.join('|'), 'the header');
  same(table.length, rows.length, 'rows');
  for (const [row, fields] of rows.entries()) {
    same(fields.length, header.length, `fields of row ${row}`);
    for (const [k, name] of header.entries()) {
      const { type, values } = table.column(name);
      const text = fields[k] as string;
      if (type === 'string') same(values[row], text === '' ? null : text, `${name} of row ${row}`);
      else if (text.trim() === '') same(values[row], Number.NaN, `${name} of row ${row}`);
      else if (type === 'number') {
        same(values[row], NUMBER.test(text.trim()) ? Number(text) : 'no number', `${name} of row ${row}`);
      } else same(Number.isFinite(values[row]), true, `${name} of row ${row}`);
    }
  }
  // The same in pieces, whatever they are.
  const pieces = [bytes.subarray(0, 7), bytes.subarray(7, 40), bytes.subarray(40)];
  let row = 0;
  for await (const record of streamCsv(pieces, { columns, separator: ',' })) {
    for (const name of table.names)
      same(record[name], table.column(name).values[row], `${name} of row ${row}`);
    row++;
  }
  same(row, table.length, 'rows of the stream');
}

const CSV_PLACE = /, line \d+(, column \d+)?: |is empty|the column '|header/;

export const csvReader: FuzzReader = {
  name: 'csv',
  seeds: () => [encode(csv), encode(`\ufeff${csv.replaceAll('\r\n', '\n')}`)],
  words: ['"', '""', ',', '\r', '\n', '\ufeff', '1e5', '٣', '1,5', '"\r\n"'],
  craft: craftText('0123456789.,;-+eE"\r\n\t abcé\ufeff'),
  read: (bytes) => notConfig(() => readTable(bytes)),
};

/** A column that the file does not have any more is the caller's mistake, a ConfigError, for whoever names it. */
async function notConfig(read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (error instanceof Error && error.name === 'ConfigError') throw new FormatError(error.message);
    throw error;
  }
}

async function readEvents(bytes: Uint8Array): Promise<void> {
  const file = streamCsv([bytes], { columns, separator: ',' });
  let log: Awaited<ReturnType<typeof groupEvents>>;
  try {
    log = await groupEvents(file, {
      entity: 'customer',
      time: 'date',
      period: 'week',
      cut: Date.UTC(2024, 2, 1),
      from: Date.UTC(2023, 0, 1),
      horizon: 1,
      features: { events: { take: 'count' } },
      label: { ask: 'occurs' },
    });
  } catch (error) {
    throw refusal(error, /, line \d+|event \d+|is empty|the column '|header|has no events|texts and numbers/);
  }
  const table = readCsv(bytes, { columns, separator: ',' });
  const dates = table.numbers('date');
  const known = dates.filter((date) => date >= Date.UTC(2023, 0, 1));
  same(log.events, known.length, 'events');
  const before = known.filter((date) => date < Date.UTC(2024, 2, 1)).length;
  if (before === 0) return;
  const { x } = log.test();
  same(
    x.data.reduce((sum, value) => sum + value, 0),
    before,
    'events before the cut',
  );
}

export const eventLogReader: FuzzReader = {
  name: 'event log',
  seeds: () => [encode(csv), encode(`${csv}c3,20231231,1,x\r\n`)],
  words: ['"', ',', '\r\n', '2024-13-01', '1900-01-01', '9999-12-31', '2024-01-01 24:00'],
  craft: craftText('0123456789.,-:TZ"\r\n c'),
  read: (bytes) => notConfig(() => readEvents(bytes)),
};

const walks =
  '# walks\n@problemName Walks\n@timeStamps false\n@missing true\n@univariate false\n@dimensions 2\n@equalLength false\n' +
  '@classLabel true walk stand\n@data\n0.5,.75,?:1,2,3:walk\n-1e-3:4:stand\n1,2:3,4:walk\n';
const stamped =
  '@timeStamps true\n@targetLabel true\n@data\n(2024-01-01 12:30:00,1),(2024-01-01 12:31:00,2):0.5\n(0,5),(1.5,6):?\n';

function readSeries(bytes: Uint8Array): void {
  const series = orFormatError(() => readTimeSeries(bytes), /, line \d+(, column \d+)?: |do not fit/);
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).replace(/^\ufeff/, '');
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  const cases = lines.slice(lines.findIndex((line) => /^\s*@data/i.test(line)) + 1);
  const [rows, steps = 0, dimensions = 0] = series.x.shape;
  same(rows, cases.length, 'cases');
  if (series.times.length > 0) return;
  for (const [row, line] of cases.entries()) {
    const parts = line.split(':');
    const label = series.classes.length + series.targets.length > 0 ? parts.pop() : undefined;
    if (series.classes.length > 0)
      same(series.classes[series.labels[row] as number], label?.trim(), `case ${row}`);
    same(parts.length, dimensions, `dimensions of case ${row}`);
    for (const [d, part] of parts.entries()) {
      const values = part.split(',').map((value) => value.trim());
      same(series.lengths[row], values.length, `steps of case ${row}`);
      for (const [step, value] of values.entries()) {
        const said = NUMBER.test(value) ? Number(value) : Number.NaN;
        if (Number.isNaN(said) && !/^(\?|nan)$/i.test(value))
          throw new Error(`'${value}' was read as missing`);
        same(series.x.data[(row * steps + step) * dimensions + d], said, `case ${row}, step ${step}`);
      }
    }
  }
}

export const timeSeriesReader: FuzzReader = {
  name: 'time series',
  seeds: () => [encode(walks), encode(stamped)],
  words: [
    '@data\n',
    '@classLabel true a b',
    '@dimensions 999999999',
    '?',
    ':',
    ',',
    '(',
    ')',
    '\r',
    'true',
    'false',
  ],
  craft: craftText('0123456789.,:?-e()# @\r\n'),
  read: readSeries,
};

const idx = (header: readonly number[], values: readonly number[]) =>
  Uint8Array.of(0, 0, ...header, ...values);

export const idxReader: FuzzReader = {
  name: 'idx',
  seeds: () => [
    idx([8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3], [0, 50, 100, 150, 200, 255]),
    idx([13, 1, 0, 0, 0, 2], [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]),
  ],
  read: (bytes) => {
    const { data, shape } = readIdx(bytes);
    const axes = bytes[3] as number;
    const size = shape.reduce((product, axis) => product * axis, 1);
    same(shape.length, axes, 'axes');
    same(data.length, size, 'values');
    same(bytes.length, 4 + 4 * axes + data.byteLength, 'bytes');
    if (bytes[2] === 8) for (let k = 0; k < size; k++) same(data[k], bytes[4 + 4 * axes + k], `value ${k}`);
  },
};

const rolls = JSON.stringify({
  train: [
    [[60, 64], [62], []],
    [[], [21], [108]],
  ],
  test: [[[50], [51]]],
});

/** The keys that sound in each frame of x, and in the last frame of y. */
function framesOf(x: Tensor, y: Tensor, piece: number): number[][] {
  const steps = x.shape[1] as number;
  const length = x.lengths?.[piece] ?? steps;
  const keysAt = ({ data }: Tensor, step: number) =>
    Array.from({ length: 88 }, (_, key) => key).filter(
      (key) => data[(piece * steps + step) * 88 + key] === 1,
    );
  return [...Array.from({ length }, (_, step) => keysAt(x, step)), keysAt(y, length - 1)];
}

export const pianoRollReader: FuzzReader = {
  name: 'piano roll',
  seeds: () => [encode(rolls)],
  craft: craftText('0123456789.,-e[]{}" '),
  words: ['[', ']', '{', '}', ',', '[60]', '[[60],[61]]', '"train":', '1e1', '60.0', '-0', 'null'],
  read: (bytes) => {
    const parts = orFormatError(() => readPianoRolls(bytes), /, line \d+, column \d+: /);
    const said = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, number[][][]>;
    same(Object.keys(parts).join(), Object.keys(said).join(), 'parts');
    for (const [name, { x, y }] of Object.entries(parts)) {
      for (const [p, piece] of (said[name] ?? []).entries()) {
        const keys = piece.map((frame) => [...new Set(frame.map((note) => note - 21))].sort((a, b) => a - b));
        same(JSON.stringify(framesOf(x, y, p)), JSON.stringify(keys), `${name}, piece ${p}`);
      }
    }
  },
};
