/** A line below @data of a `.ts` file, a case: see time-series-file.ts. */
import { FormatError } from '../core/errors.js';
import { parseInstant } from './calendar.js';
import type { TimeSeriesHeader } from './time-series-header.js';

export interface Case {
  /** The values of each dimension, step by step; NaN where one is missing. */
  readonly dimensions: readonly Float64Array[];
  readonly steps: number;
  /** The time of each step, where they are told. */
  readonly times: Float64Array;
  /** The place of its class, or its target; 0 without either. */
  readonly label: number;
}

/** A piece of a line, and where it begins, counted from 0. */
interface Piece {
  readonly text: string;
  readonly start: number;
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
/** What stands for a missing value: the format's sign, and what other programs write. */
const MISSING = /^(?:\?|nan)$/i;

/**
 * @param first  the first case of the file, whose dimensions and steps the others have too where the header says so
 * @throws FormatError for what is no case, or contradicts the header
 */
export function readCase(
  row: string,
  line: number,
  header: TimeSeriesHeader,
  first: Case | undefined,
  name: string,
): Case {
  const fail = (at: number, problem: string) =>
    new FormatError(`${name}, line ${line}, column ${at + 1}: ${problem}`);
  const pieces = cut(row, 0, ':');
  const hasLabel = header.classes !== undefined || header.hasTarget;
  const last = hasLabel ? pieces.pop() : undefined;
  const read = pieces.map((piece) => (header.timeStamps ? readStamped(piece) : readPlain(piece)));
  const expected = header.dimensions ?? first?.dimensions.length ?? read.length;
  if (read.length !== expected || read.length === 0) {
    const behind = hasLabel ? ` and a ${header.hasTarget ? 'target' : 'class'}` : '';
    throw fail(
      pieces[expected]?.start ?? row.length,
      `a case has ${expected} dimensions${behind}, with ':' between, but this one has ${read.length}`,
    );
  }
  const steps = read[0]?.values.length ?? 0;
  for (const [d, { values }] of read.entries()) {
    if (values.length === steps) continue;
    throw fail(
      pieces[d]?.start ?? 0,
      `dimension ${d} has ${values.length} steps, but the first one has ${steps}`,
    );
  }
  const length = header.seriesLength ?? (header.equalLength === true ? first?.steps : undefined) ?? steps;
  if (steps !== length) throw fail(0, `a case has ${length} steps but this one has ${steps}`);
  const times = read[0]?.times ?? new Float64Array(0);
  for (const [d, other] of read.entries()) {
    if (other.times.every((time, step) => time === times[step])) continue;
    throw fail(pieces[d]?.start ?? 0, `dimension ${d} has other times than the first one`);
  }
  const dimensions = read.map(({ values }) => values);
  return { dimensions, steps, times, label: last === undefined ? 0 : readLabel(last) };

  function readPlain(piece: Piece): { values: Float64Array; times: Float64Array } {
    const values = Float64Array.from(cut(piece.text, piece.start, ','), readValue);
    return { values, times: new Float64Array(0) };
  }

  function readValue({ text, start }: Piece): number {
    const trimmed = text.trim();
    if (NUMBER.test(trimmed) && Number.isFinite(Number(trimmed))) return Number(trimmed);
    if (!MISSING.test(trimmed)) {
      throw fail(start, `'${shorten(trimmed)}' is no number; ? stands for one that is missing`);
    }
    if (header.missing !== false) return Number.NaN;
    throw fail(start, 'a value is missing, but @missing is false');
  }

  /** Values as `(time,value)`. */
  function readStamped({ text, start }: Piece): { values: Float64Array; times: Float64Array } {
    const values: number[] = [];
    const times: number[] = [];
    const pair = /\s*\(([^(),]*),([^(),]*)\)\s*(,|$)/y;
    let goesOn = true;
    while (goesOn) {
      const from = pair.lastIndex;
      const match = pair.exec(text);
      if (match === null) {
        throw fail(start + from, `values come as (time,value), but here is '${shorten(text.slice(from))}'`);
      }
      const [, time = '', value = '', comma] = match;
      times.push(readTime(time.trim(), start + from));
      values.push(readValue({ text: value, start: start + from + match[0].indexOf(',') + 1 }));
      goesOn = comma === ',';
    }
    return { values: Float64Array.from(values), times: Float64Array.from(times) };
  }

  function readTime(text: string, start: number): number {
    if (NUMBER.test(text) && Number.isFinite(Number(text))) return Number(text);
    const time = parseInstant(text);
    if (typeof time === 'number') return time;
    throw fail(start, time.problem);
  }

  function readLabel({ text, start }: Piece): number {
    const trimmed = text.trim();
    if (header.hasTarget) return readValue({ text, start });
    const place = header.classes?.indexOf(trimmed) ?? -1;
    if (place >= 0) return place;
    throw fail(start, `'${shorten(trimmed)}' is none of the classes that @classLabel names`);
  }
}

/** The pieces between separators; one within brackets separates nothing. */
function cut(text: string, offset: number, separator: string): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === separator && depth <= 0) {
      pieces.push({ text: text.slice(start, at), start: offset + start });
      start = at + 1;
    }
  }
  pieces.push({ text: text.slice(start), start: offset + start });
  return pieces;
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
