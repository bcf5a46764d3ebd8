/**
 * The network that reads a customer's weeks: an LSTM with a label at every week, so that it stays calibrated on
 * histories longer than those it was trained on, and one sigmoid, its learning rate falling to 0 on half a cosine.
 * The recipe was found on CDNOW, on a validation part of the customers to learn from.
 */
import {
  adam,
  type Callback,
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

export interface NetworkOptions {
  readonly units: number;
  readonly seed: number;
  /** Without a number, enough for `FEWEST_UPDATES`, and `FEWEST_EPOCHS` at least. */
  readonly epochs?: number | undefined;
  readonly verbose: Verbosity;
  /** Gets the model before training begins, and may give hooks to run beside it. */
  readonly onStart?: (model: Sequential) => readonly Callback[];
}

const LEARNING_RATE = 3e-3;
const DROPOUT = 0.2;
const FEWEST_EPOCHS = 8;
const FEWEST_UPDATES = 600;
/** Rows an update is made from: fewer where there are few customers, so that there are updates enough. */
const BATCH = 256;
const SMALL_BATCH = 64;
const SMALL_SET = 8192;
/** What stands in the weeks before the first purchase, for the masking layer to find. */
const PADDING = -1;

/** Trains the network on the training customers, and evaluates it on the validation customers every epoch. */
export async function trainNetwork(
  { train, validation }: Split,
  options: NetworkOptions,
): Promise<{ model: Sequential; history: History }> {
  const batchSize = train.rows < SMALL_SET ? SMALL_BATCH : BATCH;
  const updates = Math.ceil(train.rows / batchSize);
  const epochs = options.epochs ?? Math.max(FEWEST_EPOCHS, Math.ceil(FEWEST_UPDATES / updates));
  const model = sequential(
    [
      masking({ maskValue: PADDING }),
      lstm(options.units, { returnSequences: true }),
      dropout(DROPOUT),
      dense(1, { activation: 'sigmoid' }),
    ],
    { seed: options.seed },
  );
  const learningRate = cosineDecay({ initialLearningRate: LEARNING_RATE, decaySteps: epochs * updates });
  model.compile({ optimizer: adam({ learningRate }), loss: 'binaryCrossentropy' });
  model.build([null, FEATURES]);
  const history = await model.fit(inputOf(train), targetsOf(train), {
    epochs,
    batchSize,
    sampleWeight: weightsOf(train),
    validationData: [inputOf(validation), targetsOf(validation), weightsOf(validation)],
    verbose: options.verbose,
    callbacks: options.onStart?.(model) ?? [],
  });
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
