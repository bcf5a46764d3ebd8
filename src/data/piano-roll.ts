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
import { type JsonPath, placeInJson, placeOfBrokenJson } from './json-place.js';
import { formatPlace, textOf } from './utf8.js';

const LOWEST = 21;
const KEYS = 88;

/**
 * Reads pieces of music, each as frames and the frames that follow them.
 *
 * @param source  the JSON, as text or as bytes in UTF-8
 * @param options.name  what the file is called in an error
 * @returns of each part, by its name, x and y `[pieces, frames - 1, 88]`, 1 for each note that sounds, with lengths: y
 *   has the frame after each of x
 * @throws FormatError for what is no JSON, or not nested so, with line and column
 * @throws DataError for a note that no piano has, or a piece of fewer than two frames, with line and column
 *
 * @example
 * const { train, valid, test } = readPianoRolls(await readFile('jsb-chorales-quarter.json'));
 */
export function readPianoRolls(
  source: string | Uint8Array,
  options: { readonly name?: string } = {},
): Readonly<Record<string, Dataset>> {
  const name = options.name ?? 'the file';
  const text = textOf(source, name).replace(/^\ufeff/, '');
  const at: Locate = (path) => {
    const [part, piece, frame] = path;
    const words = [
      part,
      piece === undefined ? '' : `piece ${piece}`,
      frame === undefined ? '' : `frame ${frame}`,
    ];
    const inside = words.filter((word) => word !== '' && word !== undefined).join(', ');
    return `${name}, ${formatPlace(placeInJson(text, path))}: ${inside}`;
  };
  const parts = Object.entries(parse(text, name));
  if (parts.length === 0)
    throw new FormatError(`${name}, line 1, column 1: it has no parts: it is an empty object`);
  return Object.fromEntries(parts.map(([part, pieces]) => [part, readPart(pieces, part, at)]));
}

/** The file's name and the place of an element, in the words of an error. */
type Locate = (path: JsonPath) => string;

function parse(text: string, name: string): object {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    throw new FormatError(
      `${name}, ${formatPlace(placeOfBrokenJson(text))}: from here on it is no JSON; correct it, or write it anew`,
    );
  }
  if (typeof parts === 'object' && parts !== null && !Array.isArray(parts)) return parts;
  throw new FormatError(
    `${name}, line 1, column 1: it must be an object of parts, such as train and test, but is ${describe(parts)}`,
  );
}

function readPart(pieces: unknown, part: string, at: Locate): Dataset {
  const read = arrayOf(pieces, [part], 'pieces', at).map((piece, p) => {
    const frames = arrayOf(piece, [part, p], 'frames', at).map((frame, f) =>
      readFrame(frame, [part, p, f], at),
    );
    if (frames.length >= 2) return frames;
    throw new DataError(
      `${at([part, p])} has ${frames.length} frames: without two of them there is no next one`,
    );
  });
  if (read.length === 0) throw new DataError(`${at([part])} has no pieces`);
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
function readFrame(frame: unknown, path: JsonPath, at: Locate): number[] {
  return arrayOf(frame, path, 'notes', at).map((note, n) => {
    if (typeof note === 'number' && Number.isInteger(note) && note >= LOWEST && note < LOWEST + KEYS)
      return note - LOWEST;
    throw new DataError(
      `${at([...path, n])}: a note is a whole number from ${LOWEST} to ${LOWEST + KEYS - 1} but is ${describe(note)}`,
    );
  });
}

function arrayOf(value: unknown, path: JsonPath, what: string, at: Locate): unknown[] {
  if (Array.isArray(value)) return value;
  throw new FormatError(`${at(path)} must be an array of ${what} but is ${describe(value)}`);
}
