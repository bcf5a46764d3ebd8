/**
 * Plain data as JSON and arrays beside it: arrays of floats keep their bits, and numbers that JSON has not their value.
 * In the JSON `{"$array": 3}` is the array number 3, and `{"$number": "NaN"}` the number.
 */
import { ConfigError, FormatError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { FloatArray } from '../core/tensor.js';

/** Deeper than any state of a callback, and shallow enough for the stack. */
const DEEPEST_NESTING = 50;

export interface Packed {
  readonly json: string;
  readonly arrays: readonly FloatArray[];
}

/** @throws ConfigError for what is no plain data, naming it by `what` */
export function pack(what: string, value: unknown): Packed {
  const arrays: FloatArray[] = [];
  const visit = (inner: unknown, depth: number): unknown => {
    if (depth > DEEPEST_NESTING) throw new ConfigError(`${what} is nested too deeply, or holds itself`);
    if (inner instanceof Float32Array || inner instanceof Float64Array) {
      return { $array: arrays.push(inner.slice()) - 1 };
    }
    if (typeof inner === 'number' && (!Number.isFinite(inner) || Object.is(inner, -0))) {
      return { $number: Object.is(inner, -0) ? '-0' : String(inner) };
    }
    if (Array.isArray(inner)) return inner.map((each) => visit(each, depth + 1));
    if (isPlainObject(inner)) {
      const entries = Object.entries(inner).filter(([, each]) => each !== undefined);
      return Object.fromEntries(entries.map(([key, each]) => [key, visit(each, depth + 1)]));
    }
    if (inner === null || ['number', 'string', 'boolean', 'undefined'].includes(typeof inner)) return inner;
    throw new ConfigError(
      `${what} holds ${describe(inner)}: give numbers, texts, arrays, plain objects, and arrays of floats`,
    );
  };
  return { json: JSON.stringify(visit(value, 0) ?? null), arrays };
}

/** @throws FormatError for what `pack` did not make */
export function unpack({ json, arrays }: Packed): unknown {
  const visit = (inner: unknown, depth: number): unknown => {
    if (depth > DEEPEST_NESTING) throw new FormatError('the state of the fit is nested too deeply');
    if (typeof inner !== 'object' || inner === null) return inner;
    if (Array.isArray(inner)) return inner.map((each) => visit(each, depth + 1));
    const { $array: index, $number: number } = inner as { $array?: unknown; $number?: unknown };
    if (index !== undefined) return arrayAt(arrays, index);
    if (number !== undefined) return Number(number);
    return Object.fromEntries(Object.entries(inner).map(([key, each]) => [key, visit(each, depth + 1)]));
  };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new FormatError('the state of the fit is not JSON');
  }
  return visit(value, 0);
}

function arrayAt(arrays: readonly FloatArray[], index: unknown): FloatArray {
  const array = arrays[index as number];
  if (array === undefined)
    throw new FormatError(`the state of the fit lacks its array number ${describe(index)}`);
  return array;
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
