/** Makes hostile files of sound ones: bytes and pieces changed, sizes that are absurd, names that do harm elsewhere. */
import type { Random } from '../../src/core/random.js';

/** Texts that have done harm in other readers. */
const WORDS = [
  '__proto__',
  'constructor',
  'prototype',
  '../../../etc/passwd',
  '..',
  '{"a":',
  '[[[[[[[[',
  '\0',
  '%s%n',
  '-1',
  '1e999',
  'NaN',
];

/** Numbers at which others overflow. */
const NUMBERS = [
  0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

/** One of these. */
export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.below(choices.length)] as T;
}

/**
 * A file that was changed in one place, or in a few.
 *
 * @param others  files of which pieces may be put into it
 */
export function mutate(
  random: Random,
  file: Uint8Array,
  others: readonly Uint8Array[],
  words: readonly string[] = [],
): Uint8Array {
  let bytes = file;
  for (let times = 1 + random.below(4); times > 0; times--) {
    bytes = pick(random, CHANGES)(random, bytes, pick(random, others), [...WORDS, ...words]);
  }
  return bytes;
}

type Change = (random: Random, bytes: Uint8Array, other: Uint8Array, words: readonly string[]) => Uint8Array;

const CHANGES: readonly Change[] = [
  // A bit, a byte.
  (random, bytes) =>
    with_(bytes, random.below(bytes.length), [
      (bytes.at(random.below(bytes.length)) ?? 0) ^ (1 << random.below(8)),
    ]),
  (random, bytes) => with_(bytes, random.below(bytes.length), [random.below(256)]),
  (random, bytes) =>
    with_(bytes, random.below(bytes.length), [pick(random, [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x2e, 0x7b])]),
  // A number of 16, 32 or 64 bits.
  (random, bytes) =>
    with_(bytes, random.below(bytes.length), little(pick(random, NUMBERS), pick(random, [2, 4, 8]))),
  // Cut, cut out, doubled, longer.
  (random, bytes) => bytes.slice(0, random.below(bytes.length + 1)),
  (random, bytes) => {
    const at = random.below(bytes.length + 1);
    return join(bytes.subarray(0, at), bytes.subarray(at + random.below(40)));
  },
  (random, bytes) => {
    const at = random.below(bytes.length + 1);
    const piece = bytes.subarray(at, at + random.below(60));
    return join(bytes.subarray(0, at), piece, piece, bytes.subarray(at + piece.length));
  },
  (random, bytes) =>
    join(
      bytes,
      Uint8Array.from({ length: random.below(30) }, () => random.below(256)),
    ),
  // A word, a piece of another file.
  (random, bytes, _, words) => {
    const at = random.below(bytes.length + 1);
    const word = new TextEncoder().encode(pick(random, words));
    const end = random.below(2) === 0 ? at : at + word.length;
    return join(bytes.subarray(0, at), word, bytes.subarray(end));
  },
  (random, bytes, other) => {
    const at = random.below(bytes.length + 1);
    const from = random.below(other.length + 1);
    return join(bytes.subarray(0, at), other.subarray(from, from + random.below(200)), bytes.subarray(at));
  },
];

function with_(bytes: Uint8Array, at: number, piece: readonly number[]): Uint8Array {
  const changed = bytes.slice();
  piece.forEach((byte, i) => {
    if (at + i < changed.length) changed[at + i] = byte;
  });
  return changed;
}

function little(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256);
}

export function join(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Values that JSON may hold where something else is expected. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1,
  0.5,
  2 ** 31,
  2 ** 53,
  2 ** 60,
  1e308,
  -1e308,
  '',
  '__proto__',
  'constructor',
  [],
  {},
  [[]],
  [null],
  [2 ** 53, 2 ** 53],
  [-1],
  new Array(40).fill(2 ** 20),
  { __proto: 1 },
  'x'.repeat(1000),
];

/** A value of JSON that was changed in one place: another value, another key, something left out or put in. */
export function mutateJson(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random.below(6) === 0) return pick(random, VALUES);
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return pick(random, VALUES);
  const at = random.below(entries.length);
  const [key, inner] = entries[at] as [string, unknown];
  const how = random.below(10);
  if (how === 0) entries.splice(at, 1);
  else if (how === 1)
    entries.push([pick(random, ['__proto__', 'constructor', 'type', 'shape', key]), pick(random, VALUES)]);
  else if (how === 2) entries[at] = [pick(random, ['__proto__', 'toString', `${key}x`, '']), inner];
  else entries[at] = [key, mutateJson(random, inner)];
  return isList ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}
