/**
 * A model with what its data goes through on either side: raw input in, answers in the user's own units and names out,
 * and all of it in one file. What is learned from data is learned from the rows that are trained on, and from no others.
 */
import { ConfigError, FormatError, LonghandError } from '../core/errors.js';
import { checkNumber, checkOptions, describe, unknownName } from '../core/options.js';
import type { FloatArray, Tensor } from '../core/tensor.js';
import type { SampleInput } from '../data/samples.js';
import type { Json, Transform } from '../data/transform.js';
import type { SymbolicTensor } from '../layers/layer.js';
import type { History } from '../training/history.js';
import type { Logs } from '../training/run.js';
import { keptRows, type SampleWeightInput, type TargetInput } from '../training/targets.js';
import type { EvaluateOptions, PredictOptions } from './data-options.js';
import { Model } from './model.js';
import { deserializeModel, type SaveOptions, serializeModel } from './model-file.js';
import type { FitOptions } from './options.js';
import {
  type AnswerOf,
  checkRows,
  checkTransforms,
  countRows,
  describeTransforms,
  firstRows,
  fitAll,
  listOf,
  type RawOf,
  readTransforms,
  type Transforms,
  through,
} from './pipeline-parts.js';
import type { Each, Some, SymbolicPorts } from './ports.js';
import { readPreparation } from './preparation.js';

/** What a pipeline is made of. */
export interface PipelineParts<In extends Transforms, Out extends Transforms, M> {
  /** What x goes through: a transform, or one for each input in the form of x; none by default. */
  inputs?: In;
  model: M;
  /** What y goes through, and what is predicted back through it; none by default. */
  outputs?: Out;
}

/** What `fit` of a pipeline may be told: as `fit` of a model, in the user's own units and names. */
export interface PipelineFitOptions<X, Y, I extends SymbolicPorts, O extends SymbolicPorts>
  extends Omit<FitOptions<I, O>, 'validationData' | 'validationSteps' | 'classWeight'> {
  /** Rows to evaluate every epoch: `[x, y]`, or `[x, y, sampleWeight]`. Nothing is learned from them. */
  validationData?: readonly [X, Y] | readonly [X, Y, Some<O, SampleWeightInput>];
  /** What the rows or steps of each class weigh, by its name where the outputs are labels: `{ spam: 5 }`; all 1 by default. */
  classWeight?: Readonly<Record<string, number>> | FitOptions<I, O>['classWeight'];
}

/** See `pipeline`. */
export interface Pipeline<
  In extends Transforms = Transforms,
  Out extends Transforms = Transforms,
  I extends SymbolicPorts = SymbolicTensor,
  O extends SymbolicPorts = SymbolicTensor,
> {
  readonly inputs: In;
  readonly model: Model<FloatArray, I, O>;
  readonly outputs: Out;
  /**
   * Lets the transforms learn that have not yet, from the rows that are trained on, and trains the model. A transform that
   * has learned stays as it is, since the model's weights are about what it gives: let it learn anew, and train anew.
   *
   * @throws as the transforms and `model.fit` do
   */
  fit(
    x: RawOf<In>,
    y: RawOf<Out>,
    options?: PipelineFitOptions<RawOf<In>, RawOf<Out>, I, O>,
  ): Promise<History>;
  /** The loss and metrics over all rows: of what the model sees, so that those of scaled targets are scaled. */
  evaluate(x: RawOf<In>, y: RawOf<Out>, options?: EvaluateOptions<O>): Logs;
  /** The answers for raw rows, in the units and names of y. */
  predict(x: RawOf<In>, options?: PredictOptions): AnswerOf<Out>;
  /** What the model itself says of raw rows: probabilities, for `labels.rank`, or scaled values. */
  predictOutputs(x: RawOf<In>, options?: PredictOptions): Each<O, Tensor>;
}

/**
 * A model that takes what users have and answers in their own terms.
 *
 * A transform that decides the size of a layer, such as the vocabulary of an embedding, is fitted before the model is made,
 * on the rows to be trained on; or it is given a `vocabularySize`, and learns here.
 *
 * @throws ConfigError for what is no model or no transform
 *
 * @example
 * const spam = pipeline({ inputs: textVectorizer({ vocabularySize: 5000 }), model, outputs: classLabels() });
 * await spam.fit(texts, names, { epochs: 5, validationSplit: 0.2 });
 * spam.predict(['Win a free phone']); // ['spam']
 */
export function pipeline<
  const In extends Transforms = undefined,
  const Out extends Transforms = undefined,
  I extends SymbolicPorts = SymbolicTensor,
  O extends SymbolicPorts = SymbolicTensor,
