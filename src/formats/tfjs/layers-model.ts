/**
 * Layers models of TensorFlow.js: `model.json`, which holds the topology and a list of the weights, and binary shards.
 * The topology is in Keras's words, which mean other things there: see keras/dialect.ts.
 */
import { ConfigError, DataError, FormatError, LonghandError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import type { FloatArray, Tensor } from '../../core/tensor.js';
import type { LayerConfig } from '../../layers/layer.js';
import { Model } from '../../model/model.js';
import { checkModest } from '../../model/model-metadata.js';
import type { Sequential } from '../../model/sequential.js';
import { tfjs } from '../keras/dialect.js';
import { innerName } from '../keras/layers.js';
import { isObject } from '../keras/options.js';
import { readTopology } from '../keras/topology.js';
import { takeWeights, type WeightPlace, weightPlaces } from '../keras/weights.js';
import { type Spelling, writeTopology } from '../keras/write-topology.js';
import { readShards } from './shards.js';

/** Files by their names: `model.json`, and what it names. */
export type TfjsFiles = Record<string, Uint8Array>;

/** How large a shard is at most, as browsers like to cache them. */
const SHARD = 4 * 2 ** 20;
const LONGEST_JSON = 2 ** 24;

const spelling: Spelling = {
  dialect: tfjs,
  shape: 'batch_input_shape',
  graph: 'Model',
  entry: (layer) => layer,
  node: (reads, states) => [...reads, ...states].map(({ layer, node, output }) => [layer, node, output, {}]),
};

/**
 * The model as files of TensorFlow.js, which `tf.loadLayersModel` reads: `model.json` and shards of 4 MB at most.
 *
 * @throws ConfigError for a model that is not built, or that TensorFlow.js cannot say: it names the layer
 *
 * @example for (const [name, bytes] of Object.entries(toTfjs(model))) await writeFile(name, bytes);
 */
export function toTfjs(model: Model<FloatArray>): TfjsFiles {
  if (!(model instanceof Model))
    throw new ConfigError(`toTfjs takes a model, sequential([...]), but got ${describe(model)}`);
  if (!model.internals.network)
    throw new ConfigError('toTfjs needs a model that is built: call model.build([steps, features]) first');
  const topology = writeTopology(model, spelling);
  const all = model.getWeights();
  const configs = new Map(model.layers.map((layer) => [layer.name, layer.config()]));
  const specs: object[] = [];
  const arrays: Float32Array[] = [];
  for (const place of weightPlaces(model)) {
    const { data, shape } = all[place.name] as Tensor;
    specs.push({ name: theirName(place, configs.get(place.layer) as LayerConfig), shape, dtype: 'float32' });
    arrays.push(Float32Array.from(data));
  }
  const bytes = littleEndian(arrays);
  const count = Math.max(1, Math.ceil(bytes.length / SHARD));
  const files: TfjsFiles = {};
  const paths = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  paths.forEach((path, i) => {
    files[path] = bytes.slice(i * SHARD, (i + 1) * SHARD);
  });
  const json = {
    format: 'layers-model',
    generatedBy: 'longhand',
    convertedBy: null,
    modelTopology: { ...topology, keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' },
    weightsManifest: [{ paths, weights: specs }],
  };
  return { 'model.json': new TextEncoder().encode(JSON.stringify(json)), ...files };
}

function theirName({ layer, direction, theirs }: WeightPlace, _config: LayerConfig): string {
  return direction === undefined
    ? `${layer}/${theirs}`
    : `${layer}/${direction}_${innerName(layer)}/${theirs}`;
}

function littleEndian(arrays: readonly Float32Array[]): Uint8Array {
  const bytes = new Uint8Array(4 * arrays.reduce((sum, { length }) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const array of arrays) {
    for (const value of array) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  return bytes;
}

/**
 * The model of a layers model of TensorFlow.js, built, with its weights: what `model.save` wrote there, and what
 * `tensorflowjs_converter` made of a Keras model, quantized weights too.
 *
 * @param files  the bytes of `model.json` and of each file that it names, by their names
 * @typeParam M  what the files hold, a model of one input and one output by default: they cannot tell the compiler
 * @throws FormatError when a file is missing, or holds what no layer here does: it names the layer
 *
 * @example
 * const files = { 'model.json': await readFile('model.json'), 'group1-shard1of1.bin': await readFile('group1-shard1of1.bin') };
 * const model = fromTfjs(files);
 */
export function fromTfjs<M extends Model<FloatArray> = Sequential>(
  files: Readonly<Record<string, Uint8Array>>,
): M {
  if (!isObject(files))
    throw new DataError(`fromTfjs takes files, { 'model.json': bytes, ... }, but got ${describe(files)}`);
  const json = readJson(Object.hasOwn(files, 'model.json') ? files['model.json'] : undefined);
  try {
    const weights = readShards(json.weightsManifest, files);
    const topology =
      isObject(json.modelTopology) && isObject(json.modelTopology.model_config)
        ? json.modelTopology.model_config
        : json.modelTopology;
    const numbers = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    const model = readTopology(topology, tfjs, numbers);
    takeWeights(model, (place) => findWeight(weights, place));
    return model as M;
  } catch (error) {
    if (error instanceof FormatError || !(error instanceof LonghandError)) throw error;
    throw new FormatError(`model.json does not describe a sound model: ${error.message}`);
  }
}

function readJson(bytes: Uint8Array | undefined): Readonly<Record<string, unknown>> {
  if (!(bytes instanceof Uint8Array))
    throw new DataError(`fromTfjs needs the bytes of 'model.json' but got ${describe(bytes)}`);
  if (bytes.length > LONGEST_JSON)
    throw new FormatError(`model.json has ${bytes.length} bytes, more than any model has`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new FormatError('model.json is not JSON');
  }
  if (!isObject(json)) throw new FormatError(`model.json is no object but ${describe(json)}`);
  checkModest(json, 'model.json', 0);
  if (json.format === 'graph-model')
    throw new FormatError(
      'model.json is a graph model, of operations without layers: save the model as a layers model',
    );
  return json;
}

/** The weight of the place: `layer/kernel`, `layer/forward_inner/kernel`, with a cell in between in files of a converter. */
function findWeight(
  weights: ReadonlyMap<string, Tensor<Float32Array>>,
  { layer, direction, theirs }: WeightPlace,
): Tensor | undefined {
  for (const [name, tensor] of weights) {
    const parts = name.split('/');
    if (parts[0] !== layer || parts.at(-1)?.replace(/_\d+$/, '') !== theirs) continue;
    if (direction === undefined || parts.slice(1, -1).some((part) => part.startsWith(direction)))
      return tensor;
  }
  return undefined;
}
