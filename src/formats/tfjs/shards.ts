/**
 * The weights of a layers model of TensorFlow.js: numbers one behind the other in binary files, the shards, as the
 * manifest lists them. A weight can be quantized: float16, or value = scale * whole number + min.
 *
 * https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts
 */
import { FormatError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import { fromSmallFloats } from '../../core/small-floats.js';
import { formatShape, sizeOf, type Tensor } from '../../core/tensor.js';
import { isObject } from '../keras/options.js';

const WIDTHS: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  float16: 2,
  uint8: 1,
  uint16: 2,
};
const MOST_WEIGHTS = 10_000;

/** The weights of all groups by their names. @throws FormatError when a shard is missing, or does not hold what is said */
export function readShards(
  manifest: unknown,
  files: Readonly<Record<string, Uint8Array>>,
): Map<string, Tensor<Float32Array>> {
  if (!Array.isArray(manifest))
    throw new FormatError(`model.json has no weightsManifest but ${describe(manifest)}`);
  const weights = new Map<string, Tensor<Float32Array>>();
  for (const group of manifest) {
    if (!isObject(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights))
      throw new FormatError('model.json has a group of weights without paths or weights');
    readGroup(group.weights, joinFiles(group.paths, files), weights);
  }
  return weights;
}

function joinFiles(paths: readonly unknown[], files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const parts = paths.map((path) => {
    const bytes = typeof path === 'string' && Object.hasOwn(files, path) ? files[path] : undefined;
    if (bytes instanceof Uint8Array) return bytes;
    throw new FormatError(
      `the file ${describe(path)} is missing, which model.json names: give its bytes under that name`,
    );
  });
  if (new Set(paths).size < paths.length) throw new FormatError('model.json names a file of weights twice');
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function readGroup(
  specs: readonly unknown[],
  bytes: Uint8Array,
  weights: Map<string, Tensor<Float32Array>>,
): void {
  let at = 0;
  for (const spec of specs) {
    if (!isObject(spec) || typeof spec.name !== 'string' || !Array.isArray(spec.shape))
      throw new FormatError('model.json has a weight without a name or a shape');
    const { name, shape } = spec as { name: string; shape: number[] };
    if (weights.has(name)) throw new FormatError(`model.json has the weight ${describe(name)} twice`);
    if (weights.size >= MOST_WEIGHTS)
      throw new FormatError(`model.json has more than ${MOST_WEIGHTS} weights`);
    const isShape = shape.length <= 8 && shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0);
    const size = isShape ? sizeOf(shape) : Number.NaN;
    const quantization = isObject(spec.quantization) ? spec.quantization : undefined;
    const stored = String(quantization?.dtype ?? spec.dtype);
    const width = Object.hasOwn(WIDTHS, stored) ? (WIDTHS[stored] as number) : Number.NaN;
    if (Number.isNaN(width))
      throw new FormatError(`the weight ${describe(name)} holds ${describe(stored)}, which is not read`);
    if (!(size * width <= bytes.length - at)) {
      const shown = isShape ? formatShape(shape) : 'of no shape';
      throw new FormatError(
        `the weight ${describe(name)} is ${shown}, and ${bytes.length - at} bytes of its file are left`,
      );
    }
    const part = bytes.subarray(at, at + size * width);
    weights.set(name, { data: dequantize(part, stored, size, quantization, name), shape: [...shape] });
    at += size * width;
  }
  if (at !== bytes.length)
    throw new FormatError(`the files of weights hold ${bytes.length - at} bytes more than model.json says`);
}

function dequantize(
  bytes: Uint8Array,
  stored: string,
  size: number,
  quantization: Readonly<Record<string, unknown>> | undefined,
  name: string,
): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isWhole = quantization !== undefined && (stored === 'uint8' || stored === 'uint16');
  const { scale = 1, min = 0 } = (isWhole ? quantization : {}) as { scale?: number; min?: number };
  if (isWhole && !(Number.isFinite(scale) && Number.isFinite(min)))
    throw new FormatError(`the weight ${describe(name)} is quantized without a scale and a min`);
  if (stored === 'float16') {
    return fromSmallFloats(
      'F16',
      Uint16Array.from({ length: size }, (_, k) => view.getUint16(2 * k, true)),
    );
  }
  return Float32Array.from({ length: size }, (_, k) => {
    switch (stored) {
      case 'float32':
        return view.getFloat32(4 * k, true);
      case 'int32':
        return view.getInt32(4 * k, true);
      case 'uint16':
        return view.getUint16(2 * k, true) * scale + min;
      default:
        return (bytes[k] as number) * scale + min;
    }
  });
}