>(parts: PipelineParts<In, Out, Model<FloatArray, I, O>>): Pipeline<In, Out, I, O> {
  checkOptions('pipeline', parts, ['inputs', 'model', 'outputs'], {
    input: 'write inputs',
    output: 'write outputs',
    labels: 'write outputs: classLabels()',
  });
  const { model } = parts;
  if (!(model instanceof Model)) {
    throw new ConfigError(`pipeline: model is one that sequential or model made but is ${describe(model)}`);
  }
  const inputs = checkTransforms('inputs', parts.inputs) as In;
  const outputs = checkTransforms('outputs', parts.outputs) as Out;
  const readyX = (x: unknown) =>
    through('x', inputs, x, (part, raw) => part.transform(raw)) as Each<I, SampleInput>;
  const readyY = (y: unknown) =>
    through('y', outputs, y, (part, raw) => part.transform(raw)) as Some<O, TargetInput>;
  const predictOutputs = (x: unknown, options: PredictOptions = {}) => {
    checkOptions('predict', options, ['batchSize', 'missing', 'signal'], {
      samples: 'ask the model itself: model.predict(inputs.transform(x), { samples })',
    });
    return model.predict(readyX(x), options) as Each<O, Tensor>;
  };
  return {
    inputs,
    model,
    outputs,
    async fit(x, y, options = {}) {
      if (model.internals.compiled === undefined) {
        throw new ConfigError('fit: compile the model of the pipeline first: model.compile({ loss: ... })');
      }
      learn(inputs, outputs, x, y, options.validationSplit);
      const { validationData: given, classWeight, ...rest } = options;
      const validationData = Array.isArray(given)
        ? [readyX(given[0]), readyY(given[1]), ...given.slice(2)]
        : given;
      return model.fit(readyX(x), readyY(y), {
        ...rest,
        ...(validationData === undefined ? {} : { validationData }),
        ...(classWeight === undefined ? {} : { classWeight: weightsByNumber(outputs, classWeight) }),
      } as FitOptions<I, O>);
    },
    evaluate: (x, y, options = {}) => model.evaluate(readyX(x), readyY(y), options),
    predict: (x, options) =>
      through('what the model predicts', outputs, predictOutputs(x, options), (part, ready) =>
        part.inverse(ready),
      ) as AnswerOf<Out>,
    predictOutputs,
  };
}

/** Lets those transforms learn that have not yet, from the rows that are not kept for validation. */
function learn(inputs: Transforms, outputs: Transforms, x: unknown, y: unknown, share = 0): void {
  checkNumber('fit: validationSplit', share, { min: 0, below: 1 });
  const rows = countRows('x', inputs, x);
  checkRows(rows, countRows('y', outputs, y));
  const kept = keptRows(rows, share);
  for (const [what, parts, data] of [
    ['x', inputs, x],
    ['y', outputs, y],
  ] as const) {
    if (listOf(parts).every(({ isFitted }) => isFitted)) continue;
    fitAll(what, parts, kept === rows ? data : firstRows(what, parts, data, kept));
  }
}

/** Weights of classes by the numbers that the model knows them by. */
function weightsByNumber(outputs: Transforms, classWeight: unknown): unknown {
  const { classes } = (outputs ?? {}) as { classes?: unknown };
  if (!Array.isArray(classes) || typeof classWeight !== 'object' || classWeight === null) return classWeight;
  const names = classes.map(String);
  const weights = Object.entries(classWeight).map(([name, weight]) => {
    if (!names.includes(name)) throw unknownName('fit: classWeight of class', name, names);
    return [names.indexOf(name), weight];
  });
  return Object.fromEntries(weights);
}

export interface PipelineSaveOptions extends Omit<SaveOptions, 'preparation'> {
  /** Plain JSON of your own, such as the names of columns; `readPreparation(bytes).about` gives it back. None by default. */
  about?: Json;
}

/**
 * The bytes of a file that holds the pipeline: the model's file, with the transforms beside the weights.
 *
 * @throws as `serializeModel` does; ConfigError for a transform that could not be read from a file again
 */
export function serializePipeline<I extends SymbolicPorts, O extends SymbolicPorts>(
  { inputs, model, outputs }: PipelineParts<Transforms, Transforms, Model<FloatArray, I, O>>,
  options: PipelineSaveOptions = {},
): Uint8Array<ArrayBuffer> {
  checkOptions('serializePipeline', options, ['includeOptimizer', 'about']);
  const { about, ...rest } = options;
  const preparation = {
    pipeline: FORMAT,
    inputs: describeTransforms(inputs),
    outputs: describeTransforms(outputs),
    about,
  };
  return serializeModel(model, { ...rest, preparation });
}

/** The form of what is written beside the weights. */
const FORMAT = 1;

/**
 * The pipeline that a file of `serializePipeline` holds: it takes raw rows and answers as the one that was saved. What it is
 * made of, a file cannot tell the compiler.
 *
 * @typeParam P  such as `Pipeline<TextVectorizer, ClassLabels>`, or `typeof pipe`
 * @throws FormatError when the bytes are cut short or are not what they say, or hold a model alone
 */
export function deserializePipeline<P = Pipeline<Transform<unknown, unknown>, Transform<unknown, unknown>>>(
  bytes: Uint8Array,
): P {
  const model = deserializeModel(bytes);
  const json = readPreparation(bytes);
  const { pipeline: format, inputs = null, outputs = null } = (json ?? {}) as { [name: string]: Json };
  if (format !== FORMAT) {
    const found =
      json === undefined ? 'nothing beside its model: read it by deserializeModel' : describe(json);
    throw new FormatError(`the file holds no pipeline of format ${FORMAT} but ${found}`);
  }
  try {
    return pipeline({ inputs: readTransforms(inputs), model, outputs: readTransforms(outputs) }) as P;
  } catch (error) {
    if (error instanceof FormatError || !(error instanceof LonghandError)) throw error;
    throw new FormatError(`the file does not hold a sound pipeline: ${error.message}`);
  }
}
