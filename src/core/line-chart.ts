/** Line charts for users: names and numbers in, an SVG file that stands by itself out. */
import { type Band, type Callout, COLORS, type Point, renderChart, roundAxis, type Series } from './chart.js';
import { ConfigError } from './errors.js';
import { checkOptions } from './options.js';

/** Numbers by their place, or by `x`, which has as many; what is not finite leaves no marker. */
export interface ChartLine {
  readonly name: string;
  readonly y: ArrayLike<number>;
  /** 0, 1, 2 ... by default. */
  readonly x?: ArrayLike<number>;
}

/** What lies between two lines, such as an interval of forecasts. */
export interface ChartBand {
  readonly name: string;
  readonly lower: ArrayLike<number>;
  readonly upper: ArrayLike<number>;
  /** 0, 1, 2 ... by default. */
  readonly x?: ArrayLike<number>;
}

/** A point with a ring around it and a text beside it. */
export interface ChartMark {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

export interface LineChartOptions {
  readonly title: string;
  readonly subtitle?: string;
  /** What the axes say. */
  readonly xLabel: string;
  readonly yLabel: string;
  /** The first is drawn strongest; six colors that the color-blind tell apart follow each other. */
  readonly lines: readonly ChartLine[];
  readonly bands?: readonly ChartBand[];
  readonly marks?: readonly ChartMark[];
  /** 460 by default, of a width of 760. */
  readonly height?: number;
}

const HEIGHT = 460;
const MARK_COLOR = '#1f2933';

/**
 * A chart of lines over numbers, with intervals and marked points if there are any.
 *
 * @returns the text of an SVG file
 * @throws ConfigError without a line, and where x, y or the two sides of a band differ in length
 *
 * @example
 * const svg = lineChart({
 *   title: 'Passengers', xLabel: 'month', yLabel: 'thousands',
 *   lines: [{ name: 'truth', y: truth }, { name: 'forecast', y: forecast }],
 *   bands: [{ name: '80 %', lower, upper }],
 * });
 */
export function lineChart(options: LineChartOptions): string {
  checkOptions('lineChart', options, [
    'title',
    'subtitle',
    'xLabel',
    'yLabel',
    'lines',
    'bands',
    'marks',
    'height',
  ]);
  const { title, subtitle = '', xLabel, yLabel, lines, bands = [], marks = [], height = HEIGHT } = options;
  if (!Array.isArray(lines) || lines.length === 0) {
    throw new ConfigError('lineChart: lines takes one line or more: [{ name, y }]');
  }
  const series = lines.map((line, k): Series => {
    return { name: line.name, color: colorOf(k), strong: k === 0, points: pointsOf(line) };
  });
  const areas = bands.map((band, k): Band => {
    return { name: band.name, color: colorOf(lines.length - 1 + k), points: cornersOf(band) };
  });
  const callouts = marks.map((mark): Callout => ({ ...mark, color: MARK_COLOR }));
  const x = [...series, ...areas, { points: marks }].flatMap(({ points }) => points.map((point) => point.x));
  const y = [
    ...series.flatMap(({ points }) => points.map((point) => point.y)),
    ...areas.flatMap(({ points }) => points.flatMap(({ lower, upper }) => [lower, upper])),
    ...marks.map((mark) => mark.y),
  ];
  return renderChart({
    title,
    subtitle,
    height,
    x: roundAxis(xLabel, ...range(x)),
    y: roundAxis(yLabel, ...range(y)),
    series,
    bands: areas,
    callouts,
    diagonal: undefined,
  });
}

function colorOf(place: number): string {
  return COLORS[place % COLORS.length] as string;
}

function pointsOf({ name, y, x }: ChartLine): Point[] {
  checkLengths(`the line '${name}'`, y, x);
  return Array.from(y, (value, k) => ({ x: x?.[k] ?? k, y: value, note: `${value}` }));
}

function cornersOf({ name, lower, upper, x }: ChartBand): Band['points'] {
  checkLengths(`the band '${name}'`, lower, upper);
  checkLengths(`the band '${name}'`, lower, x);
  return Array.from(lower, (value, k) => ({ x: x?.[k] ?? k, lower: value, upper: upper[k] as number }));
}

function checkLengths(what: string, one: ArrayLike<number>, other: ArrayLike<number> | undefined): void {
  if (other === undefined || one.length === other.length) return;
  throw new ConfigError(
    `lineChart: ${what} has ${one.length} numbers in one place and ${other.length} in another: give as many of each`,
  );
}

/** The least and the most of the finite ones. */
function range(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  const least = finite.reduce((so, value) => Math.min(so, value), finite[0] ?? 0);
  const most = finite.reduce((so, value) => Math.max(so, value), finite[0] ?? 1);
  return [least, most];
}
