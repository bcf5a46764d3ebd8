/** Models from what `model.toJSON()` gave: the same layers, with weights of their own. */
import { DataError, FormatError, LonghandError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { FloatArray } from '../core/tensor.js';
import { FORMAT, type ModelJSON } from './architecture.js';
import type { Model } from './model.js';
import { checkModel, checkModest, createModel, readArchitecture } from './model-metadata.js';
import type { Sequential } from './sequential.js';

/**
 * The model that `model.toJSON()`, or `JSON.stringify(model)`, described: the same layers, names, seed and precision,
 * and so the same weights as that one began with. It is built where that one was, and not compiled. Weights and
 * training travel in files: see `serializeModel`. Layers of your own are known by `registerLayer`.
 *
 * @typeParam M  what is described, a sequential model by default: JSON cannot tell the compiler
 * @throws FormatError when it is not what `toJSON` gives, or holds a layer that is not known
 *
 * @example const twin = modelFromJSON(JSON.stringify(model));
 */
export function modelFromJSON<M extends Model<FloatArray> = Sequential>(json: string | ModelJSON): M {
  const stored = typeof json === 'string' ? parse(json) : json;
  if (typeof stored !== 'object' || stored === null) {
    throw new DataError(
      `modelFromJSON takes what model.toJSON() gave, or its text, but got ${describe(stored)}`,
    );
  }
  checkModest(stored, 'the JSON', 0);
  const { format, seed, precision } = stored;
  if (format !== FORMAT) {
    throw new FormatError(
      `the JSON has format ${describe(format)}, which this version does not know: it reads ${FORMAT}`,
    );
  }
  try {
    checkModel(stored);
    return createModel(readArchitecture(stored), { seed, precision }) as Model<FloatArray> as M;
  } catch (error) {
    if (error instanceof FormatError || !(error instanceof LonghandError)) throw error;
    throw new FormatError(`the JSON does not describe a sound model: ${error.message}`);
  }
}

function parse(text: string): ModelJSON {
  try {
    return JSON.parse(text) as ModelJSON;
  } catch {
    throw new FormatError('what modelFromJSON was given is text but not JSON');
  }
}
