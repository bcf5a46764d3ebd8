import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, FormatError } from '../../src/core/errors.js';
import { readCsv } from '../../src/data/csv-read.js';
import { streamCsv } from '../../src/data/csv-stream.js';
import { writeCsv } from '../../src/data/csv-write.js';
import { type ColumnInput, table } from '../../src/data/table.js';

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe('readCsv', () => {
  it('finds out the types of columns, each from all of its values', () => {
    const text =
      'number,zip,day,instant,flag,text,nothing,register\n' +
      '1,01234,2024-02-29,2024-02-29T12:00:00Z,true,a,,12345678901234567890\n' +
      ',98765,,2024-02-29 13:00+01:00,FALSE,2,,1\n' +
      '-2.5e3,1,1970-01-01,,,,,2\n';
    const read = readCsv(text);
    expect(read.names.map((name) => read.column(name).type)).toEqual([
      'number',
      'string',
      'date',
      'date',
      'boolean',
      'string',
      'string',
      'string',
    ]);
    expect(read.numbers('number')).toEqual(Float64Array.of(1, Number.NaN, -2500));
    expect(read.strings('zip')).toEqual(['01234', '98765', '1']);
    expect(read.numbers('day')).toEqual(Float64Array.of(Date.UTC(2024, 1, 29), Number.NaN, 0));
    const noon = Date.UTC(2024, 1, 29, 12);
    expect(read.numbers('instant')).toEqual(Float64Array.of(noon, noon, Number.NaN));
    expect(read.booleans('flag')).toEqual([true, false, null]);
    expect(read.strings('text')).toEqual(['a', '2', null]);
    expect(read.strings('nothing')).toEqual([null, null, null]);
  });

  it('reads the types that it is given, and leaves out what it is told to', () => {
    const text = 'id;day;price;note\n007;20240229;1,5;x\n008;2024/03/01; 2 ;y\n';
    const read = readCsv(text, {
      columns: { id: 'string', day: 'date', price: 'number' },
      others: 'skip',
      decimal: ',',
    });
    expect([...read.rows()]).toEqual([
      { id: '007', day: Date.UTC(2024, 1, 29), price: 1.5 },
      { id: '008', day: Date.UTC(2024, 2, 1), price: 2 },
    ]);
  });

  it('takes for missing what it is told to, and nothing else', () => {
    const read = readCsv('a,b\nNA,NA\n -- ,--\n1,\n', { missing: ['NA', '--'] });
    expect(read.numbers('a')).toEqual(Float64Array.of(Number.NaN, Number.NaN, 1));
    expect(read.strings('b')).toEqual([null, null, '']);
    expect(() => readCsv('a\nNaN\n', { columns: { a: 'number' } })).toThrow(
      "line 2, column 1: 'NaN' is no number",
    );
  });

  it('takes the names of the columns for text without a header', () => {
    expect([...readCsv('1,x\n2,y', { header: ['a', 'b'] }).rows()]).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
    ]);
    expect(readCsv('', { header: ['a'] }).length).toBe(0);
    expect(readCsv('a,b\n').length).toBe(0);
  });

  it.each([
    ['', {}, 'log.csv is empty'],
    ['a,b\n1,2\n3\n', {}, 'log.csv, line 3, column 2: 1 field in a row of a table of 2 columns'],
    ['a,b\n"1\n2",2,3\n', {}, 'log.csv, line 3, column 6: 3 fields in a row of a table of 2 columns'],
    ['a,b,a\n', {}, "log.csv, line 1, column 5: a second column is called 'a'"],
    ['a,__proto__\n', {}, "log.csv, line 1, column 3: no column can be called '__proto__'"],
    ['a,b\n1,"x\n', {}, 'log.csv, line 2, column 3: a field opens with a quote that is never closed'],
    ['a,b\n"x"y,1\n', {}, 'log.csv, line 2, column 4: a quoted field goes on after its closing quote'],
    ['a,b\n"x\n",1\n2,z\n', { columns: { b: 'number' } }, "log.csv, line 4, column 3: 'z' is no number"],
    [
      'a\n1,5\n',
      { columns: { a: 'number' }, separator: ';' },
      "'1,5' is no number, in which '.' stands before",
    ],
    ['a\n1e999\n', { columns: { a: 'number' } }, "'1e999' is too large for a number"],
    ['a\n9007199254740993\n', { columns: { a: 'number' } }, 'has more digits than a number holds'],
    ['a\nyes\n', { columns: { a: 'boolean' } }, "line 2, column 1: 'yes' is neither true nor false"],
    ['a\n2024-02-30\n', { columns: { a: 'date' } }, "line 2, column 1: the date '2024-02-30' does not exist"],
    ['abcdef\n', { maxRowLength: 5 }, 'log.csv, line 1: a row goes on for more than 5 characters'],
    [
      'a\n"bcdefg',
      { maxRowLength: 5 },
      'log.csv, line 2, column 1: a field opens with a quote that is not closed',
    ],
  ] as const)('says what is wrong with %j', (text, options, message) => {
    const read = () => readCsv(text, { name: 'log.csv', ...options });
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
    expect(() => readCsv(new TextEncoder().encode(text), { name: 'log.csv', ...options })).toThrow(message);
  });

  it.each([
    [{ columns: { ages: 'number' } }, "the text: the column 'ages' is not known: did you mean 'age'?"],
    [{ columns: { age: 'integer' } }, "the type of 'age', 'integer' is not known"],
    [{ delimiter: ';' }, "option 'delimiter' is not known"],
    [{ separator: ', ' }, 'separator must be one character'],
    [{ decimal: ';' }, "decimal must be '.' or ','"],
    [{ missing: 'NA' }, 'missing must be an array of texts'],
  ])('refuses %j', (options, message) => {
    const read = () => readCsv('age,city\n31,Oslo', options as object);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(message);
  });

  it('names the place of bytes that are no UTF-8', () => {
    const latin = Uint8Array.from('name,age\nJos\xe9,31\n', (character) => character.charCodeAt(0));
    expect(() => readCsv(latin, { name: 'latin.csv' })).toThrow(
      'latin.csv, line 2, column 4: the byte 0xE9 is no UTF-8: save the file in UTF-8',
    );
    const wide = new Uint8Array(new Uint16Array([0xfeff, 0x61, 0x0a]).buffer);
    expect(() => readCsv(wide)).toThrow('the text, line 1, column 1: the byte 0xFF is no UTF-8');
    expect(() => readCsv(wide.subarray(2))).toThrow(
      'the text, line 1, column 2: a zero byte, as UTF-16 has it',
    );
    expect(() => readCsv(Uint8Array.of(0x61, 0x0a, 0xe2, 0x82))).toThrow(
      'the text, line 2, column 1: the text ends within a character of UTF-8',
    );
  });
});

