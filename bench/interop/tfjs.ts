/**
 * Layers models beside TensorFlow.js: what `toTfjs` writes is loaded and run there, and what it saves of that is read
 * here again. Then models that are made there, with its own defaults, and weights that are quantized.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import { fromTfjs, type TfjsFiles, toTfjs } from '../../src/formats/index.js';
import { type Tensor, tensor } from '../../src/index.js';
import { canSayInTfjs, chainChoice, makeMaskingChain } from '../../test/support/exchange.js';
import { SOURCES } from '../peers/peer.js';
import type { ComparisonOptions, Finding } from './main.js';
import { worstOf } from './onnx.js';

interface TfTensor {
  readonly shape: number[];
  dataSync(): Float32Array;
}

interface TfModel {
  predict(x: TfTensor | TfTensor[]): TfTensor | TfTensor[];
  save(handler: { save(artifacts: Artifacts): Promise<object> }): Promise<object>;
}

interface Artifacts {
  readonly modelTopology: object;
  readonly weightSpecs: object[];
  readonly weightData: ArrayBuffer;
}

type Maker = (options: object) => { apply(x: unknown): unknown };

/** As much of TensorFlow.js's interface as is used. */
interface Tf {
  tensor(data: ArrayLike<number>, shape: readonly number[]): TfTensor;
  input(options: object): unknown;
  model(options: object): TfModel;
  loadLayersModel(handler: { load(): Promise<Artifacts> }): Promise<TfModel>;
  enableProdMode(): void;
  readonly layers: Readonly<Record<string, Maker>>;
}

const BOUND = 1e-5;

function load(tf: Tf, files: TfjsFiles): Promise<TfModel> {
  const json = JSON.parse(new TextDecoder().decode(files['model.json']));
  const [{ paths, weights }] = json.weightsManifest as [{ paths: string[]; weights: object[] }];
  const bytes = Buffer.concat(paths.map((path) => files[path] as Uint8Array));
  const weightData = new Uint8Array(bytes).buffer;
  return tf.loadLayersModel({
    load: async () => ({ modelTopology: json.modelTopology, weightSpecs: weights, weightData }),
  });
}

/** What the model saves, as files. */
async function save(model: TfModel): Promise<TfjsFiles> {
  let files: TfjsFiles = {};
  await model.save({
    save: async ({ modelTopology, weightSpecs, weightData }) => {
      const path = 'group1-shard1of1.bin';
      const weightsManifest = [{ paths: [path], weights: weightSpecs }];
      const json = { format: 'layers-model', modelTopology, weightsManifest };
      files = {
        'model.json': new TextEncoder().encode(JSON.stringify(json)),
        [path]: new Uint8Array(weightData),
      };
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    },
  });
  return files;
}

const run = (tf: Tf, model: TfModel, x: readonly Tensor[]): TfTensor[] => {
  const given = x.map(({ data, shape }) => tf.tensor(data, shape));
  return [model.predict(given.length === 1 ? (given[0] as TfTensor) : given)].flat();
};

export async function compareTfjs({ runs, seed, fixtures }: ComparisonOptions): Promise<Finding[]> {
  const tf = createRequire(join(SOURCES, 'package.json'))('@tensorflow/tfjs') as Tf;
  const count = Math.ceil(runs / 4); // it is slow
  let [out, back, quantized] = [0, 0, 0];
  for (const choice of fc.sample(chainChoice(canSayInTfjs), { numRuns: count, seed })) {
    const { built, x } = makeMaskingChain(choice);
    const files = toTfjs(built);
    const theirs = await load(tf, files);
    const ours = built.predict(x);
    const here = worstOf(ours, (run(tf, theirs, [x])[0] as TfTensor).dataSync());
    const again = fromTfjs(await save(theirs));
    const there = worstOf(ours, again.predict(x).data);
    if (here > BOUND || there > 0) console.error(JSON.stringify(choice));
    [out, back] = [Math.max(out, here), Math.max(back, there)];
    quantized = Math.max(quantized, await quantizedDifference(tf, files, x));
  }
  const made = await madeThere(tf, fixtures);
  return [
    { name: 'toTfjs in TensorFlow.js', models: count, worst: out, bound: BOUND },
    { name: 'fromTfjs of what it saves again', models: count, worst: back, bound: 0 },
    { name: 'fromTfjs of quantized weights', models: count, worst: quantized, bound: BOUND },
    {
      name: 'fromTfjs of models with its own defaults',
      models: made.models,
      worst: made.worst,
      bound: BOUND,
    },
  ];
}

