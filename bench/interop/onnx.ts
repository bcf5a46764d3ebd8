/**
 * ONNX beside onnxruntime: what `toOnnx` writes is run by it. Masked steps stand anywhere, with NaN in them; what comes
 * out is compared wherever a step is real.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import { fromOnnx, toOnnx } from '../../src/formats/index.js';
import type { Tensor } from '../../src/index.js';
import type { ModelInternals } from '../../src/model/internals.js';
import type { Network } from '../../src/model/network.js';
import {
  type ChainChoice,
  canSayInOnnx,
  chainChoice,
  type Given,
  graphChoiceOf,
  makeChain,
  makeGraph,
} from '../../test/support/exchange.js';
import type { GraphChoice } from '../../test/support/graphs.js';
import { SOURCES } from '../peers/peer.js';
import type { ComparisonOptions, Finding } from './main.js';

/** As much of onnxruntime's interface as is used. */
interface Runtime {
  Tensor: new (type: string, data: ArrayLike<unknown>, shape: readonly number[]) => unknown;
  InferenceSession: {
    create(
      bytes: Uint8Array,
      options: object,
    ): Promise<{
      inputNames: readonly string[];
      run(feeds: Record<string, unknown>): Promise<Record<string, { data: Float32Array; dims: number[] }>>;
    }>;
  };
}

const BOUND = 1e-5;

/** The difference, relative to numbers above 1, where steps are real: an output's mask is [steps, batch]. */
export function worstOf(
  { data, shape }: Tensor<Float32Array>,
  other: ArrayLike<number>,
  mask?: Uint8Array,
): number {
  let worst = data.length === other.length ? 0 : Number.POSITIVE_INFINITY;
  const [batch, steps] = shape.length === 3 ? (shape as [number, number]) : [data.length, 1];
  const features = shape.at(-1) as number;
  data.forEach((value, k) => {
    const step = Math.floor(k / features);
    if (shape.length === 3 && mask?.[(step % steps) * batch + Math.floor(step / steps)] === 0) return;
    const difference = Math.abs(value - (other[k] as number)) / Math.max(1, Math.abs(value));
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  });
  return worst;
}

/** The masks of what a model gave last. */
export function masksOf(built: { readonly internals: Pick<ModelInternals, 'network'> }): Uint8Array[] {
  return (built.internals.network as Network).latest?.outputs.map(({ mask }) => mask.array) ?? [];
}

function feedsOf(
  runtime: Runtime,
  names: readonly string[],
  given: readonly Given[],
  wanted: readonly string[],
) {
  const feeds: Record<string, unknown> = {};
  given.forEach(({ x, mask }, i) => {
    const name = names[i] as string;
    const [batch, steps] = x.shape as [number, number];
    const isIds = name === idsName;
    feeds[name] = isIds
      ? new runtime.Tensor(
          'int64',
          BigInt64Array.from(x.data, (id) => BigInt(id)),
          [batch, steps],
        )
      : new runtime.Tensor('float32', x.data, x.shape);
    if (mask === undefined) return;
    const lengths = Int32Array.from({ length: batch }, (_, row) =>
      mask.subarray(row * steps, (row + 1) * steps).reduce((sum, real) => sum + real, 0),
    );
    feeds[`${name}_mask`] = new runtime.Tensor('bool', mask, [batch, steps]);
    feeds[`${name}_lengths`] = new runtime.Tensor('int32', lengths, [batch]);
  });
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => wanted.includes(name)));
}

/** In the random graphs the third input is token ids. */
const idsName = 'input_3';

async function run(runtime: Runtime, bytes: Uint8Array, names: readonly string[], given: readonly Given[]) {
  const session = await runtime.InferenceSession.create(bytes, {
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  return session.run(feedsOf(runtime, names, given, session.inputNames));
}

export async function compareOnnx(options: ComparisonOptions): Promise<Finding[]> {
  const runtime = createRequire(join(SOURCES, 'package.json'))('onnxruntime-node') as Runtime;
  const { runs, seed, fixtures } = options;
  let worstChain = 0;
  for (const choice of fc.sample(chainChoice(canSayInOnnx), { numRuns: runs, seed })) {
    worstChain = Math.max(worstChain, await chainDifference(runtime, choice));
  }
  let worstGraph = 0;
  for (const choice of fc.sample(graphChoiceOf(canSayInOnnx), { numRuns: runs, seed })) {
    worstGraph = Math.max(worstGraph, await graphDifference(runtime, choice));
  }
  if (fixtures) await writeFixtures(runtime);
  return [
    {
      name: 'toOnnx in onnxruntime, layers one behind the other',
      models: runs,
      worst: worstChain,
      bound: BOUND,
    },
    { name: 'toOnnx in onnxruntime, graphs', models: runs, worst: worstGraph, bound: BOUND },
  ];
}

async function chainDifference(runtime: Runtime, choice: ChainChoice): Promise<number> {
  const { built, given } = makeChain(choice);
  const outputs = await run(runtime, toOnnx(built, { masks: choice.masks }), ['input'], [given]);
  const ours = built.predict(given.x, { missing: 'mask' });
  const worst = worstOf(ours, outputs.output?.data as Float32Array, masksOf(built)[0]);
  if (worst > BOUND) console.error(JSON.stringify(choice));
  return worst;
}

async function graphDifference(runtime: Runtime, choice: GraphChoice): Promise<number> {
  const { built, given, names } = makeGraph(choice);
  const outputs = await run(runtime, toOnnx(built as never, { masks: 'anywhere' }), names, given);
  const ours = built.predict(given.map(({ x }) => x) as never, {
    missing: 'mask',
  }) as unknown as Tensor<Float32Array>[];
  const masks = masksOf(built);
  const found = built.internals.outputPorts.names.map((name, i) =>
    worstOf(ours[i] as Tensor<Float32Array>, outputs[name]?.data as Float32Array, masks[i]),
  );
  const worst = Math.max(...found);
  if (worst > BOUND) console.error(JSON.stringify(choice));
  return worst;
}

/** Small files with what onnxruntime makes of them: what the project's tests read without having it. */
async function writeFixtures(runtime: Runtime): Promise<void> {
  const folder = join(SOURCES, '../../test/fixtures/onnx');
  mkdirSync(folder, { recursive: true });
  const cases = [];
  for (const choice of fc.sample(chainChoice(canSayInOnnx), { numRuns: 12, seed: 7 })) {
    const { built, given } = makeChain(choice);
    const bytes = toOnnx(built, { masks: choice.masks });
    fromOnnx(bytes);
    const { data, dims } = (await run(runtime, bytes, ['input'], [given])).output as {
      data: Float32Array;
      dims: number[];
    };
    const { x, mask } = given;
    cases.push({
      model: Buffer.from(bytes).toString('base64'),
      masks: choice.masks,
      x: { shape: x.shape, data: [...x.data].map((value) => (Number.isNaN(value) ? null : value)) },
      mask: [...(mask as Uint8Array)],
      output: { shape: dims, data: [...data] },
    });
  }
  writeFileSync(join(folder, 'onnxruntime.json'), `${JSON.stringify(cases)}\n`);
}
