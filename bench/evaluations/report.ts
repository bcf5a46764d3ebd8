/** The table of what was measured, for a terminal and as docs/results.md. */
import { type Bar, type Comparison, type Evaluation, figureFor, isReached, SEEDS } from './evaluation.js';
import type { Measured, RunRecord } from './records.js';

/** What stands in a row: a metric of an evaluation. */
interface Row {
  readonly evaluation: Evaluation;
  readonly metric: string;
  readonly ours: string;
  readonly seeds: string;
  readonly baseline: string;
  readonly published: string;
  readonly bar: string;
  readonly held: string;
  readonly seconds: string;
}

export type Results = ReadonlyMap<Evaluation, Measured>;

const COLUMNS = ['evaluation', 'figure', 'ours', 'seeds', 'baseline', 'published', 'bar', '', 'seconds'];

/** A table for a terminal, of the evaluations that were measured. */
export function terminalTable(results: Results): string {
  const rows = rowsOf(results).map((row) => [
    row.evaluation.name,
    row.metric,
    row.ours,
    row.seeds,
    figureOf(row.baseline),
    figureOf(row.published),
    row.bar,
    row.held,
    row.seconds,
  ]);
  const cells = [COLUMNS, ...rows];
  const widths = COLUMNS.map((_, k) => Math.max(...cells.map((row) => (row[k] as string).length)));
  const lines = cells.map((row) => row.map((cell, k) => cell.padEnd(widths[k] as number)).join('  '));
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** What stands before the name of the model. */
function figureOf(cell: string): string {
  return cell.replace(/ \(.*/, '');
}

/** The page: the table, what each row means, and what was not measured. */
export function resultsPage(results: Results): string {
  const rows = rowsOf(results);
  const measured = [...results].filter(([, { runs }]) => runs.length > 0);
  const missing = [...results.keys()].filter((each) => !measured.some(([evaluation]) => evaluation === each));
  return `${[
    '# Results',
    '',
    'Written by `npm run evaluate` from what it measured; what is measured and how recipes were chosen is in',
    '[evaluations.md](evaluations.md). Each figure of ours is the mean over so many seeds, from 1 on, with the least and the most of',
    'them behind it. Of baselines and of published figures the best stands in the table; all are below. The seconds are of the',
    'processor, for one seed: what the clock says where nothing else runs. Each run is a line of',
    '[results.jsonl](../bench/evaluations/results.jsonl).',
    '',
    ...placesOf(measured.flatMap(([, { runs }]) => runs)),
    '',
    '| evaluation | figure | ours | seeds | baseline | published | bar | | seconds |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows.map((row) =>
      [
        `| [${row.evaluation.name}](#${row.evaluation.name})`,
        row.metric,
        row.ours,
        row.seeds,
        row.baseline,
        row.published,
        row.bar,
        row.held.replace('MISSED', '**missed**'),
        `${row.seconds} |`,
      ].join(' | '),
    ),
    '',
    ...(missing.length > 0 ? ['Not measured so far:', '', ...missing.map(describeMissing), ''] : []),
    '## What the rows mean',
    '',
    ...measured.flatMap(([evaluation, { runs, baselines }]) => section(evaluation, runs, baselines)),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function describeMissing({ name, data }: Evaluation): string {
  return `- \`${name}\`${data ? `, which needs ${needs(data)}` : ''}`;
}

export function needs({ folder, files, source }: NonNullable<Evaluation['data']>): string {
  const paths = files.map((file) => `${folder}/${file}`);
  return `${paths.join(', ')} (${source})`;
}

function section(
  { name, about, recipe, comparisons, package: from, data }: Evaluation,
  runs: readonly RunRecord[],
  baselines: readonly Comparison[],
): string[] {
  const count = runs.length === 1 ? 'one seed' : `${runs.length} seeds`;
  return [
    `### ${name}`,
    '',
    `${about}.`,
    '',
    `- Ours: ${recipe}. ${count.replace(/^./, (letter) => letter.toUpperCase())}.`,
    ...[...baselines, ...comparisons].map(({ model, figures, source }) => {
      const shown = Object.entries(figures).map(([metric, value]) => `${metric} ${format(value)}`);
      return `- ${model.replace(/^./, (letter) => letter.toUpperCase())}: ${shown.join(', ')}; ${source}.`;
    }),
    `- Data: ${data ? needs(data) : from ? `the npm package \`${from}\`` : 'generated'}.`,
    '',
    '```sh',
    `npm run evaluate -- --only ${name}`,
    '```',
    '',
  ];
}

/** On what it was measured, a line for each machine or version. */
function placesOf(runs: readonly RunRecord[]): string[] {
  const places = new Map<string, { dates: string[]; names: Set<string> }>();
  for (const { processor, cores, node, backend, date, evaluation } of runs) {
    const place = `${processor}, ${cores} cores, Node ${node}, backend \`${backend}\``;
    const { dates, names } = places.get(place) ?? { dates: [], names: new Set() };
    dates.push(date);
    names.add(evaluation);
    places.set(place, { dates, names });
  }
  return [...places].map(([place, { dates, names }]) => {
    const [first, last] = [dates.reduce((a, b) => (a < b ? a : b)), dates.reduce((a, b) => (a > b ? a : b))];
    const when = first === last ? first : `${first} to ${last}`;
    return `Measured on: ${place}, ${when}${places.size > 1 ? ` (${[...names].join(', ')})` : ''}.`;
  });
}

function rowsOf(results: Results): Row[] {
  return [...results].flatMap(([evaluation, { runs, baselines }]) => {
    const [first] = runs;
    if (first === undefined) return [];
    const isComplete = runs.length >= (evaluation.seeds ?? SEEDS);
    return Object.keys(first.figures).map((metric, k): Row => {
      const values = runs.map(({ figures }) => figures[metric] ?? Number.NaN);
      const bars = evaluation.bars.filter((bar) => bar.metric === metric);
      const others = [...baselines, ...evaluation.comparisons];
      return {
        evaluation,
        metric,
        ours: meanAndSpread(values),
        seeds: String(runs.length),
        baseline: strongest(others, 'baseline', metric, bars[0]?.better),
        published: strongest(others, 'published', metric, bars[0]?.better),
        bar: bars.map(describeBar).join(', '),
        held: bars.length === 0 ? '' : verdict(bars, values, isComplete),
        // Once for an evaluation.
        seconds: k === 0 ? format(mean(runs.map(({ processorSeconds }) => processorSeconds)), 0) : '',
      };
    });
  });
}

/** The bars are about so many seeds: before they are all there it is a verdict so far. */
function verdict(bars: readonly Bar[], values: readonly number[], isComplete: boolean): string {
  const areReached = (some: readonly Bar[]) => some.every((bar) => isReached(bar, figureFor(bar, values)));
  const [prizes, others] = [bars.filter(({ prize }) => prize), bars.filter(({ prize }) => !prize)];
  const words = [
    ...(others.length > 0 ? [areReached(others) ? 'held' : 'MISSED'] : []),
    ...(prizes.length > 0 ? [areReached(prizes) ? 'prize reached' : 'prize not reached'] : []),
  ];
  return `${words.join(', ')}${isComplete ? '' : ' so far'}`;
}

function describeBar({ bar, better, of, prize }: Bar): string {
  const sign = better === 'higher' ? '≥' : '≤';
  return `${prize ? 'prize ' : ''}${sign} ${format(bar)}${of === 'worst' ? ' on every seed' : ''}`;
}

/** The best that has a figure for the metric; the section of the evaluation has all of them. */
function strongest(
  others: readonly Comparison[],
  kind: Comparison['kind'],
  metric: string,
  better: Bar['better'] | undefined,
): string {
  const sign = better === 'lower' ? -1 : 1;
  const [best] = others
    .filter((other) => other.kind === kind && metric in other.figures)
    .sort((a, b) => sign * ((b.figures[metric] as number) - (a.figures[metric] as number)));
  return best === undefined ? '' : `${format(best.figures[metric] as number)} (${best.model})`;
}

function meanAndSpread(values: readonly number[]): string {
  const middle = mean(values);
  const digits = digitsFor(middle);
  if (values.length === 1) return format(middle, digits);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (least === most) return `${format(middle, digits)} on every seed`;
  return `${format(middle, digits)} (${format(least, digits)} to ${format(most, digits)})`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Four digits behind the point below 2, fewer above. */
function digitsFor(value: number): number {
  const size = Math.abs(value);
  return size >= 100 ? 0 : size >= 10 ? 2 : size >= 2 ? 3 : 4;
}

/** As many digits as given, or as the number has, at most four of them behind the point. */
function format(value: number, digits?: number): string {
  if (digits === undefined) return String(Math.round(value * 1e4) / 1e4);
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