describe('streamCsv', () => {
  it('reads typed rows, and all other columns as texts', async () => {
    const columns = { customer: 'string', date: 'date', amount: 'number' } as const;
    const rows = await collect(
      streamCsv(['customer,date,', 'amount,note\nc1,2024-01-0', '2,5.5,x\nc2,,,\n'], { columns }),
    );
    expect(rows).toEqual([
      { customer: 'c1', date: Date.UTC(2024, 0, 2), amount: 5.5, note: 'x' },
      { customer: 'c2', date: Number.NaN, amount: Number.NaN, note: null },
    ]);
    const amount: number = rows[0]?.amount ?? 0;
    expect(amount).toBe(5.5);
  });

  it('reads the same from pieces of any size as from the whole', async () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', '"', ',', '\n', '\r', '\ufeff', 'é', '😀', ';'),
      maxLength: 6,
    });
    const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 });
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        rows,
        sizes,
        fc.constantFrom('\r\n', '\n', '\r'),
        async (cells, lengths, lineBreak) => {
          const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const text = [['x', 'y'], ...cells].map((row) => row.map(quote).join(',')).join(lineBreak);
          const bytes = new TextEncoder().encode(text);
          const pieces: Uint8Array[] = [];
          for (let start = 0, k = 0; start < bytes.length; k++) {
            const size = lengths[k % lengths.length] as number;
            pieces.push(bytes.subarray(start, start + size));
            start += size;
          }
          const expected = cells.map(([x, y]) => ({ x, y }));
          const options = { missing: [], columns: { x: 'string', y: 'string' } } as const;
          expect(await collect(streamCsv(pieces, options))).toEqual(expected);
          expect([...readCsv(text, options).rows()]).toEqual(expected);
        },
      ),
    );
  });

  it('names the same place whatever the pieces are', async () => {
    const bytes = Uint8Array.from('a,b\n"1\r\n2",x\r\n3,\xff\n', (character) => character.charCodeAt(0));
    for (let size = 1; size <= bytes.length; size++) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, k) =>
        bytes.subarray(k * size, (k + 1) * size),
      );
      await expect(collect(streamCsv(pieces))).rejects.toThrow('line 4, column 3: the byte 0xFF');
    }
  });

  it('does not let a quote that is never closed eat the memory', async () => {
    let pieces = 0;
    async function* endless(): AsyncGenerator<string> {
      yield 'a,b\n1,"';
      for (;;) {
        pieces++;
        yield 'x\n'.repeat(5000);
      }
    }
    await expect(collect(streamCsv(endless(), { maxRowLength: 100_000 }))).rejects.toThrow(
      'line 2, column 3: a field opens with a quote that is not closed, in a row for more than 100000 characters',
    );
    expect(pieces).toBeLessThan(12);
  });

  it('reads a ReadableStream, and lets go of it when nobody reads on', async () => {
    let cancelled = false;
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('a\n1\n2\n')),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const { a } of streamCsv(source)) {
      expect(a).toBe('1');
      break;
    }
    expect(cancelled).toBe(true);
  });

  it('refuses what it cannot read', async () => {
    await expect(collect(streamCsv('a\n1' as never))).rejects.toThrow(
      'streamCsv reads an iterable of strings',
    );
    await expect(collect(streamCsv(['a'], { others: 'auto' }))).rejects.toThrow('cannot find out the type');
    await expect(collect(streamCsv([]))).rejects.toThrow('the text is empty');
  });
});

