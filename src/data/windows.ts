/**
 * A series cut into rows for a model: `input` steps to see, and the `horizon` steps behind them to be foretold. Windows
 * are views: every row looks at the one array of the series, and a model copies the rows of a batch at a time. A million
 * steps seen through windows of a thousand take the memory of the million.
 */
import { ConfigError, DataError } from '../core/errors.js';
import { checkInteger, checkOptions, describe } from '../core/options.js';
import { checkedTensor, type FloatArray, isTensor, type Tensor } from '../core/tensor.js';
import { checkMissing } from './sample-hints.js';
import { isArrayLike, type Missing, type NumberRow, rankOf } from './samples.js';
import { readNumbers } from './scalers/numbers.js';
import { type Windows, windowsOf } from './window-view.js';

export interface WindowsOptions {
  /** How many steps a row of x has. */
  input: number;
  /** How many steps behind them a row of y has; 1 by default, 0 where nothing follows that is to be foretold. */
  horizon?: number;
  /** How many steps lie between the beginnings of two rows; 1 by default. */
  stride?: number;
  /** The features that y has; all of them by default. */
  targets?: readonly number[];
  /** Only rows whose y begins at this step or after it: x may reach back before it. 0 by default. */
  from?: number;
  /** Only rows that end before this step; that behind the last of the series by default. */
  to?: number;
  /**
   * What NaN in the series is: an error (the default), or a gap. Rows with a gap in y, and those with nothing but gaps in
   * x, are left out; `fit` and the like want `{ missing: 'mask' }` too then, and mask the steps of x that have gaps.
   */
  missing?: Missing;
}

/**
 * Cuts a series into windows. A series that is a typed array or a Tensor of steps is not copied; other arrays are, once.
 *
 * @param series  `[steps]`, or `[steps, features]`
 * @returns x `[rows, input, features]` and y `[rows, horizon, targets]`, whose rows a model takes for outputs
 *   `[batch, horizon * targets]` or `[batch, horizon, targets]`
 * @throws ConfigError for options that make no sense; DataError where there is not a single row, or NaN in the series
 *
 * @example
 * const { x, y } = windows(series, { input: 24, horizon: 12 });
 * await model.fit(x, y); // behind dense(12)
 */
export function windows(
  series: Tensor | NumberRow | readonly NumberRow[],
  options: WindowsOptions,
): { readonly x: Windows; readonly y: Windows } {
  checkOptions('windows', options, ['input', 'horizon', 'stride', 'targets', 'from', 'to', 'missing'], {
    step: 'write stride',
    size: 'write input',
    inputSteps: 'write input',
  });
  const source = toSeries(series);
  const steps = source.shape[0] as number;
  const input = checkInteger('windows: input', options.input);
  const horizon = checkInteger('windows: horizon', options.horizon ?? 1, { min: 0 });
  const stride = checkInteger('windows: stride', options.stride ?? 1);
  const from = checkInteger('windows: from', options.from ?? 0, { min: 0, max: steps });
  const to = checkInteger('windows: to', options.to ?? steps, { min: from, max: steps });
  const { missing = 'error' } = options;
  checkMissing(missing);
  const goals = pick(source, options.targets);
  const first = Math.max(0, from - input);
  const count = Math.max(0, Math.floor((to - horizon - input - first) / stride) + 1);
  if (count === 0) {
    throw new DataError(
      `windows: steps ${first} to ${to} of the series hold no row of ${input} steps with ${horizon} behind them: ` +
        'a longer series, or smaller windows',
    );
  }
  let starts = Int32Array.from({ length: count }, (_, row) => first + row * stride);
  if (missing === 'mask') {
    const gapsOfX = gapsBefore(source);
    const gapsOfY = goals === source ? gapsOfX : gapsBefore(goals);
    const gaps = (before: Int32Array, start: number, length: number) =>
      (before[start + length] as number) - (before[start] as number);
    starts = starts.filter(
      (start) => gaps(gapsOfX, start, input) < input && gaps(gapsOfY, start + input, horizon) === 0,
    );
    if (starts.length === 0) throw new DataError('windows: the gaps of the series leave not a single row');
  } else {
    const last = starts[count - 1] as number;
    checkGaps(source, first, last + input);
    checkGaps(goals, first + input, last + input + horizon);
  }
  return {
    x: windowsOf(source, starts, input),
    y: windowsOf(goals, horizon === 0 ? starts : starts.map((start) => start + input), horizon),
  };
}

/** @throws DataError for NaN in the steps `from` to `to - 1` */
function checkGaps({ data, shape }: Tensor, from: number, to: number): void {
  const features = shape[1] as number;
  for (let at = from * features; at < to * features; at++) {
    if (!Number.isNaN(data[at])) continue;
    throw new DataError(
      `windows: the series has NaN at step ${Math.floor(at / features)}, feature ${at % features}: mend it, or take it for ` +
        "a gap with { missing: 'mask' }",
    );
  }
}

/** [steps, features], sharing the memory of what is given where that is a flat array. */
function toSeries(series: Tensor | NumberRow | readonly NumberRow[]): Tensor {
  const shape = isTensor(series) ? series.shape : undefined;
  const rank = shape ? shape.length : rankOf(series);
  if (rank !== 1 && rank !== 2) {
    const found = shape ? `a tensor of ${rank} axes` : describe(series);
    throw new DataError(`windows takes one series, [steps] or [steps, features], but got ${found}`);
  }
  const flat = flatData(series);
  if (flat === undefined) {
    const { data, rows, features } = readNumbers(series, 'windows');
    return { data, shape: [rows, features] };
  }
  const steps = shape ? (shape[0] as number) : flat.length;
  return checkedTensor(flat, [steps, shape?.[1] ?? 1]);
}

function flatData(series: unknown): FloatArray | undefined {
  if (isTensor(series)) return series.data;
  return series instanceof Float32Array || series instanceof Float64Array ? series : undefined;
}

/** The series itself, or a copy of some of its features. */
function pick(series: Tensor, targets: readonly number[] | undefined): Tensor {
  if (targets === undefined) return series;
  const [steps, features] = series.shape as readonly [number, number];
  if (!isArrayLike(targets) || targets.length === 0) {
    throw new ConfigError(`windows: targets are features such as [0] but is ${describe(targets)}`);
  }
  targets.forEach(
    (feature, i) => void checkInteger(`windows: targets[${i}]`, feature, { min: 0, below: features }),
  );
  const data = series.data.slice(0, steps * targets.length);
  for (let step = 0; step < steps; step++) {
    for (let k = 0; k < targets.length; k++)
      data[step * targets.length + k] = series.data[step * features + (targets[k] as number)] as number;
  }
  return { data, shape: [steps, targets.length] };
}

/** [steps + 1]: how many steps with a gap lie before each step. */
function gapsBefore({ data, shape }: Tensor): Int32Array {
  const [steps, features] = shape as readonly [number, number];
  const before = new Int32Array(steps + 1);
  for (let step = 0; step < steps; step++) {
    let isGap = 0;
    for (let k = 0; k < features; k++) if (Number.isNaN(data[step * features + k])) isGap = 1;
    before[step + 1] = (before[step] as number) + isGap;
  }
  return before;
}
