/** What is printed: rows in Markdown, with a bar each and whether it was held. */
import type { Outcome } from './comparison.js';
import { median } from './statistics.js';

export interface Row {
  readonly work: string;
  readonly ours: string;
  /** Of what it is compared to, and what that is. */
  readonly theirs: string;
  readonly figure: string;
  /** In words, or a dash. */
  readonly bar: string;
  /** Undefined where there is no bar, or no figure. */
  readonly held: boolean | undefined;
  readonly note: string;
}

const HEADINGS = ['work', 'Longhand', 'compared to', 'figure', 'bar', 'held', 'note'];

export function markdownTable(rows: readonly Row[]): string {
  const cells = rows.map(({ work, ours, theirs, figure, bar, held, note }) => {
    return [work, ours, theirs, figure, bar, held === undefined ? '' : held ? 'yes' : '**no**', note];
  });
  const table = [HEADINGS, HEADINGS.map(() => '---'), ...cells];
  return table.map((line) => `| ${line.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
}

/** A row of two libraries in turns; a ratio of at most `limit` holds the bar. */
export function comparisonRow(work: string, peer: string, limit: number | undefined, outcome: Outcome): Row {
  const { ours, theirs, ratioOfMedians, medianOfRatios, outputDifference } = outcome;
  return {
    work,
    ours: formatTimes(ours.milliseconds),
    theirs: `${peer}: ${formatTimes(theirs.milliseconds)}`,
    figure: `${formatRatio(ratioOfMedians)} (by rounds ${formatRatio(medianOfRatios)})`,
    bar: limit === undefined ? '-' : `<= ${formatLimit(limit)}`,
    held: limit === undefined ? undefined : ratioOfMedians <= limit,
    note: `${ours.about} against ${theirs.about}; ${ours.milliseconds.length} rounds; outputs within ${outputDifference.toExponential(0)}`,
  };
}

/** A row without a figure, which says why there is none. */
export function missingRow(
  work: string,
  peer: string,
  limit: number | undefined,
  why: string,
  figure = 'missing',
): Row {
  const bar = limit === undefined ? '-' : `<= ${formatLimit(limit)}`;
  return { work, ours: '', theirs: peer, figure, bar, held: undefined, note: oneLine(why) };
}

/** The median, and the least and the most of all rounds, in milliseconds. */
export function formatTimes(milliseconds: readonly number[]): string {
  const [middle, least, most] = [median(milliseconds), Math.min(...milliseconds), Math.max(...milliseconds)];
  return `${formatNumber(middle)} ms (${formatNumber(least)}-${formatNumber(most)})`;
}

/** Three digits that count. */
export function formatNumber(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 12));
}

/** A ratio below a tenth as a fraction, as the bars have it. */
export function formatRatio(ratio: number): string {
  return ratio < 0.1 ? `1/${formatNumber(1 / ratio)}` : ratio.toFixed(2);
}

function formatLimit(limit: number): string {
  const inverse = 1 / limit;
  return limit < 0.5 && Math.abs(inverse - Math.round(inverse)) < 1e-9
    ? `1/${Math.round(inverse)}`
    : String(limit);
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 157)}...` : line;
}
