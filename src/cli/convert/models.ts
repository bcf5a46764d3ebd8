/** Models in and out of files of every format that there is: which one a file has is told by its name and its first bytes. */

import { mkdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConfigError, FormatError } from '../../core/errors.js';
import { readSafetensorsMetadata } from '../../core/safetensors.js';
import type { FloatArray } from '../../core/tensor.js';
import type { Json } from '../../data/transform.js';
import {
  fromKeras,
  fromOnnx,
  fromTfjs,
  fromTorchStateDict,
  readSafetensors,
  readTorchFile,
  type StateDict,
  type TfjsFiles,
  toKerasJson,
  toOnnx,
  toTfjs,
  toTorchStateDict,
  writeSafetensors,
  writeTorchFile,
} from '../../formats/index.js';
import {
  deserializeModel,
  type Model,
  readPreparation,
  serializeModel,
  type WeightFormat,
} from '../../index.js';
import { writeFileWhole } from '../../node/files.js';
import { UsageError } from '../command.js';
import { nameOf, readFrom, STANDARD_INPUT } from '../input.js';
import type { Target } from './targets.js';

/** A model, and what travels with it in a file of this library. */
export interface Loaded {
  readonly model: Model<FloatArray>;
  readonly preparation: Json | undefined;
  /** What it came from, in words. */
  readonly from: string;
}

/**
 * The model of a file of any format.
 *
 * @param like  a file with the same layers, which takes the weights where the file holds nothing but weights
 * @throws FormatError when the file is not what it says; UsageError where `like` is needed
 */
export async function loadAny(path: string, like: string | undefined): Promise<Loaded> {
  const isFolder = path !== STANDARD_INPUT && (await stat(path).catch(() => undefined))?.isDirectory();
  if (isFolder || basename(path) === 'model.json') return loadTfjs(isFolder ? path : dirname(path));
  return readFrom(path, (bytes) => read(path, bytes, like));
}

async function read(path: string, bytes: Uint8Array, like: string | undefined): Promise<Loaded> {
  const alone = (model: Model<FloatArray>, from: string): Loaded => ({ model, preparation: undefined, from });
  if (path.endsWith('.onnx')) return alone(fromOnnx<Model<FloatArray>>(bytes), 'ONNX');
  if (/\.(keras|h5|hdf5)$/.test(path)) return alone(await fromKeras<Model<FloatArray>>(bytes), 'Keras');
  if (/\.(pt|pth)$/.test(path)) return alone(await taking(await readTorchFile(bytes), like, path), 'PyTorch');
  if ('longhand.format' in readSafetensorsMetadata(bytes)) {
    const model = deserializeModel<Model<FloatArray>>(bytes);
    return { model, preparation: readPreparation(bytes), from: 'Longhand' };
  }
  return alone(await taking(readSafetensors(bytes).tensors, like, path), 'a state dict in safetensors');
}

/** A model of the layers of another, with the weights of a state dict. */
async function taking(
  stateDict: StateDict,
  like: string | undefined,
  path: string,
): Promise<Model<FloatArray>> {
  if (like === undefined) {
    throw new UsageError(
      `${nameOf(path)} holds weights and no layers: name a model of the same layers with --like MODEL`,
    );
  }
  const { model } = await loadAny(like, undefined);
  model.setWeights(fromTorchStateDict(stateDict, model));
  return model;
}

async function loadTfjs(folder: string): Promise<Loaded> {
  const json = new Uint8Array(await readFile(join(folder, 'model.json')));
  const files: TfjsFiles = { 'model.json': json };
  const { weightsManifest } = JSON.parse(new TextDecoder().decode(json)) as {
    weightsManifest?: readonly { readonly paths?: readonly unknown[] }[];
  };
  const paths = Array.isArray(weightsManifest)
    ? weightsManifest.flatMap(({ paths: each }) => each ?? [])
    : [];
  for (const path of paths) {
    if (typeof path !== 'string' || path !== basename(path)) {
      throw new FormatError(`${join(folder, 'model.json')} names the file '${path}', which is not beside it`);
    }
    files[path] = new Uint8Array(await readFile(join(folder, path)));
  }
  return { model: fromTfjs<Model<FloatArray>>(files), preparation: undefined, from: 'TensorFlow.js' };
}

/** What a path asks for by its name; nothing where it could be anything. */
export function targetOf(path: string): Target | undefined {
  if (path.endsWith('.onnx')) return 'onnx';
  if (/\.(pt|pth)$/.test(path)) return 'torch';
  if (path.endsWith('.safetensors')) return 'longhand';
  if (/\.(keras|h5|hdf5)$/.test(path)) return 'keras';
  if (basename(path) === 'model.json' || path.endsWith('/')) return 'tfjs';
  return undefined;
}

/** Writes a model; returns what was written, in words. */
export async function saveAs(
  { model, preparation }: Loaded,
  path: string,
  target: Target,
  weights: WeightFormat,
): Promise<string> {
  if (weights !== 'float32' && target !== 'longhand') {
    throw new UsageError(`--weights ${weights} is for files of this library, not for ${target}`);
  }
  switch (target) {
    case 'longhand':
      await writeFileWhole(
        path,
        serializeModel(model, { weights, ...(preparation === undefined ? {} : { preparation }) }),
      );
      return 'Longhand';
    case 'onnx':
      await writeFileWhole(path, toOnnx(model, { masks: 'none' }));
      return 'ONNX';
    case 'torch':
      await writeFileWhole(path, writeTorchFile(toTorchStateDict(model)));
      return 'a state dict of PyTorch';
    case 'safetensors':
      await writeFileWhole(path, writeSafetensors(toTorchStateDict(model)));
      return 'a state dict of PyTorch in safetensors';
    case 'tfjs':
      return saveTfjs(model, path);
    case 'keras':
      if (!path.endsWith('.json')) {
        throw new ConfigError(
          'weights for Keras are in HDF5, which is not written: for the layers alone name a file that ends in .json',
        );
      }
      await writeFileWhole(path, JSON.stringify(toKerasJson(model), null, 2));
      return 'the layers for keras.models.model_from_json, without weights';
  }
}

async function saveTfjs(model: Model<FloatArray>, path: string): Promise<string> {
  const folder = basename(path) === 'model.json' ? dirname(path) : path;
  await mkdir(folder, { recursive: true });
  const files = Object.entries(toTfjs(model));
  // The shards first, so that a model.json is never without what it names.
  const last = ([name]: [string, Uint8Array]) => Number(name === 'model.json');
  for (const [name, bytes] of files.sort((a, b) => last(a) - last(b))) {
    await writeFileWhole(join(folder, name), bytes);
  }
  return `TensorFlow.js, ${files.length} files in ${folder}`;
}
