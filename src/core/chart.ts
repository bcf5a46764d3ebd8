/**
 * Line charts as SVG: a title, a legend, two axes with ticks at round values, bands, lines with markers, and a few points
 * called out by name. The text stands by itself: no style sheet, no script, no font to load.
 */

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Shown while the pointer rests on the point. */
  readonly note: string;
}

export interface Series {
  readonly name: string;
  readonly color: string;
  readonly points: readonly Point[];
  /** Drawn stronger than the others. */
  readonly strong: boolean;
}

/** What lies between two lines. */
export interface Band {
  readonly name: string;
  readonly color: string;
  readonly points: readonly { readonly x: number; readonly lower: number; readonly upper: number }[];
}

/** A point with a ring around it and a text beside it. */
export interface Callout {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly color: string;
}

export interface Axis {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** The distance of two ticks. */
  readonly step: number;
  readonly percent: boolean;
}

export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Drawn below the lines. */
  readonly bands?: readonly Band[];
  readonly callouts: readonly Callout[];
  /** Draws the line y = x, with this text along it. */
  readonly diagonal: string | undefined;
}

const WIDTH = 760;
const LEFT = 72;
const RIGHT = 28;
const TOP = 104;
const BOTTOM = 58;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
/** The markers of more points than this would hide their line. */
const MOST_MARKERS = 60;
/** From a point to the text that calls it out. */
const LABEL_DISTANCE = 34;
const BAND_OPACITY = 0.18;
const INK = '#1f2933';
const SOFT_INK = '#61707f';
const GRID = '#e4e8ec';
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/** Colors that the color-blind tell apart (Okabe and Ito, "Color Universal Design", 2008), the strongest first. */
export const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;

/** An axis over at least `min` to `max`, ending on ticks 1, 2 or 5 times a power of ten apart. */
export function roundAxis(label: string, min: number, max: number, percent = false): Axis {
  const step = roundStep(spread(min, max) / 5);
  const below = Math.floor(min / step + 1e-9);
  const above = Math.max(below + 1, Math.ceil(max / step - 1e-9));
  return { label, min: below * step, max: above * step, step, percent };
}

/** What an axis has to span: where there is but one value, as much as that value is large. */
function spread(min: number, max: number): number {
  const size = Math.max(Math.abs(max), 1e-9);
  return max - min > 1e-6 * size ? max - min : size;
}

