/** Models in files: see model/model-file.ts for what is in one. */
import { readFile } from 'node:fs/promises';
import { FormatError } from '../core/errors.js';
import type { FloatArray } from '../core/tensor.js';
import type { Json, Transform } from '../data/transform.js';
import type { Model } from '../model/model.js';
import { deserializeModel, type SaveOptions, serializeModel } from '../model/model-file.js';
import {
  deserializePipeline,
  type Pipeline,
  type PipelineParts,
  type PipelineSaveOptions,
  serializePipeline,
} from '../model/pipeline.js';
import type { Transforms } from '../model/pipeline-parts.js';
import type { SymbolicPorts } from '../model/ports.js';
import { readPreparation } from '../model/preparation.js';
import type { Sequential } from '../model/sequential.js';
import { writeFileWhole } from './files.js';

/**
 * Writes the model to a file: architecture, weights, compile options and the optimizer's state. An interruption at
 * any moment leaves the old file whole.
 *
 * @throws ConfigError when the model is not built yet; NumericError when a weight is not finite; the system's error
 *   when the file cannot be written
 *
 * @example await saveModel(model, 'model.safetensors');
 */
export async function saveModel(
  model: Model<FloatArray>,
  path: string,
  options: SaveOptions = {},
): Promise<void> {
  await writeFileWhole(path, serializeModel(model, options));
}

/**
 * Reads a model from a file of `saveModel`. It predicts the same bits, and training goes on with the same bits as
 * if it had never stopped.
 *
 * @typeParam M  what the file holds, a sequential model by default
 * @throws FormatError, naming the file, when it is damaged; the system's error when it cannot be read
 */
export async function loadModel<M extends Model<FloatArray> = Sequential<FloatArray>>(
  path: string,
): Promise<M> {
  return readFrom(path, (bytes) => deserializeModel<M>(bytes));
}

/**
 * Reads what `saveModel(model, path, { preparation })` wrote beside the model; nothing where it was given nothing.
 *
 * @throws FormatError, naming the file, when it is damaged; the system's error when it cannot be read
 */
export async function loadPreparation(path: string): Promise<Json | undefined> {
  return readFrom(path, readPreparation);
}

/**
 * Writes a pipeline to a file: its model, as `saveModel` does, and the transforms on either side of it.
 *
 * @throws as `saveModel` does
 *
 * @example await savePipeline(pipe, 'spam.safetensors');
 */
export async function savePipeline<I extends SymbolicPorts, O extends SymbolicPorts>(
  pipeline: PipelineParts<Transforms, Transforms, Model<FloatArray, I, O>>,
  path: string,
  options: PipelineSaveOptions = {},
): Promise<void> {
  await writeFileWhole(path, serializePipeline(pipeline, options));
}

/**
 * Reads a pipeline from a file of `savePipeline`: it takes raw input and answers in the user's own units and names.
 *
 * @typeParam P  what the file holds, such as `Pipeline<TextVectorizer, ClassLabels>`
 * @throws FormatError, naming the file, when it is damaged or holds a model alone; the system's error when it cannot be read
 */
export async function loadPipeline<P = Pipeline<Transform<unknown, unknown>, Transform<unknown, unknown>>>(
  path: string,
): Promise<P> {
  return readFrom(path, (bytes) => deserializePipeline<P>(bytes));
}

/** What is read from the bytes of a file; a FormatError names the file. */
export async function readFrom<T>(path: string, read: (bytes: Uint8Array) => T): Promise<T> {
  const bytes = await readFile(path);
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof FormatError) throw new FormatError(`${path}: ${error.message}`);
    throw error;
  }
}
