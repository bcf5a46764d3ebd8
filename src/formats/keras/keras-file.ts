/**
 * Files of Keras. A `.keras` file is a zip with `config.json`, the model, and `model.weights.h5`, where each layer's
 * weights are numbered in a group that is called by its class and a count:
 *
 *     layers/dense/vars/0, 1              kernel, bias
 *     layers/dense_1/vars/0, 1            of the second dense layer
 *     layers/lstm/cell/vars/0, 1, 2       kernel, recurrent kernel, bias
 *     layers/bidirectional/forward_layer/cell/vars/0, 1, 2
 *
 * A `.h5` file, of Keras 2 and of Keras 3 where one asks for it, has the model as a text, `model_config`, and the weights
 * by names in `model_weights/LAYER/.../kernel:0`.
 *
 * https://github.com/keras-team/keras/blob/master/keras/src/saving/saving_lib.py
 */
import { ConfigError, DataError, FormatError, LonghandError } from '../../core/errors.js';
import { checkOptions, describe } from '../../core/options.js';
import type { FloatArray, Tensor } from '../../core/tensor.js';
import { Model } from '../../model/model.js';
import { checkModest } from '../../model/model-metadata.js';
import type { Sequential } from '../../model/sequential.js';
import { readZip } from '../zip.js';
import { type Dialect, keras2, keras3 } from './dialect.js';
import { type H5wasm, type Hdf5, importH5wasm, withHdf5 } from './hdf5.js';
import { isObject, type KerasObject } from './options.js';
import { readTopology } from './topology.js';
import { takeWeights, type WeightPlace } from './weights.js';
import { type Reference, type Spelling, writeTopology } from './write-topology.js';

export interface KerasOptions {
  /** The package h5wasm, what `import('h5wasm')` gives; by default it is imported when it is needed. */
  h5wasm?: H5wasm | { readonly default: H5wasm };
}

const LONGEST_JSON = 2 ** 24;
const ZIP = [0x50, 0x4b, 0x03, 0x04];
const HDF5 = [0x89, 0x48, 0x44, 0x46];

/**
 * The model of a file of Keras, built, with its weights: `.keras`, or `.h5` with the model in it. HDF5 is read by the
 * package h5wasm, which is to be installed beside this one.
 *
 * @typeParam M  what the file holds, a model of one input and one output by default: a file cannot tell the compiler
 * @throws ConfigError when h5wasm is not there
 * @throws FormatError when the bytes are no such file, or hold what no layer here does: it names the layer
 *
 * @example const model = await fromKeras(await readFile('model.keras'));
 */
export async function fromKeras<M extends Model<FloatArray> = Sequential>(
  bytes: Uint8Array,
  options: KerasOptions = {},
): Promise<M> {
  if (!(bytes instanceof Uint8Array))
    throw new DataError(`fromKeras reads a Uint8Array but got ${describe(bytes)}`);
  checkOptions('fromKeras', options, ['h5wasm']);
  const begins = (signature: readonly number[]) => signature.every((byte, i) => bytes[i] === byte);
  const read = begins(ZIP) ? readKeras : begins(HDF5) ? readH5 : undefined;
  if (read === undefined)
    throw new FormatError('the file is neither a .keras file, a zip archive, nor an HDF5 file of Keras');
  const { h5wasm = await importH5wasm() } = options;
  try {
    return (await read(bytes, 'default' in h5wasm ? h5wasm.default : h5wasm)) as M;
  } catch (error) {
    if (error instanceof FormatError || !(error instanceof LonghandError)) throw error;
    throw new FormatError(`the file of Keras does not describe a sound model: ${error.message}`);
  }
}

async function readKeras(bytes: Uint8Array, h5: H5wasm): Promise<Model<FloatArray>> {
  const archive = readZip(bytes, 'the .keras file');
  const config = parse(new TextDecoder().decode(await readEntry(archive, 'config.json')), 'config.json');
  const weights = await readEntry(archive, 'model.weights.h5');
  const model = readTopology(config, keras3, weights.length);
  const groups = groupsOf(config);
  return withHdf5(weights, 'model.weights.h5', h5, (file) => {
    takeWeights(model, (place) => numbered(file, groups, place));
    return model;
  });
}

function readEntry(archive: ReturnType<typeof readZip>, name: string): Promise<Uint8Array> {
  if (archive.names.includes(name)) return archive.read(name);
  throw new FormatError(`the .keras file lacks ${name}`);
}

