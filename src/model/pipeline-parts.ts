/**
 * The transforms around a model: one for all that it takes, or, where it has several inputs or outputs, one for each in
 * the form of the data, an array or an object. What has no transform goes through as it is.
 */
import { ConfigError, DataError, FormatError, ShapeError } from '../core/errors.js';
import { describe } from '../core/options.js';
import { isTensor, type Tensor } from '../core/tensor.js';
import type { SampleInput } from '../data/samples.js';
import type { Scaler } from '../data/scalers/scaler.js';
import { pickRows } from '../data/splits.js';
import type { AnyTransform, Json } from '../data/transform.js';
import { restoreTransform } from '../data/transforms.js';
import { isWindows } from '../data/window-view.js';
import type { TargetInput } from '../training/targets.js';

/** Transforms in the form of a model's data; nothing where the data goes through as it is. */
export type Transforms =
  | AnyTransform
  | readonly (AnyTransform | undefined)[]
  | { readonly [name: string]: AnyTransform | undefined }
  | undefined;

/** What transforms are given: a user's own data. */
export type RawOf<T, Default = SampleInput | TargetInput> = T extends { fit(raw: infer Raw): unknown }
  ? Raw
  : T extends undefined
    ? Default
    : { readonly [K in keyof T]: RawOf<T[K], Default> };

/** What transforms make of a model's outputs: an answer in the user's own units and names. */
export type AnswerOf<T> = T extends Scaler
  ? Tensor<Float64Array>
  : T extends { inverse(ready: never): infer Raw }
    ? Raw
    : T extends undefined
      ? Tensor
      : { readonly [K in keyof T]: AnswerOf<T[K]> };

/** @throws ConfigError for what are no transforms */
export function checkTransforms(what: string, parts: unknown): Transforms {
  if (parts === undefined || isTransform(parts)) return parts;
  if (typeof parts === 'object' && parts !== null && Object.values(parts).length > 0) {
    const bad = Object.entries(parts).find(([, part]) => part !== undefined && !isTransform(part));
    if (bad === undefined) return parts as Transforms;
    throw new ConfigError(`pipeline: ${what}.${bad[0]} is ${describe(bad[1])} and no transform`);
  }
  throw new ConfigError(
    `pipeline: ${what} is a transform, such as textVectorizer(), or one for each in an array or an object but is ${describe(parts)}`,
  );
}

function isTransform(value: unknown): value is AnyTransform {
  const { fit, transform, inverse, toJSON } = (value ?? {}) as Partial<AnyTransform>;
  return [fit, transform, inverse, toJSON].every((method) => typeof method === 'function');
}

/** The transforms one by one. */
export function listOf(parts: Transforms): readonly AnyTransform[] {
  if (isTransform(parts)) return [parts];
  return Object.values(parts ?? {}).filter((part) => part !== undefined);
}

/**
 * What `apply` makes of each part of the data, in the form of the data.
 *
 * @throws DataError where the data has another form than the transforms
 */
export function through(
  what: string,
  parts: Transforms,
  data: unknown,
  apply: (part: AnyTransform, data: never) => unknown,
): unknown {
  if (parts === undefined) return data;
  if (isTransform(parts)) return apply(parts, data as never);
  const isList = Array.isArray(parts);
  if (typeof data !== 'object' || data === null || Array.isArray(data) !== isList) {
    const form = isList ? `an array of ${parts.length}` : `an object with ${Object.keys(parts).join(', ')}`;
    throw new DataError(`pipeline: ${what} is ${form} but is ${describe(data)}`);
  }
  const made = Object.entries(data).map(([name, value]) => {
    const part = Object.hasOwn(parts, name) ? parts[name as never] : undefined;
    return [name, part === undefined ? value : apply(part, value as never)] as const;
  });
  return isList ? made.map(([, value]) => value) : Object.fromEntries(made);
}

/** Lets those learn that have not yet. */
export function fitAll(what: string, parts: Transforms, data: unknown): void {
  through(what, parts, data, (part, raw) => (part.isFitted ? undefined : part.fit(raw)));
}

/**
 * How many rows the data has; that of several inputs as many as the first.
 *
 * @throws DataError where it cannot be told
 */
export function countRows(what: string, parts: Transforms, data: unknown): number {
  if (parts !== undefined && !isTransform(parts)) {
    const [first] = Object.values((data ?? {}) as object);
    return countRows(what, undefined, first);
  }
  if (isTensor(data) || isWindows(data)) return data.shape[0] as number;
  const { length } = (data ?? {}) as { length?: unknown };
  if (typeof length === 'number' && typeof data === 'object') return length;
  throw new DataError(
    `pipeline: ${what} is rows, in an array, a Tensor or a table, but is ${describe(data)}`,
  );
}

/** The first rows of the data. */
export function firstRows(what: string, parts: Transforms, data: unknown, count: number): unknown {
  const rows = Array.from({ length: count }, (_, row) => row);
  return through(what, parts, data, (_, raw: unknown) => {
    if (isTensor(raw) || Array.isArray(raw)) return pickRows(raw as never, rows);
    if (ArrayBuffer.isView(raw)) return (raw as Float64Array).subarray(0, count);
    const { pick } = raw as { pick?: (rows: readonly number[]) => unknown };
    if (typeof pick === 'function') return pick.call(raw, rows);
    throw new DataError(
      `pipeline: ${what} is ${describe(raw)}, of which no rows can be kept for validation: give validationData`,
    );
  });
}

/** @throws ShapeError unless x and y have as many rows as each other */
export function checkRows(rows: number, targets: number): void {
  if (rows !== targets) throw new ShapeError(`pipeline: y has ${targets} rows but x has ${rows}`);
}

/** What a file holds of the transforms. */
export function describeTransforms(parts: Transforms): Json {
  const json = (part: AnyTransform | undefined): Json => (part ? (part.toJSON() as unknown as Json) : null);
  if (parts === undefined) return null;
  if (isTransform(parts)) return json(parts);
  if (Array.isArray(parts)) return parts.map(json);
  return { each: Object.entries(parts).map(([name, part]) => [name, json(part)]) };
}

/** @throws FormatError for what `describeTransforms` has not written */
export function readTransforms(json: unknown): Transforms {
  const read = (part: unknown) => (part === null ? undefined : (restoreTransform(part) as AnyTransform));
  if (json === null) return undefined;
  if (Array.isArray(json) && json.length > 0) return json.map(read);
  const { each } = (json ?? {}) as { each?: unknown };
  if (each === undefined) return read(json);
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string';
  if (Array.isArray(each) && each.length > 0 && each.every(isPair)) {
    const made = Object.fromEntries(each.map(([name, part]) => [name, read(part)]));
    if (Object.keys(made).length === each.length) return made;
  }
  throw new FormatError("the file's transforms are no pairs of a name and a transform");
}
