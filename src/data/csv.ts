/**
 * Delimited text, row by row, as RFC 4180 describes it: a field in quotes may hold the separator, line breaks,
 * and doubled quotes. Beyond the RFC: a byte-order mark is passed over; a line ends with CRLF, LF or CR; empty
 * lines are left out; a quote inside a field that does not begin with one is an ordinary character.
 *
 * Fields come as they stand, spaces and all, and rows with as many fields as they have: what a header means and
 * whether a row is too short is for the reader of the rows to say. The text may come in pieces that end anywhere; of it
 * only the row at hand is kept. Every character is looked at a fixed number of times, so the time is linear in the
 * length of the text.
 */
import { FormatError } from '../core/errors.js';
import { formatPlace, type Place, utf8Decoder } from './utf8.js';

export interface DelimitedRow {
  /** The number of the line on which the row begins, counted from 1. */
  readonly line: number;
  readonly fields: string[];
  /** The row as it stands in the text, without the line break at its end. */
  readonly text: string;
}

export interface DelimitedOptions {
  /** What stands between two fields, one character; by default what `detectSeparator` finds. */
  readonly separator?: string | undefined;
  /** What the text is called in an error. */
  readonly name?: string | undefined;
  /** How many characters a row may have, so that a quote that is never closed does not eat all memory; 2^24 by default. */
  readonly maxRowLength?: number | undefined;
}

/** Reads text that comes in pieces. */
export interface DelimitedReader {
  /** The rows that end in this piece, in text or bytes of UTF-8. */
  push(piece: string | Uint8Array): Generator<DelimitedRow, void>;
  /** The row that ends with the text; to be called behind the last piece. */
  end(): Generator<DelimitedRow, void>;
  /** The separator, as soon as there is a row. */
  separator(): string;
}

const SEPARATORS = [',', ';', '\t'] as const;
const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = 0xfeff;
const PIECE = 65_536;
const MAX_ROW_LENGTH = 2 ** 24;

/** Where in a row the reader stands: before a field, in one, in a quoted one, or behind a quote that may close it. */
type Mode = 'start' | 'plain' | 'quoted' | 'closed';

/** What is known of the row at hand when a piece ends. */
interface State {
  readonly name: string;
  readonly maxRowLength: number;
  separator: number;
  mode: Mode;
  fields: string[];
  /** The field at hand, and the row, as far as the pieces before this one have them. */
  field: string;
  text: string;
  /** The line on which the row begins, the one at hand, and where that one begins, counted from this piece's begin. */
  rowLine: number;
  line: number;
  lineStart: number;
  /** Where the quoted field at hand opened. */
  opened: Place;
  /** Whether the last character was a carriage return: a line feed behind it belongs to it. */
  returned: boolean;
}

/** The rows of a delimited text, or of bytes of UTF-8, read one at a time. */
export function* readDelimited(
  source: string | Uint8Array,
  options: DelimitedOptions = {},
): Generator<DelimitedRow, void> {
  const reader = delimitedReader(options);
  yield* reader.push(source);
  yield* reader.end();
}

/** A reader of text in pieces. */
export function delimitedReader(options: DelimitedOptions = {}): DelimitedReader {
  const { name = 'the text', separator, maxRowLength = MAX_ROW_LENGTH } = options;
  const state = newState(name, maxRowLength, separator);
  const decoder = utf8Decoder();
  const detector = separatorDetector();
  let head = '';
  let begun = false;

  function* read(text: string): Generator<DelimitedRow, void> {
    if (state.separator !== 0) return yield* readPiece(state, text);
    head += text;
    if (detector.feed(text) || head.length > maxRowLength) yield* readHead();
  }
  function* readHead(): Generator<DelimitedRow, void> {
    state.separator = detector.separator().charCodeAt(0);
    yield* readPiece(state, head);
    head = '';
  }
  function* readText(text: string): Generator<DelimitedRow, void> {
    if (text === '') return;
    const marked = !begun && text.charCodeAt(0) === BYTE_ORDER_MARK;
    begun = true;
    yield* read(marked ? text.slice(1) : text);
  }
  /** Reads on to where the text ceases to be text, and says so. */
  function* refuse(problem: string): Generator<DelimitedRow, void> {
    if (state.separator === 0) yield* readHead();
    throw new FormatError(`${name}, ${formatPlace(placeIn(state, 0))}: ${problem}`);
  }

  return {
    *push(piece) {
      for (let start = 0; start < piece.length; start += PIECE) {
        if (typeof piece === 'string') {
          yield* readText(piece.slice(start, start + PIECE));
        } else {
          const { text, problem } = decoder.decode(piece.subarray(start, start + PIECE));
          yield* readText(text);
          if (problem !== undefined) yield* refuse(problem);
        }
      }
    },
    *end() {
      const { problem } = decoder.end();
      if (problem !== undefined) yield* refuse(problem);
      if (state.separator === 0) yield* readHead();
      yield* readEnd(state);
    },
    separator: () => String.fromCharCode(state.separator),
  };
}

/** The separator of a text: whichever of `,` `;` TAB its first row holds most often outside quotes, else `,`. */
export function detectSeparator(text: string): string {
  const detector = separatorDetector();
  detector.feed(text);
  return detector.separator();
}

/** Where a field of a row stands, to be told in an error; of a field that is missing, where the row ends. */
export function placeOfField({ line, text }: DelimitedRow, index: number, separator: string): Place {
  const state = newState('', Number.POSITIVE_INFINITY, separator);
  state.line = line;
  for (let end = 0; end < text.length && state.fields.length < index; end++) {
    for (const _ of readPiece(state, text.charAt(end)));
  }
  return placeIn(state, 0);
}

