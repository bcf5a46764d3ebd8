/** A loss of the user's. */
import { ConfigError } from '../../core/errors.js';
import { checkOptions, describe } from '../../core/options.js';
import { counts as rowCounts } from '../../kernels/losses.js';
import { type Loss, plainLoss, type TargetKind } from './loss.js';
import { classes, counts, distribution, probabilities, signs, values } from './target-rules.js';

/**
 * A loss of one row or step. The library adds it up over the rows that count, by their weights, and divides. The arrays
 * are the same ones at every call.
 */
export interface OwnLoss {
  /** The name under which it is spoken of. */
  readonly name: string;
  /** What the targets are, to be checked; numbers, as many as outputs, by default. */
  readonly targets?: TargetKind;
  /** The loss of one row. */
  forward(yTrue: Float64Array, yPred: Float64Array): number;
  /** Writes its derivative by each output into `gradient`, which holds zeros. */
  backward(yTrue: Float64Array, yPred: Float64Array, gradient: Float64Array): void;
}

/** The same in one function: it writes the derivatives and returns the loss. */
export type OwnLossFunction = (yTrue: Float64Array, yPred: Float64Array, gradient: Float64Array) => number;

const rules = { values, probabilities, distribution, classes, signs, counts } as const;

/** Those that files may name. */
const registered = new Map<string, OwnLoss | OwnLossFunction>();

/** The loss that was made known by this name, if one was. */
export function registeredLoss(name: string): Loss | undefined {
  const given = registered.get(name);
  return given && ownLoss(given);
}

/** Makes a loss known by its name. */
export function keepLoss(given: OwnLoss | OwnLossFunction): void {
  registered.set(ownLoss(given).name, given);
}

/** @throws ConfigError for what is no loss */
export function ownLoss(given: OwnLoss | OwnLossFunction): Loss {
  const own = typeof given === 'function' ? fromFunction(given) : given;
  checkOptions('loss', own, ['name', 'targets', 'forward', 'backward']);
  const { name, targets = 'values' } = own;
  if (typeof name !== 'string' || name === '') {
    throw new ConfigError(
      'a loss of your own needs a name: { name, forward, backward }, or a function with one',
    );
  }
  if (typeof own.forward !== 'function' || typeof own.backward !== 'function') {
    throw new ConfigError(`loss '${name}' needs the functions forward and backward`);
  }
  if (!Object.hasOwn(rules, targets)) {
    throw new ConfigError(
      `loss '${name}': targets is one of ${Object.keys(rules).join(', ')} but is ${describe(targets)}`,
    );
  }
  const targetColumns = (outputs: number) => (targets === 'classes' ? 1 : outputs);
  const loss = plainLoss(
    { name },
    (_planner, _ofLogits, { features }) => ownKernels(own, targetColumns(features), features),
    {
      targets: rules[targets as keyof typeof rules],
      targetColumns,
    },
  );
  return { ...loss, config: () => (registered.get(name) === given ? { name } : undefined) };
}

function fromFunction(compute: OwnLossFunction): OwnLoss {
  const unused = new Map<number, Float64Array>();
  const scratch = (length: number) => {
    if (!unused.has(length)) unused.set(length, new Float64Array(length));
    return unused.get(length) as Float64Array;
  };
  return {
    name: compute.name,
    forward: (yTrue, yPred) => compute(yTrue, yPred, scratch(yPred.length)),
    backward: (yTrue, yPred, gradient) => void compute(yTrue, yPred, gradient),
  };
}

function ownKernels(own: OwnLoss, targetColumns: number, outputs: number): ReturnType<Loss['kernels']> {
  const yTrue = new Float64Array(targetColumns);
  const yPred = new Float64Array(outputs);
  const gradient = new Float64Array(outputs);
  const take = (values: ArrayLike<number>, row: number, into: Float64Array) => {
    for (let k = 0; k < into.length; k++) into[k] = values[row * into.length + k] as number;
  };
  return {
    forward: (y, target, weights, mask, rows) => {
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        if (!rowCounts(weights, mask, row)) continue;
        take(target, row, yTrue);
        take(y, row, yPred);
        const value: unknown = own.forward(yTrue, yPred);
        if (typeof value !== 'number')
          throw new ConfigError(`loss '${own.name}' returns a number but gave ${describe(value)}`);
        sum += (weights[row] as number) * value;
      }
      return sum;
    },
    backward: (y, target, weights, mask, dy, rows, _columns, factor) => {
      for (let row = 0; row < rows; row++) {
        if (!rowCounts(weights, mask, row)) continue;
        take(target, row, yTrue);
        take(y, row, yPred);
        gradient.fill(0);
        own.backward(yTrue, yPred, gradient);
        const rowFactor = factor * (weights[row] as number);
        for (let k = 0; k < outputs; k++) {
          const at = row * outputs + k;
          dy[at] = (dy[at] as number) + rowFactor * (gradient[k] as number);
        }
      }
    },
  };
}
