/** What rounding the weights of a model costs it: its metrics on given data before and after. */
import { ConfigError } from '../core/errors.js';
import { checkOptions, describe } from '../core/options.js';
import type { FloatArray, Tensor } from '../core/tensor.js';
import type { SampleInput } from '../data/samples.js';
import type { Logs } from '../training/run.js';
import type { TargetInput } from '../training/targets.js';
import type { EvaluateOptions } from './data-options.js';
import { Model } from './model.js';
import { deserializeModel, serializeModel } from './model-file.js';
import type { Each, Some, SymbolicPorts } from './ports.js';
import { checkWeightFormat, type WeightFormat } from './small-weights.js';

export interface QuantizationOptions<O extends SymbolicPorts> extends EvaluateOptions<O> {
  /** What the weights are rounded to. */
  weights: WeightFormat;
}

export interface QuantizationReport {
  readonly weights: WeightFormat;
  /** How long a file of the model is, as it is and with rounded weights. */
  readonly bytes: { readonly before: number; readonly after: number };
  /** Loss and metrics, as `evaluate` gives them. */
  readonly before: Logs;
  readonly after: Logs;
  /** The largest difference between a weight and what it is rounded to. */
  readonly largestError: number;
}

/**
 * What a smaller file costs: loss and metrics of the model on this data, as it is and with its weights rounded. The model
 * stays as it is.
 *
 * @param x, y  what `model.evaluate` takes
 * @param options.weights  `'float16'`, `'bfloat16'` or `'int8'`; the others are those of `evaluate`
 * @throws ConfigError for a model that is not compiled, or an option that is not known
 * @throws NumericError when a weight cannot be held in that format
 *
 * @example
 * const { before, after, bytes } = quantizationReport(model, xTest, yTest, { weights: 'int8' });
 * console.log(before.accuracy, after.accuracy, bytes.after / bytes.before);
 */
export function quantizationReport<I extends SymbolicPorts, O extends SymbolicPorts>(
  model: Model<FloatArray, I, O>,
  x: Each<I, SampleInput>,
  y: Some<O, TargetInput>,
  options: QuantizationOptions<O>,
): QuantizationReport {
  if (!(model instanceof Model)) {
    throw new ConfigError(`quantizationReport takes a model, sequential([...]), but got ${describe(model)}`);
  }
  checkOptions('quantizationReport', options, ['weights', 'batchSize', 'missing', 'sampleWeight', 'signal']);
  const { weights: given, ...evaluateOptions } = options;
  const weights = checkWeightFormat('quantizationReport: weights', given);
  const before = model.evaluate(x, y, evaluateOptions);
  const plain = model as unknown as Model<FloatArray>;
  const file = serializeModel(plain, { weights });
  const own = model.getWeights();
  const rounded = deserializeModel<Model<FloatArray>>(file).getWeights();
  model.setWeights(rounded);
  try {
    return {
      weights,
      bytes: { before: serializeModel(plain, { includeOptimizer: false }).length, after: file.length },
      before,
      after: model.evaluate(x, y, evaluateOptions),
      largestError: largestDifference(own, rounded),
    };
  } finally {
    model.setWeights(own);
  }
}

function largestDifference(
  own: Readonly<Record<string, Tensor>>,
  rounded: Readonly<Record<string, Tensor>>,
): number {
  let largest = 0;
  for (const [name, { data }] of Object.entries(own)) {
    const other = (rounded[name] as Tensor).data;
    for (let k = 0; k < data.length; k++) {
      largest = Math.max(largest, Math.abs((data[k] as number) - (other[k] as number)));
    }
  }
  return largest;
}
