/**
 * Weights in fewer bits, for files that are to be small: half of the bytes in float16 and bfloat16, about a quarter in
 * int8. They are rounded when a model is saved, and come back as numbers in single precision.
 *
 *     float16     10 bits of fraction, from 6e-8 to 65504        core/small-floats.ts
 *     bfloat16    7 bits of fraction, the range of single precision
 *     int8        w = scale q, q a whole number from -127 to 127, and scale = max |w| / 127 of what one unit reads: a
 *                 column of a kernel (a row of PyTorch's matrix), a row of an embedding's table. Symmetric, after Jacob
 *                 et al. 2018, arXiv:1712.05877. Biases, statistics and the like, a small part of a model and added to
 *                 sums of many products, stay in single precision
 */
import { ConfigError, FormatError, NumericError } from '../core/errors.js';
import { unknownName } from '../core/options.js';
import type { StoredTensor } from '../core/safetensors.js';
import { fromSmallFloats, toSmallFloats } from '../core/small-floats.js';
import type { FloatArray, Shape } from '../core/tensor.js';

/** What a weight is stored as. */
export type WeightFormat = 'float32' | 'float16' | 'bfloat16' | 'int8';

/** What one weight is stored as, by its name in the file: itself, and its scales where it has some. */
export type StoredWeight = readonly (readonly [name: string, tensor: StoredTensor])[];

const FORMATS: readonly WeightFormat[] = ['float32', 'float16', 'bfloat16', 'int8'];
const LARGEST = 127;

/** @throws ConfigError for a name that is none of them */
export function checkWeightFormat(where: string, value: unknown): WeightFormat {
  if (FORMATS.includes(value as WeightFormat)) return value as WeightFormat;
  throw unknownName(where, String(value), FORMATS);
}

/** The name in a file of the scales of a weight. */
export function scalesName(weight: string): string {
  return `longhand.scales/${weight}`;
}

/**
 * A weight in fewer bits.
 *
 * @throws NumericError when it holds a number that the format cannot hold
 */
export function storeSmall(
  name: string,
  data: FloatArray,
  shape: Shape,
  format: Exclude<WeightFormat, 'float32'>,
): StoredWeight {
  if (format === 'int8')
    return isQuantized(name, shape) ? quantize(name, data, shape) : [[name, single(data, shape)]];
  const dtype = format === 'float16' ? 'F16' : 'BF16';
  const codes = toSmallFloats(dtype, data);
  const bad = fromSmallFloats(dtype, codes).findIndex((value) => !Number.isFinite(value));
  if (bad === -1) return [[name, { dtype, shape, data: codes }]];
  throw new NumericError(
    `'${name}' holds ${data[bad]} at index ${bad}, which ${format} cannot hold: save it in another format`,
  );
}

/**
 * The numbers of a stored weight; nothing where it is of a kind that no weight is stored as.
 *
 * @throws FormatError when its scales are missing or of another shape
 */
export function loadSmall(
  name: string,
  tensor: StoredTensor,
  tensors: ReadonlyMap<string, StoredTensor>,
): FloatArray | undefined {
  if (tensor.dtype === 'F16' || tensor.dtype === 'BF16') return fromSmallFloats(tensor.dtype, tensor.data);
  if (tensor.dtype === 'F32') return tensor.data;
  if (tensor.dtype !== 'I8') return undefined;
  const scales = tensors.get(scalesName(name));
  const axis = scaledAxis(name);
  const expected = tensor.shape.length === 2 ? tensor.shape[axis] : undefined;
  if (scales?.dtype !== 'F32' || scales.shape.length !== 1 || scales.shape[0] !== expected) {
    throw new FormatError(`the file lacks the scales of the tensor '${name}', F32 [${expected ?? '?'}]`);
  }
  const columns = tensor.shape[1] as number;
  return Float32Array.from(tensor.data, (q, k) => {
    const unit = axis === 0 ? Math.floor(k / columns) : k % columns;
    return (scales.data[unit] as number) * q;
  });
}

/** Matrices are, but for the two biases of a GRU. */
function isQuantized(name: string, shape: Shape): boolean {
  return shape.length === 2 && !/bias$/i.test(name);
}

/** Which axis has a scale for each of its places: the one that counts units, or ids. */
function scaledAxis(name: string): 0 | 1 {
  return name.endsWith('/embeddings') ? 0 : 1;
}

function quantize(name: string, data: FloatArray, shape: Shape): StoredWeight {
  const axis = scaledAxis(name);
  const [rows, columns] = shape as [number, number];
  const scales = new Float32Array(axis === 0 ? rows : columns);
  const unitOf = (k: number) => (axis === 0 ? Math.floor(k / columns) : k % columns);
  for (let k = 0; k < data.length; k++) {
    const unit = unitOf(k);
    scales[unit] = Math.max(scales[unit] as number, Math.abs(data[k] as number));
  }
  for (let unit = 0; unit < scales.length; unit++) scales[unit] = (scales[unit] as number) / LARGEST;
  const codes = Int8Array.from(data, (value, k) => {
    const scale = scales[unitOf(k)] as number;
    // A scale of 0 is that of a unit whose weights all are, or that are next to nothing.
    return scale === 0 ? 0 : Math.max(-LARGEST, Math.min(LARGEST, roundToEven(value / scale)));
  });
  return [
    [name, { dtype: 'I8', shape, data: codes }],
    [scalesName(name), { dtype: 'F32', shape: [scales.length], data: scales }],
  ];
}

/** The nearest whole number, of a size below 2^51, in the middle of two the even one. */
function roundToEven(value: number): number {
  const large = 2 ** 52 * Math.sign(value);
  return value + large - large;
}

function single(data: FloatArray, shape: Shape): StoredTensor {
  return { dtype: 'F32', shape, data: Float32Array.from(data) };
}

/** @throws ConfigError when what cannot go on with the same bits is asked to */
export function checkSmallOptions(format: WeightFormat, includeOptimizer: boolean | undefined): void {
  if (format === 'float32' || includeOptimizer !== true) return;
  throw new ConfigError(
    `serializeModel: weights is '${format}', and training cannot go on where it stopped from rounded weights: leave ` +
      'includeOptimizer out',
  );
}
