/**
 * Piano rolls as JSON: the form in which chorales and folk tunes are shared for polyphonic music modelling
 * (Boulanger-Lewandowski, Bengio and Vincent, "Modeling Temporal Dependencies in High-Dimensional Sequences", 2012):
 *
 *     { "train": [[[60, 64, 67], [60, 64], [], ...], ...], "valid": [...], "test": [...] }
 *
 * parts of pieces of frames of MIDI notes that sound. A frame is 88 keys of a piano, from 21 to 108, and the next frame is to
 * be foretold from all those before it.
 */
import { DataError, FormatError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { Dataset } from './datasets/dataset.js';
import { hotTensor } from './datasets/symbols.js';

const LOWEST = 21;
const KEYS = 88;

/**
 * Reads pieces of music, each as frames and the frames that follow them.
 *
 * @param text  the JSON
 * @param options.name  what the file is called in an error
 * @returns of each part, by its name, x and y `[pieces, frames - 1, 88]`, 1 for each note that sounds, with lengths: y
 *   has the frame after each of x
 * @throws FormatError for what is no JSON, or not nested so
 * @throws DataError for a note that no piano has, or a piece of fewer than two frames, with its place
 *
 * @example
 * const { train, valid, test } = readPianoRolls(await readFile('jsb-chorales-quarter.json', 'utf8'));
 */
export function readPianoRolls(
  text: string,
  options: { readonly name?: string } = {},
): Readonly<Record<string, Dataset>> {
  const name = options.name ?? 'the file';
  const parts = Object.entries(parse(text, name));
  if (parts.length === 0) throw new FormatError(`${name} has no parts: it is an empty object`);
  return Object.fromEntries(parts.map(([part, pieces]) => [part, readPart(pieces, `${name}: ${part}`)]));
}

function parse(text: string, name: string): object {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch (error) {
    throw new FormatError(`${name} is no JSON: ${(error as Error).message}`);
  }
  if (typeof parts === 'object' && parts !== null && !Array.isArray(parts)) return parts;
  throw new FormatError(
    `${name} must be an object of parts, such as train and test, but is ${describe(parts)}`,
  );
}

function readPart(pieces: unknown, where: string): Dataset {
  const read = arrayOf(pieces, where, 'pieces').map((piece, p) => {
    const frames = arrayOf(piece, `${where}, piece ${p}`, 'frames').map((frame, f) =>
      readFrame(frame, `${where}, piece ${p}, frame ${f}`),
    );
    if (frames.length >= 2) return frames;
    throw new DataError(
      `${where}, piece ${p} has ${frames.length} frames: without two of them there is no next one`,
    );
  });
  if (read.length === 0) throw new DataError(`${where} has no pieces`);
  return {
    x: hotTensor(
      read.map((frames) => frames.slice(0, -1)),
      KEYS,
    ),
    y: hotTensor(
      read.map((frames) => frames.slice(1)),
      KEYS,
    ),
  };
}

/** The keys of the notes of a frame, counted from the lowest. */
function readFrame(frame: unknown, where: string): number[] {
  return arrayOf(frame, where, 'notes').map((note) => {
    if (typeof note === 'number' && Number.isInteger(note) && note >= LOWEST && note < LOWEST + KEYS)
      return note - LOWEST;
    throw new DataError(
      `${where}: a note is a whole number from ${LOWEST} to ${LOWEST + KEYS - 1} but is ${describe(note)}`,
    );
  });
}

function arrayOf(value: unknown, where: string, what: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new FormatError(`${where} must be an array of ${what} but is ${describe(value)}`);
}
