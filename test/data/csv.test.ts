import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/core/errors.js';
import { detectSeparator, readDelimited } from '../../src/data/csv.js';

const fieldsOf = (text: string) => [...readDelimited(text)].map((row) => row.fields);

describe('readDelimited', () => {
  it('reads the examples of RFC 4180, section 2', () => {
    expect(fieldsOf('aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n')).toEqual([
      ['aaa', 'bbb', 'ccc'],
      ['zzz', 'yyy', 'xxx'],
    ]);
    expect(fieldsOf('"aaa","b\r\nbb","ccc"\r\nzzz,yyy,xxx')).toEqual([
      ['aaa', 'b\r\nbb', 'ccc'],
      ['zzz', 'yyy', 'xxx'],
    ]);
    expect(fieldsOf('"aaa","b""bb","ccc"')).toEqual([['aaa', 'b"bb', 'ccc']]);
  });

  it.each(['\n', '\r\n', '\r'])(
    'ends a line with %j, with or without one at the end of the text',
    (lineBreak) => {
      const rows = [
        ['a', 'b'],
        ['1', '2'],
      ];
      const text = rows.map((row) => row.join(',')).join(lineBreak);
      expect(fieldsOf(text)).toEqual(rows);
      expect(fieldsOf(text + lineBreak)).toEqual(rows);
    },
  );

  it('passes over a byte-order mark, before a quote too', () => {
    expect(fieldsOf('\ufeffa,b')).toEqual([['a', 'b']]);
    expect(fieldsOf('\ufeff"a",b')).toEqual([['a', 'b']]);
  });

  it('leaves out empty lines but keeps empty fields', () => {
    expect(fieldsOf('\n\na,\n\n,\n""\n')).toEqual([['a', ''], ['', ''], ['']]);
    expect(fieldsOf('')).toEqual([]);
  });

  it('takes a quote inside an unquoted field as it stands', () => {
    expect(fieldsOf('5" nail,1')).toEqual([['5" nail', '1']]);
  });

  it('says where each row begins and what it looks like', () => {
    const rows = [...readDelimited('a,b\n"1\r\n2\n3",x\r\n\n""""\rlast')];
    expect(rows.map(({ line, text }) => [line, text])).toEqual([
      [1, 'a,b'],
      [2, '"1\r\n2\n3",x'],
      [6, '""""'],
      [7, 'last'],
    ]);
    expect(rows[2]?.fields).toEqual(['"']);
  });

  it('takes the separator that it is given', () => {
    const rows = [...readDelimited('a|b,c', { separator: '|' })];
    expect(rows[0]?.fields).toEqual(['a', 'b,c']);
  });

  it('names the line of a quote that is never closed', () => {
    const read = () => [...readDelimited('a,b\n1,"2\n3,4\n', { name: 'log.csv' })];
    expect(read).toThrow(FormatError);
    expect(read).toThrow('log.csv, line 2, column 3: a field opens with a quote that is never closed');
  });

  it('names the line of a quoted field that goes on', () => {
    expect(() => fieldsOf('a,b\n"1\n2"3,4')).toThrow(
      'the text, line 3, column 3: a quoted field goes on after its closing quote',
    );
  });

  it('gives back what was written, whatever it was', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\t', '\n', '\r', ' ', 'é', '😀') });
    const table = fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 });
    const separator = fc.constantFrom(',', ';', '\t');
    const lineBreak = fc.constantFrom('\n', '\r\n', '\r');
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(table, separator, lineBreak, (rows, between, end) => {
        const text = rows.map((row) => row.map(quote).join(between)).join(end);
        expect([...readDelimited(text, { separator: between })].map((row) => row.fields)).toEqual(rows);
      }),
    );
  });

  it('reads any text or says no with a FormatError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '\ufeff') }), (text) => {
        try {
          fieldsOf(text);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });

  it('reads megabytes, also of quotes, in the blink of an eye', () => {
    const rows = 200_000;
    const text = `id,date,amount\n${'1,2024-01-01,"1""2"\n'.repeat(rows)}`;
    let count = 0;
    for (const row of readDelimited(text)) count += row.fields.length;
    expect(count).toBe(3 * (rows + 1));
    expect(() => fieldsOf(`a,"${'""\n'.repeat(1_000_000)}`)).toThrow(FormatError);
  });
});

describe('detectSeparator', () => {
  it.each([
    ['a,b,c\n1;2;3;4;5', ','],
    ['a;b;c\n1,2', ';'],
    ['a\tb', '\t'],
    ['"a,b,c";d', ';'],
    ['\n\n"x\ny,z";d', ';'],
    ['\ufeff\r\na;b', ';'],
    ['a', ','],
    ['', ','],
  ])('finds it in the first row of %j', (text, separator) => {
    expect(detectSeparator(text)).toBe(separator);
  });
});
