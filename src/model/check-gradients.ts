/** Whether a model's backward pass is the derivative of its forward pass. */
import { ConfigError } from '../core/errors.js';
import { checkInteger, checkNumber, checkOptions, describe } from '../core/options.js';
import { Random } from '../core/random.js';
import type { FloatArray } from '../core/tensor.js';
import type { SampleInput } from '../data/samples.js';
import { Layer, type SymbolicTensor } from '../layers/layer.js';
import { compareAt } from '../training/differences.js';
import { lossOf } from '../training/run.js';
import type { TargetInput } from '../training/targets.js';
import type { Pass } from '../training/trainable.js';
import { copyToLookInto } from './copy.js';
import type { WeightOptions } from './data-options.js';
import { Model } from './model.js';
import type { Network } from './network.js';
import type { Each, Some, SymbolicPorts } from './ports.js';
import { sequential } from './sequential.js';

export interface CheckGradientsOptions<O extends SymbolicPorts = SymbolicTensor> extends WeightOptions<O> {
  /** At how many numbers of each weight the gradient is compared, drawn at random; 20 by default. */
  samples?: number;
  /** How far a number is moved to either side; 1e-3 by default, and smaller where that deceives. */
  step?: number;
}

/** The gradient by one number of a weight beside the central difference. */
export interface GradientError {
  /** The weight, such as `lstm_1/kernel`. */
  readonly weight: string;
  /** Where in it: row and column of a matrix. */
  readonly index: readonly number[];
  readonly gradient: number;
  readonly difference: number;
  /** |gradient - difference| over the largest of both, the root mean square of the weight's gradient, and 1e-4. */
  readonly error: number;
}

export interface GradientCheck {
  /** The largest relative error: about 1e-8 where all is right; above 1e-4 something is wrong. */
  readonly error: number;
  /** Where that was. */
  readonly worst: GradientError;
  /** The worst of each weight. */
  readonly weights: readonly GradientError[];
  /** How many numbers were compared. */
  readonly checked: number;
}

/**
 * Compares the gradients of a model with central differences, on a copy of it in double precision on the reference
 * kernels: its own loss and penalties, dropout on with the same draw throughout. The model stays as it is.
 *
 * @param what  a compiled model, or a layer that is in no model yet: its squared distance to y is looked at then
 * @param x, y  a batch; a few rows are enough
 * @throws ConfigError when the model is not compiled, or nothing of it learns; ShapeError, DataError for data that does not
 *   fit
 *
 * @example
 * const { error, worst } = checkGradients(model, x, y);
 * console.log(`${error} at ${worst.weight}[${worst.index}]`);
 */
export function checkGradients<I extends SymbolicPorts, O extends SymbolicPorts>(
  what: Model<FloatArray, I, O> | Layer,
  x: Each<I, SampleInput>,
  y: Some<O, TargetInput>,
  options: CheckGradientsOptions<O> = {},
): GradientCheck {
  checkOptions('checkGradients', options, ['samples', 'step', 'sampleWeight']);
  const samples = checkInteger('checkGradients: samples', options.samples ?? 20);
  const step = checkNumber('checkGradients: step', options.step ?? 1e-3, { above: 0 });
  const weighted = options.sampleWeight === undefined ? {} : { sampleWeight: options.sampleWeight };
  const model = toModel(what) as Model<FloatArray, I, O>;
  const { compiled } = model.internals;
  if (!compiled) throw new ConfigError('checkGradients needs a compiled model: call model.compile first');
  model.testOnBatch(x, y, weighted); // which builds the model, and checks the data
  const copy = copyToLookInto(model, compiled, 'float64');
  const network = copy.internals.network as Network;
  const drawn = network.dropout.state();
  copy.trainOnBatch(x, y, weighted);
  const pass = network.latest as Pass;
  const lossWeights = compiled.outputs.map(({ weight }) => weight);
  const loss = () => {
    network.dropout.restore(drawn);
    pass.forward(true);
    return lossOf(pass, lossWeights, network.parameters);
  };
  const gradients = network.parameters.map(({ gradient }) => Float64Array.from(gradient.array));
  const random = new Random(model.seed, 5);
  let checked = 0;
  const weights: GradientError[] = [];
  network.parameters.forEach(({ name, value, shape, trainable }, p) => {
    if (!trainable) return;
    const gradient = gradients[p] as Float64Array;
    const typical = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0) / gradient.length);
    let worst: GradientError | undefined;
    for (let n = 0; n < Math.min(samples, gradient.length); n++) {
      const at = gradient.length <= samples ? n : random.below(gradient.length);
      const found = compareAt(loss, value.array, at, gradient[at] as number, typical, step);
      checked++;
      // A comparison with NaN is false: what is no number is the worst.
      if (worst === undefined || !(found.error <= worst.error))
        worst = { weight: name, index: indexIn(shape, at), ...found };
    }
    if (worst) weights.push(worst);
  });
  if (weights.length === 0)
    throw new ConfigError('checkGradients: every layer is frozen, so nothing has a gradient');
  const worst = weights.reduce((a, b) => (b.error <= a.error ? a : b));
  return { error: worst.error, worst, weights, checked };
}

function indexIn(shape: readonly number[], at: number): number[] {
  const index: number[] = [];
  let rest = at;
  for (const size of [...shape].reverse()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}

/** The model, or one of the layer alone. */
function toModel(checked: unknown): unknown {
  if (checked instanceof Model) return checked;
  if (checked instanceof Layer)
    return sequential([checked], { seed: 1 }).compile({ loss: 'meanSquaredError' });
  throw new ConfigError(`checkGradients looks at a model or a layer but got ${describe(checked)}`);
}
