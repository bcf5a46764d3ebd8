/**
 * What travels with a model beside its weights, so that it takes raw input and answers in its user's own units and
 * names: vocabularies, scalers, columns, labels. It is JSON in the metadata of the model's file, under a key of its own,
 * which whoever reads the model alone passes over.
 */
import { ConfigError, DataError, FormatError } from '../core/errors.js';
import { describe } from '../core/options.js';
import { readSafetensorsMetadata } from '../core/safetensors.js';
import type { Json, Transform, TransformJSON } from '../data/transform.js';

/** What a file can hold beside a model: plain JSON, and transforms, which say by `toJSON` what is to be written. */
export type Preparation =
  | Json
  | TransformJSON
  | Pick<Transform<never, unknown>, 'toJSON'>
  | readonly Preparation[]
  | { readonly [name: string]: Preparation | undefined };

/** The key in the metadata. */
export const PREPARATION = 'longhand.preparation';

/** Limits that a hostile file cannot pass: half a million words fit. */
const LONGEST = 2 ** 24;
const DEEPEST_NESTING = 32;

/**
 * The text that a file holds.
 *
 * @throws ConfigError for what is no plain JSON, naming its place, and for what no reader would take
 */
export function writePreparation(preparation: Preparation): string {
  const text = JSON.stringify(plain(preparation, 'preparation', 0));
  if (text.length <= LONGEST) return text;
  throw new ConfigError(
    `preparation takes ${text.length} characters and a file holds no more than ${LONGEST} of it`,
  );
}

/** A copy of nothing but plain values. */
function plain(value: unknown, where: string, depth: number): Json {
  if (depth > DEEPEST_NESTING) throw new ConfigError(`${where} is nested too deeply, or holds itself`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return Array.from(value, (each, i) => plain(each, `${where}[${i}]`, depth + 1));
  if (typeof value === 'object' && typeof (value as { toJSON?: unknown }).toJSON === 'function') {
    return plain((value as { toJSON(): unknown }).toJSON(), where, depth + 1);
  }
  if (isPlainObject(value)) {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    return Object.fromEntries(
      entries.map(([name, each]) => [name, plain(each, `${where}.${name}`, depth + 1)]),
    );
  }
  throw new ConfigError(
    `${where} is ${describe(value)}, which no file can hold: give finite numbers, texts, arrays, plain objects, transforms`,
  );
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/**
 * What `serializeModel(model, { preparation })` wrote beside the model; nothing where it was given nothing.
 * `restoreTransform` makes transforms of what their `toJSON` gave.
 *
 * @throws FormatError when the bytes are cut short, hold no model, or what travels with it is not sound
 *
 * @example
 * const bytes = serializeModel(model, { preparation: { inputs: scaler } });
 * const { inputs } = readPreparation(bytes) as { inputs: Json };
 * const again = restoreTransform(inputs);
 */
export function readPreparation(bytes: Uint8Array): Json | undefined {
  if (!(bytes instanceof Uint8Array)) {
    const hint = (bytes as unknown) instanceof ArrayBuffer ? ': write new Uint8Array(buffer)' : '';
    throw new DataError(`a model's file is a Uint8Array but got ${describe(bytes)}${hint}`);
  }
  const metadata = readSafetensorsMetadata(bytes);
  if (!('longhand.format' in metadata))
    throw new FormatError('the file holds tensors but no model of this library');
  const text = metadata[PREPARATION];
  if (text === undefined) return undefined;
  if (text.length > LONGEST) {
    throw new FormatError(
      `the file's '${PREPARATION}' has ${text.length} characters and no more than ${LONGEST} are read`,
    );
  }
  checkNesting(text);
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new FormatError(`the file's '${PREPARATION}' is not JSON`);
  }
}

/** Megabytes of brackets would cost JSON.parse seconds and gigabytes. Text that is no JSON may pass. */
function checkNesting(json: string): void {
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '"') i = endOfText(json, i);
    else if (character === '}' || character === ']') depth--;
    else if ((character === '{' || character === '[') && ++depth > DEEPEST_NESTING + 1) {
      throw new FormatError(`the file's '${PREPARATION}' is nested deeper than ${DEEPEST_NESTING}`);
    }
  }
}

/** The place of the closing quote of the text that begins at `begin`. */
function endOfText(json: string, begin: number): number {
  let end = begin + 1;
  while (end < json.length && json[end] !== '"') end += json[end] === '\\' ? 2 : 1;
  return end;
}