function newState(name: string, maxRowLength: number, separator?: string): State {
  return {
    name,
    maxRowLength,
    separator: separator?.charCodeAt(0) ?? 0,
    mode: 'start',
    fields: [],
    field: '',
    text: '',
    rowLine: 1,
    line: 1,
    lineStart: 0,
    opened: { line: 1, column: 1 },
    returned: false,
  };
}

function separatorDetector(): { feed(text: string): boolean; separator(): string } {
  const counts = new Map<string, number>(SEPARATORS.map((separator) => [separator, 0]));
  let quoted = false;
  let empty = true;
  return {
    /** Whether the first row has ended. */
    feed: (text) => {
      for (const character of text) {
        if (character === '"') quoted = !quoted;
        if (quoted) continue;
        if (character === '\n' || character === '\r') {
          if (!empty) return true;
          continue;
        }
        if (character.charCodeAt(0) !== BYTE_ORDER_MARK) empty = false;
        const count = counts.get(character);
        if (count !== undefined) counts.set(character, count + 1);
      }
      return false;
    },
    separator: () =>
      SEPARATORS.reduce((best, next) => ((counts.get(next) ?? 0) > (counts.get(best) ?? 0) ? next : best)),
  };
}

/** Reads a piece to its end. */
function* readPiece(state: State, piece: string): Generator<DelimitedRow, void> {
  let position = 0;
  let rowStart = 0;
  while (position < piece.length) {
    if (state.mode === 'quoted') {
      position = readQuoted(state, piece, position);
      continue;
    }
    const character = piece.charCodeAt(position);
    if (state.returned) {
      state.returned = false;
      if (character === LINE_FEED) {
        position++;
        rowStart = position;
        state.lineStart = position;
        continue;
      }
    }
    if (character === QUOTE && state.mode !== 'plain') {
      // Behind a quote that seemed to close the field, it is the second of two that stand for one.
      if (state.mode === 'closed') state.field += '"';
      else state.opened = placeIn(state, position);
      state.mode = 'quoted';
      position++;
      continue;
    }
    const end = endOfField(piece, position, state.separator);
    if (end > position) {
      if (state.mode === 'closed') throw goesOn(state, position);
      state.mode = 'plain';
      state.field += piece.slice(position, end);
    }
    position = end;
    if (end === piece.length) break;
    position++;
    endField(state);
    if (piece.charCodeAt(end) === state.separator) continue;
    const row = endRow(state, piece.slice(rowStart, end));
    state.returned = piece.charCodeAt(end) === CARRIAGE_RETURN;
    state.line++;
    state.lineStart = position;
    rowStart = position;
    if (row !== undefined) yield row;
    state.rowLine = state.line;
  }
  state.text += piece.slice(rowStart);
  state.lineStart -= piece.length;
  checkLength(state, state.text);
}

/** The row that ends with the text. */
function* readEnd(state: State): Generator<DelimitedRow, void> {
  if (state.mode === 'quoted') {
    throw new FormatError(
      `${state.name}, ${formatPlace(state.opened)}: a field opens with a quote that is never closed; close it, or double it if it belongs to the text`,
    );
  }
  endField(state);
  const row = endRow(state, '');
  if (row !== undefined) yield row;
}

function endOfField(piece: string, start: number, separator: number): number {
  for (let position = start; position < piece.length; position++) {
    const character = piece.charCodeAt(position);
    if (character === separator || character === LINE_FEED || character === CARRIAGE_RETURN) return position;
  }
  return piece.length;
}

/** Reads a quoted field up to the next quote, and returns the position behind it. */
function readQuoted(state: State, piece: string, start: number): number {
  const quote = piece.indexOf('"', start);
  const end = quote < 0 ? piece.length : quote;
  for (let position = start; position < end; position++) {
    const character = piece.charCodeAt(position);
    if (character !== LINE_FEED && character !== CARRIAGE_RETURN) {
      state.returned = false;
      continue;
    }
    if (character === CARRIAGE_RETURN || !state.returned) state.line++;
    state.returned = character === CARRIAGE_RETURN;
    state.lineStart = position + 1;
  }
  state.field += piece.slice(start, end);
  if (quote < 0) return end;
  state.returned = false;
  state.mode = 'closed';
  return quote + 1;
}

function endField(state: State): void {
  state.fields.push(state.field);
  state.field = '';
  state.mode = 'start';
}

/** The row that has ended, unless it is an empty line. */
function endRow(state: State, rest: string): DelimitedRow | undefined {
  const { fields, rowLine: line } = state;
  const text = state.text + rest;
  checkLength(state, text);
  state.fields = [];
  state.text = '';
  return text === '' ? undefined : { line, fields, text };
}

function checkLength({ name, mode, opened, rowLine, maxRowLength }: State, text: string): void {
  if (text.length <= maxRowLength) return;
  const where = mode === 'quoted' ? formatPlace(opened) : `line ${rowLine}`;
  const cause =
    mode === 'quoted' ? 'a field opens with a quote that is not closed, in a row' : 'a row goes on';
  throw new FormatError(
    `${name}, ${where}: ${cause} for more than ${maxRowLength} characters; mend it, or allow as much by maxRowLength`,
  );
}

function goesOn(state: State, position: number): FormatError {
  return new FormatError(
    `${state.name}, ${formatPlace(placeIn(state, position))}: a quoted field goes on after its closing quote; double a quote that belongs to the text`,
  );
}

/** The place of a position of the piece at hand. */
function placeIn({ line, lineStart }: State, position: number): Place {
  return { line, column: position - lineStart + 1 };
}
