import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/core/errors.js';
import { readTimeSeries } from '../../src/data/time-series-file.js';

const walks = `# Two kinds of movement
#
@problemName Two Walks
@timestamps false
@missing true
@univariate false
@dimensions 2
@equalLength false
@classLabel true walking standing

@data
0.5,.75,?:1,2,3:walking
-1e-3:4:standing
`;

describe('readTimeSeries', () => {
  it('reads cases of unequal lengths, of several dimensions, with classes and missing values', () => {
    const { problemName, x, lengths, classes, labels, targets, times } = readTimeSeries(walks);
    expect(problemName).toBe('Two Walks');
    expect(x.shape).toEqual([2, 3, 2]);
    expect(x.lengths).toEqual([2 + 1, 1]);
    expect(lengths).toEqual([3, 1]);
    expect(Array.from(x.data)).toEqual([0.5, 1, 0.75, 2, Number.NaN, 3, -0.001, 4, 0, 0, 0, 0]);
    expect(classes).toEqual(['walking', 'standing']);
    expect(Array.from(labels)).toEqual([0, 1]);
    expect(targets.length + times.length).toBe(0);
    expect(readTimeSeries(new TextEncoder().encode(`\ufeff${walks.replaceAll('\n', '\r\n')}`))).toEqual(
      readTimeSeries(walks),
    );
  });

  it('reads what a header need not say', () => {
    const { x, classes, problemName } = readTimeSeries('@data\n1,2\n3,4');
    expect([x.shape, x.lengths, classes, problemName]).toEqual([[2, 2, 1], undefined, [], '']);
    expect(Array.from(x.data)).toEqual([1, 2, 3, 4]);
  });

  it('reads targets, as the archive of regression has them', () => {
    const { targets, labels, x } = readTimeSeries(
      '@univariate true\n@targetLabel true\n@data\n1,2:0.25\n3,4:?\n',
    );
    expect(targets).toEqual(Float64Array.of(0.25, Number.NaN));
    expect(labels.length).toBe(0);
    expect(x.shape).toEqual([2, 2, 1]);
  });

  it('reads values with their times, which may hold colons', () => {
    const { times, x } = readTimeSeries(
      '@timeStamps true\n@dimensions 2\n@classLabel true a\n@data\n' +
        '(2024-01-01 12:30:00,1), (2024-01-01 12:31:00,?):(2024-01-01 12:30:00,3),(2024-01-01 12:31:00,4):a\n' +
        '(0,5),(1.5,6):(0,7),(1.5,8):a\n',
    );
    const noon = Date.UTC(2024, 0, 1, 12, 30);
    expect(times).toEqual([Float64Array.of(noon, noon + 60_000), Float64Array.of(0, 1.5)]);
    expect(Array.from(x.data)).toEqual([1, 3, Number.NaN, 4, 5, 7, 6, 8]);
  });

  it.each([
    ['', 'line 1: the file ends before @data'],
    ['@data\n', 'line 2: there is no case below @data'],
    ['1,2,3\n', 'line 1, column 1: before @data, lines begin with @'],
    ['@dimension 1\n@dimensions 1\n@data\n1', 'line 2, column 1: @dimensions is there twice'],
    ['@classLable true a\n@data\n1:a', 'the format has no @classLable: did you mean @classLabel?'],
    ['@missing maybe\n@data\n1', "line 1, column 10: @missing is true or false but is 'maybe'"],
    ['@dimensions two\n@data\n1', "line 1, column 13: @dimensions is a whole number but is 'two'"],
    ['@univariate true\n@dimensions 2\n@data\n1', '@univariate is true, but @dimensions is 2'],
    ['@classLabel true\n@data\n1:a', '@classLabel names classes, all different'],
    ['@classLabel true a\n@targetLabel true\n@data\n1:a', 'a case has a class or a target'],
    ['@classLabel true a b\n@data\n1,2:c\n', "line 3, column 5: 'c' is none of the classes"],
    ['@dimensions 2\n@data\n1,2\n', 'line 3, column 4: a case has 2 dimensions'],
    ['@dimensions 1\n@data\n1,2:3,4\n', 'line 3, column 5: a case has 1 dimensions'],
    ['@data\n1,2:3,4\n5:6:7\n', 'line 3, column 5: a case has 2 dimensions'],
    ['@data\n1,2:3\n', 'line 2, column 5: dimension 1 has 1 steps, but the first one has 2'],
    ['@equalLength true\n@data\n1,2\n1,2,3\n', 'line 4, column 1: a case has 2 steps but this one has 3'],
    ['@equalLength true\n@seriesLength 3\n@data\n1,2\n', 'a case has 3 steps but this one has 2'],
    ['@data\n1,two\n', "line 2, column 3: 'two' is no number; ? stands for"],
    ['@data\n1,,2\n', "line 2, column 3: '' is no number"],
    ['@data\n1,1e999\n', "line 2, column 3: '1e999' is no number"],
    ['@missing false\n@data\n1,?\n', 'line 3, column 3: a value is missing, but @missing is false'],
    ['@timeStamps true\n@data\n1,2\n', "line 3, column 1: values come as (time,value), but here is '1,2'"],
    ['@timeStamps true\n@data\n(0,1),(x,2)\n', "line 3, column 7: the date 'x' is in none of the formats"],
    [
      '@timeStamps true\n@dimensions 2\n@data\n(0,1):(1,1)\n',
      'dimension 1 has other times than the first one',
    ],
  ])('says what is wrong with %j', (text, message) => {
    const read = () => readTimeSeries(text, { name: 'walks.ts' });
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
    expect(read).toThrow('walks.ts');
  });

  it('names the place of bytes that are no UTF-8, and what is no file', () => {
    const latin = Uint8Array.from('@data\n1,\xb5', (character) => character.charCodeAt(0));
    expect(() => readTimeSeries(latin)).toThrow('the file, line 2, column 3: the byte 0xB5 is no UTF-8');
    expect(() => readTimeSeries(5 as never)).toThrow('is read from a string or a Uint8Array but got 5');
  });
});
