/**
 * The `.ts` files of the UCR and UEA archives of time series (timeseriesclassification.com), as the aeon and sktime projects
 * describe them ("ts File Format v1.0", 2022): lines that begin with # are comments, those that begin with @ say what the
 * data is, and below @data every line is a case, its dimensions behind each other, then its class or its target:
 *
 *     @problemName Walks
 *     @timeStamps false
 *     @missing true
 *     @univariate false
 *     @dimensions 2
 *     @equalLength false
 *     @classLabel true walking standing
 *     @data
 *     0.5,0.75,?:1,2,3:walking
 *
 * With @timeStamps true a value is `(2024-01-01 12:30:00,0.5)`, or has a number in the place of the date. What the header says
 * has to be so.
 */
import { FormatError } from '../core/errors.js';
import { type Tensor, tensor } from '../core/tensor.js';
import { type Case, readCase } from './time-series-case.js';
import { headerReader, type TimeSeriesHeader } from './time-series-header.js';
import { textOf } from './utf8.js';

/** Row r of `x` is the case r of the file. */
export interface TimeSeries {
  /** What the file calls itself; empty where it does not. */
  readonly problemName: string;
  /** `[cases, steps, dimensions]`, NaN where a value is missing, with lengths where cases are of unequal length. */
  readonly x: Tensor<Float64Array>;
  /** How many steps each case has. */
  readonly lengths: readonly number[];
  /** The classes that the header names; empty without any. */
  readonly classes: readonly string[];
  /** The place of each case's class among `classes`; empty without classes. */
  readonly labels: Int32Array;
  /** The number that each case has in place of a class, as in the archive of regression; empty without. NaN where it is missing. */
  readonly targets: Float64Array;
  /** The times of each case's steps, in milliseconds since 1970 or in what numbers the file has; empty without. */
  readonly times: readonly Float64Array[];
}

const MOST_NUMBERS = 2 ** 31;

/**
 * Reads a `.ts` file.
 *
 * @param source  its text, or its bytes in UTF-8
 * @param options.name  what the file is called in an error
 * @throws FormatError for what does not follow the format, or contradicts its own header, with line and column
 *
 * @example
 * const { x, labels, classes } = readTimeSeries(await readFile('JapaneseVowels_TRAIN.ts'), { name: 'JapaneseVowels_TRAIN.ts' });
 * const model = sequential([lstm(32), dense(classes.length, { activation: 'softmax' })]);
 * await model.fit(standardScaler().fit(x).transform(x), labels); // { missing: 'mask' } where values are missing
 */
export function readTimeSeries(
  source: string | Uint8Array,
  options: { readonly name?: string } = {},
): TimeSeries {
  const name = options.name ?? 'the file';
  const text = textOf(source, name);
  const reader = headerReader(name);
  const cases: Case[] = [];
  let header: TimeSeriesHeader | undefined;
  let line = 0;
  for (const row of text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)) {
    line++;
    if (row.trim() === '' || row.trimStart().startsWith('#')) continue;
    if (header === undefined) header = reader.read(row, line);
    else cases.push(readCase(row, line, header, cases[0], name));
  }
  if (header === undefined) throw new FormatError(`${name}, line ${line}: the file ends before @data`);
  if (cases.length === 0) throw new FormatError(`${name}, line ${line}: there is no case below @data`);
  return collect(header, cases, name);
}

function collect(header: TimeSeriesHeader, cases: readonly Case[], name: string): TimeSeries {
  const lengths = cases.map(({ steps }) => steps);
  const longest = lengths.reduce((most, steps) => Math.max(most, steps), 0);
  const dimensions = cases[0]?.dimensions.length ?? 0;
  if (cases.length * longest * dimensions > MOST_NUMBERS) {
    throw new FormatError(
      `${name}: ${cases.length} cases padded to the longest, of ${longest} steps, do not fit in memory; cut it into several files by length`,
    );
  }
  const data = new Float64Array(cases.length * longest * dimensions);
  for (const [row, { dimensions: values }] of cases.entries()) {
    for (const [d, dimension] of values.entries()) {
      for (const [step, value] of dimension.entries()) {
        data[(row * longest + step) * dimensions + d] = value;
      }
    }
  }
  const isRagged = lengths.some((steps) => steps !== longest);
  return {
    problemName: header.problemName,
    x: tensor(data, [cases.length, longest, dimensions], isRagged ? { lengths } : {}),
    lengths,
    classes: header.classes ?? [],
    labels: Int32Array.from(header.classes === undefined ? [] : cases, ({ label }) => label),
    targets: Float64Array.from(header.hasTarget ? cases : [], ({ label }) => label),
    times: header.timeStamps ? cases.map(({ times }) => times) : [],
  };
}