/** The smallest of 1, 2, 5 times a power of ten that is not below `width`. */
export function roundStep(width: number): number {
  const power = 10 ** Math.floor(Math.log10(width));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= width * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** The chart as the text of an SVG file. */
export function renderChart(chart: Chart): string {
  const place = placement(chart);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${chart.height}" width="${WIDTH}" height="${chart.height}" role="img" font-family="${FONT}" font-size="12">`,
    `<title>${escapeXml(chart.title)}</title>`,
    `<rect width="${WIDTH}" height="${chart.height}" fill="#ffffff"/>`,
    text(LEFT, 34, chart.title, `font-size="19" font-weight="600" fill="${INK}"`),
    text(LEFT, 55, chart.subtitle, `font-size="13" fill="${SOFT_INK}"`),
    ...legend(chart),
    ...yAxis(chart, place),
    ...xAxis(chart, place),
    ...(chart.bands ?? []).map((band) => area(band, place)),
    ...diagonal(chart, place),
    ...strongLast(chart.series).flatMap((series) => line(series, place)),
    ...chart.callouts.flatMap((callout) => ring(callout, place)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

/** Where a value lies in the picture. */
interface Placement {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly bottom: number;
}

function placement(chart: Chart): Placement {
  const bottom = chart.height - BOTTOM;
  const share = (axis: Axis, value: number) => (value - axis.min) / (axis.max - axis.min);
  return {
    x: (value) => LEFT + PLOT_WIDTH * share(chart.x, value),
    y: (value) => bottom - (bottom - TOP) * share(chart.y, value),
    bottom,
  };
}

function legend({ series, bands = [] }: Chart): string[] {
  let x = LEFT;
  const next = (name: string) => {
    const start = x;
    x += 46 + 6.3 * name.length;
    return round(start);
  };
  return [
    ...series.flatMap(({ name, color, strong }) => {
      const start = next(name);
      return [
        `<line x1="${start}" y1="80" x2="${round(start + 20)}" y2="80" stroke="${color}" stroke-width="${strong ? 3 : 2}" stroke-linecap="round"/>`,
        text(start + 27, 84, name, `fill="${INK}"`),
      ];
    }),
    ...bands.flatMap(({ name, color }) => {
      const start = next(name);
      return [
        `<rect x="${start}" y="74" width="20" height="12" fill="${color}" fill-opacity="${BAND_OPACITY}"/>`,
        text(start + 27, 84, name, `fill="${INK}"`),
      ];
    }),
  ];
}

function yAxis({ y: axis }: Chart, place: Placement): string[] {
  const lines = ticks(axis).flatMap((value) => {
    const at = round(place.y(value));
    return [
      `<line x1="${LEFT}" y1="${at}" x2="${WIDTH - RIGHT}" y2="${at}" stroke="${GRID}"/>`,
      text(LEFT - 10, at + 4, tickLabel(axis, value), `text-anchor="end" fill="${SOFT_INK}"`),
    ];
  });
  const middle = round((TOP + place.bottom) / 2);
  const label = `text-anchor="middle" fill="${INK}" font-size="13" transform="rotate(-90 20 ${middle})"`;
  return [...lines, text(20, middle, axis.label, label)];
}

function xAxis({ x: axis, height }: Chart, place: Placement): string[] {
  const { bottom } = place;
  const marks = ticks(axis).flatMap((value) => {
    const at = round(place.x(value));
    return [
      `<line x1="${at}" y1="${bottom}" x2="${at}" y2="${bottom + 5}" stroke="${SOFT_INK}"/>`,
      text(at, bottom + 20, tickLabel(axis, value), `text-anchor="middle" fill="${SOFT_INK}"`),
    ];
  });
  return [
    `<line x1="${LEFT}" y1="${bottom}" x2="${WIDTH - RIGHT}" y2="${bottom}" stroke="${SOFT_INK}"/>`,
    ...marks,
    text(LEFT + PLOT_WIDTH / 2, height - 16, axis.label, `text-anchor="middle" fill="${INK}" font-size="13"`),
  ];
}

function diagonal({ x, y, diagonal: label }: Chart, place: Placement): string[] {
  if (label === undefined) return [];
  const [from, to] = [Math.max(x.min, y.min), Math.min(x.max, y.max)];
  const [x1, y1, x2, y2] = [place.x(from), place.y(from), place.x(to), place.y(to)].map(round) as number[];
  const [textX, textY] = [round(place.x(to) - 60), round(place.y(to) + 18)];
  return [
    `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${SOFT_INK}" stroke-dasharray="5 5"/>`,
    text(textX as number, textY as number, label, `text-anchor="end" font-style="italic" fill="${SOFT_INK}"`),
  ];
}

/** What is drawn last lies on top. */
function strongLast(series: readonly Series[]): Series[] {
  return [...series].reverse().sort((a, b) => Number(a.strong) - Number(b.strong));
}

function line({ name, color, points, strong }: Series, place: Placement): string[] {
  const drawn = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  const path = drawn.map(({ x, y }) => `${round(place.x(x))},${round(place.y(y))}`).join(' ');
  const dots = (drawn.length > MOST_MARKERS ? [] : drawn).map(
    ({ x, y, note }) =>
      `<circle cx="${round(place.x(x))}" cy="${round(place.y(y))}" r="${strong ? 4 : 2.8}"><title>${escapeXml(`${name}: ${note}`)}</title></circle>`,
  );
  return [
    `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="${strong ? 2.8 : 1.6}" stroke-linejoin="round" stroke-linecap="round"/>`,
    `<g fill="${color}" stroke="#ffffff" stroke-width="1.2">`,
    ...dots,
    '</g>',
  ];
}

function area({ points, color }: Band, place: Placement): string {
  const corner = (x: number, y: number) => `${round(place.x(x))},${round(place.y(y))}`;
  const above = points.map(({ x, upper }) => corner(x, upper));
  const below = points.map(({ x, lower }) => corner(x, lower)).reverse();
  return `<polygon points="${[...above, ...below].join(' ')}" fill="${color}" fill-opacity="${BAND_OPACITY}"/>`;
}

function ring({ x, y, text: label, color }: Callout, place: Placement): string[] {
  const [cx, cy] = [round(place.x(x)), round(place.y(y))];
  const anchor = cx > LEFT + 0.75 * PLOT_WIDTH ? 'end' : cx < LEFT + 0.25 * PLOT_WIDTH ? 'start' : 'middle';
  // Above the point, or below it where the text would lie on the legend.
  const side = cy - LABEL_DISTANCE < TOP ? 1 : -1;
  const baseline = cy + side * LABEL_DISTANCE + (side === 1 ? 12 : 0);
  return [
    `<line x1="${cx}" y1="${round(cy + 8 * side)}" x2="${cx}" y2="${round(cy + 28 * side)}" stroke="${color}"/>`,
    `<circle cx="${cx}" cy="${cy}" r="8" fill="none" stroke="${color}" stroke-width="1.6"/>`,
    text(cx, round(baseline), label, `text-anchor="${anchor}" fill="${color}" font-weight="600"`),
  ];
}

function ticks({ min, max, step }: Axis): number[] {
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

function tickLabel({ step, percent }: Axis, value: number): string {
  const unit = percent ? 100 : 1;
  const decimals = Math.max(0, -Math.floor(Math.log10(step * unit) + 1e-9));
  return `${(value * unit).toFixed(decimals)}${percent ? ' %' : ''}`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escapeXml(content)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text for XML: the five reserved characters as entities, and control characters, which XML forbids, as spaces. */
function escapeXml(content: string): string {
  return content.replace(/\p{Cc}/gu, ' ').replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
