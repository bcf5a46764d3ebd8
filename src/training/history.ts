/** The record of what came out of every epoch as a table and as a picture. */
import {
  type Callout,
  COLORS,
  type Point,
  renderChart,
  roundAxis,
  roundStep,
  type Series,
} from '../core/chart.js';
import { ConfigError } from '../core/errors.js';
import { checkOptions } from '../core/options.js';
import { isMoreBetter } from './callbacks/monitor.js';
import { EpochHistory, type EpochRecord } from './epoch-history.js';
import type { Logs } from './run.js';

/** What `fit` returns. */
export class History extends EpochHistory {
  readonly #records: EpochRecord[] = [];

  /** @internal */
  override record(epoch: number, logs: Readonly<Logs>): void {
    super.record(epoch, logs);
    this.#records.push({ epoch, logs: { ...logs } });
  }

  /** @internal what a checkpoint keeps */
  get records(): readonly EpochRecord[] {
    return this.#records;
  }

  /**
   * A table with a line an epoch and a column a value, in the order of `history`; a value that an epoch has not is
   * left out. Epochs are counted from 0, as by Keras's CSVLogger.
   */
  toCSV(): string {
    const names = Object.keys(this.history);
    const lines = this.records.map(({ epoch, logs }) =>
      [epoch, ...names.map((name) => logs[name] ?? '')].join(','),
    );
    return `${[['epoch', ...names].join(','), ...lines].join('\n')}\n`;
  }

  /**
   * A chart of one value over the epochs, in training and validation, the best epoch marked: an SVG file that stands by
   * itself. Epochs are counted from 1 in it.
   *
   * @param options  `value`, the name of what is drawn, `loss` by default, and a `title`
   * @throws ConfigError when there is no such value
   *
   * @example document.body.innerHTML = history.toSVG({ value: 'accuracy' });
   */
  toSVG(options: { value?: string; title?: string } = {}): string {
    checkOptions('toSVG', options, ['value', 'title']);
    const { value = 'loss', title = 'Training' } = options;
    const known = Object.keys(this.history);
    if (!known.includes(value)) {
      throw new ConfigError(
        `toSVG: the history has no '${value}': it has ${known.join(', ') || 'nothing yet'}`,
      );
    }
    const training = this.points(value);
    const validation = this.points(`val_${value}`);
    const numbers = [...training, ...validation].map(({ y }) => y).filter(Number.isFinite);
    const last = (this.epoch.at(-1) ?? 0) + 1;
    const first = (this.epoch[0] ?? 0) + 1;
    // A single epoch stands in the middle.
    const [from, to] = last > first ? [first, last] : [first - 1, first + 1];
    const best = bestOf(validation.length > 0 ? validation : training, isMoreBetter(value));
    return renderChart({
      title,
      subtitle: `${value} by epoch${validation.length > 0 ? '; that of training is the mean over each epoch' : ''}`,
      height: 460,
      x: {
        label: 'epoch',
        min: from,
        max: to,
        step: Math.max(1, roundStep((to - from) / 12)),
        percent: false,
      },
      y: roundAxis(value, ...range(numbers)),
      series: seriesOf(training, validation),
      callouts: best === undefined ? [] : [callout(best)],
      diagonal: undefined,
    });
  }

  private points(name: string): Point[] {
    return this.records
      .filter(({ logs }) => Object.hasOwn(logs, name))
      .map(({ epoch, logs }) => {
        const y = logs[name] as number;
        return { x: epoch + 1, y, note: `${formatValue(y)} after epoch ${epoch + 1}` };
      });
  }
}

function seriesOf(training: readonly Point[], validation: readonly Point[]): Series[] {
  if (validation.length === 0) {
    return [{ name: 'training', color: COLORS[0], strong: true, points: training }];
  }
  return [
    { name: 'training', color: COLORS[1], strong: false, points: training },
    { name: 'validation', color: COLORS[0], strong: true, points: validation },
  ];
}

function bestOf(points: readonly Point[], isMore: boolean): Point | undefined {
  const sign = isMore ? 1 : -1;
  return points
    .filter(({ y }) => Number.isFinite(y))
    .reduce<Point | undefined>(
      (best, point) => (best && sign * point.y <= sign * best.y ? best : point),
      undefined,
    );
}

function callout({ x, y, note }: Point): Callout {
  return { x, y, text: `best: ${note}`, color: COLORS[0] };
}

function range(values: readonly number[]): [number, number] {
  return [
    values.reduce((least, value) => Math.min(least, value), values[0] ?? 0),
    values.reduce((most, value) => Math.max(most, value), values[0] ?? 1),
  ];
}

/** A value for people: four decimals, or as many digits where it is small. */
export function formatValue(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(3) : value.toFixed(4);
}