/** The group of each layer's weights: its class in snake case, with a count where it is not the first. */
function groupsOf(config: Readonly<Record<string, unknown>>): Map<string, string> {
  const { layers } = config.config as { layers: readonly KerasObject[] };
  const counts = new Map<string, number>();
  return new Map(
    layers.map(({ class_name: className, config: own }) => {
      const name = className
        .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
        .replace(/([a-z])([A-Z])/g, '$1_$2')
        .toLowerCase();
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      return [String(own.name).replaceAll('/', '_'), `layers/${name}${count === 0 ? '' : `_${count}`}`];
    }),
  );
}

function numbered(file: Hdf5, groups: ReadonlyMap<string, string>, place: WeightPlace): Tensor | undefined {
  const { layer, direction, isRecurrent, isWrapped, index } = place;
  const wrapper = direction === undefined ? (isWrapped ? '/layer' : '') : `/${direction}_layer`;
  return file.dataset(`${groups.get(layer)}${wrapper}${isRecurrent ? '/cell' : ''}/vars/${index}`);
}

async function readH5(bytes: Uint8Array, h5: H5wasm): Promise<Model<FloatArray>> {
  return withHdf5(bytes, 'the .h5 file', h5, (file) => {
    const text = file.attribute('model_config');
    if (text === undefined)
      throw new FormatError(
        'the .h5 file holds weights without a model: save the model, not its weights alone',
      );
    const dialect: Dialect = file.attribute('keras_version')?.startsWith('3') ? keras3 : keras2;
    const model = readTopology(parse(text, 'model_config'), dialect, bytes.length);
    takeWeights(model, (place) => named(file, place));
    return model;
  });
}

/** The weight of a name, of the right direction, wherever it lies in the group of its layer. */
function named(file: Hdf5, { layer, direction, theirs }: WeightPlace): Tensor | undefined {
  const path = file.pathsUnder(`model_weights/${layer}`).find((one) => {
    const parts = one.split('/').slice(2);
    if (parts.at(-1)?.replace(/:\d+$/, '') !== theirs) return false;
    return direction === undefined || parts.some((part) => part.startsWith(direction));
  });
  return path === undefined ? undefined : file.dataset(path);
}

function parse(text: string, what: string): Readonly<Record<string, unknown>> {
  if (text.length > LONGEST_JSON)
    throw new FormatError(`${what} has ${text.length} characters, more than any model has`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new FormatError(`${what} is not JSON`);
  }
  if (!isObject(json)) throw new FormatError(`${what} is no object but ${describe(json)}`);
  checkModest(json, what, 0);
  return json;
}

const modules: Readonly<Record<string, string>> = {
  layer: 'keras.layers',
  initializer: 'keras.initializers',
  regularizer: 'keras.regularizers',
  constraint: 'keras.constraints',
};

/** Keras 3 says of every object where its class lives. */
function withModule(kind: string, { class_name, config }: KerasObject): object {
  const inner = Object.entries(config).map(([name, value]) => {
    const isObjectOfKeras = isObject(value) && typeof value.class_name === 'string' && isObject(value.config);
    return [
      name,
      isObjectOfKeras ? withModule(name.split('_').at(-1) as string, value as unknown as KerasObject) : value,
    ];
  });
  return {
    module: modules[kind] ?? 'keras',
    class_name,
    config: Object.fromEntries(inner),
    registered_name: null,
  };
}

const kerasTensor = ({ layer, node, output, shape }: Reference) => ({
  class_name: '__keras_tensor__',
  config: { shape, dtype: 'float32', keras_history: [layer, node, output] },
});

const spelling: Spelling = {
  dialect: keras3,
  shape: 'batch_shape',
  graph: 'Functional',
  entry: (layer) => withModule('layer', layer),
  node: (reads, states) => {
    const tensors = reads.map(kerasTensor);
    const kwargs = states.length > 0 ? { initial_state: states.map(kerasTensor) } : {};
    return { args: tensors.length === 1 ? tensors : [tensors], kwargs };
  },
};

/**
 * The model's architecture as Keras 3 describes it, a text for `keras.models.model_from_json`, without weights.
 *
 * @throws ConfigError for a model that is not built, or that Keras cannot say: it names the layer
 *
 * @example await writeFile('config.json', toKerasJson(model));
 */
export function toKerasJson(model: Model<FloatArray>): string {
  if (!(model instanceof Model))
    throw new ConfigError(`toKerasJson takes a model, sequential([...]), but got ${describe(model)}`);
  if (!model.internals.network)
    throw new ConfigError(
      'toKerasJson needs a model that is built: call model.build([steps, features]) first',
    );
  const { class_name, config } = writeTopology(model, spelling);
  // A class without a public name is found where it is defined.
  const isGraph = class_name === 'Functional';
  const module = isGraph ? 'keras.src.models.functional' : 'keras';
  return JSON.stringify({ module, class_name, config, registered_name: isGraph ? class_name : null });
}
