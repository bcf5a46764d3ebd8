/** Evaluations and predictions of batches that come one by one: one of them is held at a time. */
import { checkInteger, checkOptions } from '../core/options.js';
import type { FloatArray, Tensor } from '../core/tensor.js';
import { type Missing, newArray, type Samples } from '../data/samples.js';
import type { Batch } from '../training/feed.js';
import { GivenBatches, type Source } from '../training/given-batches.js';
import { evaluateBatch, type Logs, stepsOf, Totals } from '../training/run.js';
import type { Dataset } from '../training/targets.js';
import { createYield } from '../training/yielding.js';
import { createReports } from './compiled.js';
import { checkSignal } from './data-options.js';
import { type Reading, toRows } from './fit-model.js';
import type { SymbolicPorts } from './ports.js';

/** What may be said of batches that are evaluated or predicted. */
export interface BatchesOptions {
  /** How many batches are taken; all there are by default. */
  steps?: number;
  /** Whether NaN in x is an error (the default) or masks the step that it is in. */
  missing?: Missing;
  /** Ends the call when it is aborted, with its reason. */
  signal?: AbortSignal;
}

const hints = {
  batchSize: 'a batch has the rows that it is given with',
  sampleWeight: 'give it with each batch, [x, y, sampleWeight]',
  samples: 'it is for x as a whole; call predict for each of the batches',
};

/** The loss and metrics over all rows of the batches. */
export async function evaluateGiven<I extends SymbolicPorts, O extends SymbolicPorts>(
  model: Reading<I, O>,
  source: Source<unknown>,
  options: BatchesOptions,
): Promise<Logs> {
  const { missing } = checkBatchesOptions('evaluate', options);
  const totals = new Totals(createReports(model.compiled.outputs, model.outputPorts));
  totals.reset();
  const read = (given: unknown) => model.read(...toRows<I, O>(given), missing);
  await forEachGiven('evaluate', source, read, options, ({ dataset, order, count, steps }) => {
    const network = model.network();
    evaluateBatch(network, network.pass(count, steps, false), dataset, order, 0, totals);
  });
  return totals.logs();
}

/**
 * The outputs for all rows of the batches, one behind the other; those of fewer steps are padded to the longest, with lengths.
 *
 * @param read  the samples of what a batch gives
 * @param predict  the outputs for them
 */
export async function predictGiven<A extends FloatArray>(
  source: Source<unknown>,
  options: BatchesOptions,
  read: (x: unknown, missing: Missing) => readonly Samples[],
  predict: (inputs: readonly Samples[]) => readonly Tensor<A>[],
): Promise<readonly Tensor<A>[]> {
  const { missing } = checkBatchesOptions('predict', options);
  const parts: (readonly Tensor<A>[])[] = [];
  const toDataset = (x: unknown) => {
    const inputs = read(x, missing);
    return { rows: (inputs[0] as Samples).rows, inputs, steps: stepsOf(inputs), outputs: [] };
  };
  await forEachGiven('predict', source, toDataset, options, ({ dataset }) => {
    parts.push(predict(dataset.inputs));
  });
  return (parts[0] as readonly Tensor<A>[]).map((_, i) => join(parts.map((part) => part[i] as Tensor<A>)));
}

function checkBatchesOptions(method: string, options: BatchesOptions): { readonly missing: Missing } {
  checkOptions(method, options, ['steps', 'missing', 'signal'], hints);
  if (options.steps !== undefined) checkInteger(`${method}: steps`, options.steps);
  const { missing = 'error', signal } = options;
  checkSignal(method, signal);
  return { missing };
}

/** Calls `work` with each batch, giving way to the event loop in between. */
async function forEachGiven(
  what: string,
  source: Source<unknown>,
  read: (given: unknown) => Dataset,
  { steps, signal }: BatchesOptions,
  work: (batch: Batch) => void,
): Promise<void> {
  const given = { what, hasEpochs: false, batches: steps, option: 'steps', signal, isMarked: false };
  const feed = new GivenBatches(source, read, given);
  const giveWay = createYield();
  try {
    await feed.begin(0, 0);
    for (let batch = await feed.next(); batch; batch = await feed.next()) {
      work(batch);
      if (giveWay.isDue()) await giveWay.now();
      signal?.throwIfAborted();
    }
    signal?.throwIfAborted();
  } finally {
    await feed.close();
  }
}

/** Rows behind rows, each with as many steps as the longest has. */
function join<A extends FloatArray>(parts: readonly Tensor<A>[]): Tensor<A> {
  const [first] = parts as [Tensor<A>];
  const rows = parts.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
  const rest = first.shape.slice(1);
  const steps = rest.length === 2 ? Math.max(...parts.map(({ shape }) => shape[1] as number)) : 1;
  const features = rest.at(-1) as number;
  const data = newArray(
    first.data instanceof Float32Array ? 'float32' : 'float64',
    rows * steps * features,
  ) as A;
  let row = 0;
  for (const { data: part, shape } of parts) {
    const size = part.length / (shape[0] as number);
    for (let at = 0; at < part.length; at += size, row++)
      data.set(part.subarray(at, at + size), row * steps * features);
  }
  if (rest.length === 1) return { data, shape: [rows, features] };
  const lengths = parts.flatMap(({ shape: [count, own], lengths: given }) => given ?? Array(count).fill(own));
  const isRagged = lengths.some((length) => length !== steps);
  return { data, shape: [rows, steps, features], lengths: isRagged ? lengths : undefined };
}
