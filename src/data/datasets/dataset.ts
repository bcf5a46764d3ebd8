/** What the generated data sets have in common: inputs with targets, drawn from a seed of their own. */
import { checkInteger, checkOptions } from '../../core/options.js';
import { Random } from '../../core/random.js';
import type { Tensor } from '../../core/tensor.js';

/** Inputs and their targets, as `fit`, `evaluate` and `trainOnBatch` take them. */
export interface Dataset {
  readonly x: Tensor<Float32Array>;
  readonly y: Tensor<Float32Array>;
}

export interface DatasetOptions {
  /** The same seed draws the same data, and two seeds have nothing to do with each other; 0 by default. */
  readonly seed?: number;
}

/** The generator's stream, unlike that of a model with the same seed, which draws its weights. */
const STREAM = 211;

/** The generator of a data set, whose options are refused where `known` does not name them. */
export function generatorOf(name: string, options: DatasetOptions, known: readonly string[]): Random {
  checkOptions(name, options, ['seed', ...known]);
  return new Random(checkInteger(`${name}: seed`, options.seed ?? 0, { min: 0 }), STREAM);
}