/** The same model with weights as whole numbers, loaded by both. */
async function quantizedDifference(tf: Tf, files: TfjsFiles, x: Tensor<Float32Array>): Promise<number> {
  const json = JSON.parse(new TextDecoder().decode(files['model.json']));
  const [{ paths, weights }] = json.weightsManifest as [{ paths: string[]; weights: { shape: number[] }[] }];
  const values = new Float32Array(new Uint8Array(files[paths[0] as string] as Uint8Array).buffer);
  const parts: Uint8Array[] = [];
  let at = 0;
  const specs = weights.map((spec, i) => {
    const size = spec.shape.reduce((product, axis) => product * axis, 1);
    const part = values.subarray(at, at + size);
    at += size;
    const isWide = i % 2 === 1;
    const min = Math.min(...part, 0);
    const scale = (Math.max(...part, 1) - min) / (isWide ? 65535 : 255);
    const whole = Array.from(part, (value) => Math.round((value - min) / scale));
    const packed = isWide ? Uint16Array.from(whole) : Uint8Array.from(whole);
    parts.push(new Uint8Array(packed.buffer));
    return { ...spec, quantization: { dtype: isWide ? 'uint16' : 'uint8', min, scale } };
  });
  json.weightsManifest = [{ paths: ['weights.bin'], weights: specs }];
  const quantized = {
    'model.json': new TextEncoder().encode(JSON.stringify(json)),
    'weights.bin': new Uint8Array(Buffer.concat(parts)),
  };
  const theirs = run(tf, await load(tf, quantized), [x])[0] as TfTensor;
  return worstOf(fromTfjs(quantized).predict(x), theirs.dataSync());
}

/** Models as people write them there, with data for them. */
function examples(tf: Tf): { model: TfModel; x: Tensor<Float32Array>[] }[] {
  const { layers } = tf as { layers: Record<string, Maker> };
  const make = (name: string, options: object) => (layers[name] as Maker)(options);
  const chain = (shape: (number | null)[], ...all: ReturnType<Maker>[]) => {
    const input = tf.input({ shape });
    return tf.model({ inputs: input, outputs: all.reduce<unknown>((x, layer) => layer.apply(x), input) });
  };
  const wave = (shape: number[], hidden = -1) =>
    tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, k) =>
        hidden >= 0 && Math.floor(k / (shape[2] as number)) % 4 === hidden ? 0 : Math.sin(k * k + 1),
      ),
      shape,
    );
  const ids = tensor(Float32Array.of(3, 0, 1, 2, 0, 4, 4, 0), [2, 4]);
  const [sequence, still] = [
    tf.input({ shape: [null, 3], name: 'steps' }),
    tf.input({ shape: [2], name: 'still' }),
  ];
  const [y, h, c] = make('lstm', { units: 3, returnState: true, returnSequences: true }).apply(
    sequence,
  ) as unknown[];
  const decoded = make('lstm', { units: 3 }).apply([y, h, c]);
  const both = make('concatenate', {}).apply([decoded, still]);
  return [
    {
      model: chain([null, 3], make('lstm', { units: 4 }), make('dense', { units: 2, activation: 'softmax' })),
      x: [wave([2, 4, 3])],
    },
    {
      model: chain(
        [null, 3],
        make('masking', { maskValue: 0 }),
        make('bidirectional', { layer: make('gru', { units: 2, returnSequences: true }), mergeMode: 'sum' }),
        make('simpleRNN', { units: 3, activation: 'relu' }),
        make('batchNormalization', {}),
        make('dense', { units: 1, activation: 'sigmoid' }),
      ),
      x: [wave([2, 4, 3], 1)],
    },
    {
      model: chain(
        [null],
        make('embedding', { inputDim: 5, outputDim: 3, maskZero: true }),
        make('lstm', { units: 3 }),
      ),
      x: [ids],
    },
    {
      model: chain(
        [4, 3],
        make('timeDistributed', { layer: make('dense', { units: 3 }) }),
        make('leakyReLU', { alpha: 0.2 }),
        make('layerNormalization', {}),
        make('flatten', {}),
        make('repeatVector', { n: 2 }),
        make('globalMaxPooling1d', {}),
      ),
      x: [wave([2, 4, 3])],
    },
    {
      model: tf.model({ inputs: [sequence, still], outputs: [make('dense', { units: 1 }).apply(both), h] }),
      x: [wave([2, 4, 3]), wave([2, 2])],
    },
  ];
}

async function madeThere(tf: Tf, fixtures: boolean): Promise<{ models: number; worst: number }> {
  let worst = 0;
  const cases: object[] = [];
  const all = examples(tf);
  for (const { model, x } of all) {
    const files = await save(model);
    const theirs = run(tf, model, x);
    const read = fromTfjs<never>(files) as {
      predict(x: unknown): Tensor<Float32Array> | Tensor<Float32Array>[];
    };
    const ours = [read.predict(x.length === 1 ? x[0] : x)].flat();
    theirs.forEach((one, i) => {
      worst = Math.max(worst, worstOf(ours[i] as Tensor<Float32Array>, one.dataSync()));
    });
    cases.push({
      files: Object.fromEntries(
        Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]),
      ),
      x: x.map(({ data, shape }) => ({ shape, data: [...data] })),
      outputs: theirs.map((one) => ({ shape: one.shape, data: [...one.dataSync()] })),
    });
  }
  if (fixtures) {
    const folder = join(SOURCES, '../../test/fixtures/tfjs');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'tensorflowjs.json'), `${JSON.stringify(cases)}\n`);
  }
  return { models: all.length, worst };
}
