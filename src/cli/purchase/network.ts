/**
 * The network that reads a customer's weeks: an LSTM with a label at every week, so that it stays calibrated on
 * histories longer than those it was trained on, and one sigmoid, its learning rate falling to 0 on half a cosine.
 *
 * The recipe was chosen on CDNOW's training customers alone: bench/evaluations/cdnow-choice.ts holds a fifth of them
 * out, trains on weeks 0 to 16 and asks at week 26, so that the network has to reach as far beyond its training as
 * it has to in the test. With few or small updates it thinks too little of everybody; the recipe is the candidate with
 * the smallest log-loss there.
 */
import {
  adam,
  type BackendName,
  cosineDecay,
  dense,
  dropout,
  type History,
  lstm,
  masking,
  type Sequential,
  sequential,
  type Tensor,
  tensor,
  type Verbosity,
} from '../../index.js';
import { FEATURES, type LabeledSequences, type Sequences } from './sequences.js';
import type { Split } from './split.js';

/** How the network is trained. */
export interface Recipe {
  readonly epochs: number;
  readonly batchSize: number;
  /** The learning rate at the start. */
  readonly learningRate: number;
}

export interface NetworkOptions {
  readonly units: number;
  readonly seed: number;
  readonly recipe: Recipe;
  readonly verbose: Verbosity;
  /** `auto` by default. */
  readonly backend?: BackendName;
  /** Gets the model before training begins. */
  readonly onStart?: (model: Sequential) => void;
}

const LEARNING_RATE = 1e-2;
const DROPOUT = 0.2;
const FEWEST_EPOCHS = 16;
const FEWEST_UPDATES = 1200;
/** Rows an update is made from: fewer where there are few customers, so that there are updates enough. */
const BATCH = 256;
const SMALL_BATCH = 64;
const SMALL_SET = 8192;
/** What stands in the weeks before the first purchase, for the masking layer to find. */
const PADDING = -1;

/** The recipe for so many training customers; without a number of epochs, as many as it takes. */
export function recipeFor(rows: number, epochs?: number): Recipe {
  const batchSize = rows < SMALL_SET ? SMALL_BATCH : BATCH;
  const enough = Math.max(FEWEST_EPOCHS, Math.ceil(FEWEST_UPDATES / Math.ceil(rows / batchSize)));
  return { epochs: epochs ?? enough, batchSize, learningRate: LEARNING_RATE };
}

/** Trains the network on the training customers, and evaluates it every epoch on those for validation, if any. */
export async function trainNetwork(
  { train, validation }: Pick<Split, 'train' | 'validation'>,
  { units, seed, recipe, verbose, backend = 'auto', onStart }: NetworkOptions,
): Promise<{ model: Sequential; history: History }> {
  const { epochs, batchSize, learningRate } = recipe;
  const model = sequential(
    [
      masking({ maskValue: PADDING }),
      lstm(units, { returnSequences: true }),
      dropout(DROPOUT),
      dense(1, { activation: 'sigmoid' }),
    ],
    { seed, backend },
  );
  const decaySteps = epochs * Math.ceil(train.rows / batchSize);
  const schedule = cosineDecay({ initialLearningRate: learningRate, decaySteps });
  model.compile({ optimizer: adam({ learningRate: schedule }), loss: 'binaryCrossentropy' });
  model.build([null, FEATURES]);
  onStart?.(model);
  const fitOptions = { epochs, batchSize, sampleWeight: weightsOf(train), verbose };
  const validationData = [inputOf(validation), targetsOf(validation), weightsOf(validation)] as const;
  const history = await model.fit(
    inputOf(train),
    targetsOf(train),
    validation.rows === 0 ? fitOptions : { ...fitOptions, validationData },
  );
  return { model, history };
}

/** The probability that each customer buys in the horizon after the last week. */
export function predictCustomers(model: Sequential, sequences: Sequences): Float64Array {
  const { rows, weeks } = sequences;
  const { data } = model.predict(inputOf(sequences), { batchSize: BATCH });
  return Float64Array.from({ length: rows }, (_, row) => data[row * weeks + weeks - 1] as number);
}

function inputOf({ x, mask, rows, weeks }: Sequences): Tensor<Float32Array> {
  const padded = x.slice();
  mask.forEach((real, week) => {
    if (real === 0) padded.fill(PADDING, week * FEATURES, (week + 1) * FEATURES);
  });
  return tensor(padded, [rows, weeks, FEATURES]);
}

function targetsOf({ targets, rows, weeks }: LabeledSequences): Tensor<Float32Array> {
  return tensor(targets, [rows, weeks]);
}

function weightsOf({ weights, rows, weeks }: LabeledSequences): Tensor<Float32Array> {
  return tensor(weights, [rows, weeks]);
}