describe('writeCsv', () => {
  it('writes what RFC 4180 asks for', () => {
    const people = table({
      name: ['Ada, "Countess"', null],
      born: [1815, Number.NaN],
      'a\nb': [true, false],
    });
    expect(writeCsv(people)).toBe('name,born,"a\nb"\r\n"Ada, ""Countess""",1815,true\r\n,,false\r\n');
    expect(
      writeCsv([{ a: 1.5, b: null }], { separator: ';', decimal: ',', missing: 'NA', lineBreak: '\n' }),
    ).toBe('a;b\n1,5;NA\n');
    expect(writeCsv([{ a: '' }, { a: 'x' }], { missing: 'NA' })).toBe('a\r\n""\r\nx\r\n');
  });

  it('is read back equal, to the last bit', () => {
    const number = fc.double({ noDefaultInfinity: true });
    const date = fc.date({ min: new Date(-59e12), max: new Date(253e12), noInvalidDate: true });
    const text = fc.string({
      unit: fc.constantFrom('a', ' ', '"', ',', ';', '\t', '\n', '\r', '\ufeff', '😀'),
      minLength: 1,
    });
    const rows = fc.array(
      fc.record({
        number,
        date,
        text: fc.option(text),
        flag: fc.option(fc.boolean()),
        'a;b;c': fc.integer(),
      }),
      { minLength: 1, maxLength: 10 },
    );
    const options = fc.record({
      separator: fc.constantFrom(',', ';', '\t'),
      lineBreak: fc.constantFrom('\n' as const, '\r\n' as const),
      decimal: fc.constantFrom('.' as const, ',' as const),
    });
    fc.assert(
      fc.property(rows, options, (given, how) => {
        const columns: Record<string, ColumnInput> = {};
        for (const name of Object.keys(given[0] as object)) {
          columns[name] = given.map((row) => row[name as keyof typeof row]);
        }
        columns.number = Float64Array.from(given, (row) => row.number);
        const written = table({ ...columns, last: given.map((_, row) => row + 0.0001) });
        const read = readCsv(writeCsv(written, how), {
          decimal: how.decimal,
          columns: { number: 'number', date: 'date', text: 'string', flag: 'boolean', 'a;b;c': 'number' },
        });
        expect([...read.rows()]).toEqual([...written.rows()]);
      }),
    );
  });

  it.each([
    [[], 'got no rows'],
    [[{ a: 1 }, { b: 1 }], 'row 1 has b but the first one has a'],
    [[{ a: '' }], "has '', which as text stands for a missing value"],
    [[{ a: Number.POSITIVE_INFINITY }], 'has Infinity'],
  ])('refuses %j', (rows, message) => {
    expect(() => writeCsv(rows as never)).toThrow(message);
  });
});
