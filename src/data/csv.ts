/**
 * Delimited text, row by row, as RFC 4180 describes it: a field in quotes may hold the separator, line breaks,
 * and doubled quotes. Beyond the RFC: a byte-order mark is passed over; a line ends with CRLF, LF or CR; empty
 * lines are left out; a quote inside a field that does not begin with one is an ordinary character.
 *
 * Fields come as they stand, spaces and all, and rows with as many fields as they have: what a header means and
 * whether a row is too short is for the reader of the rows to say. Every character is looked at a fixed number
 * of times, so the time is linear in the length of the text.
 */
import { FormatError } from '../core/errors.js';

export interface DelimitedRow {
  /** The number of the line on which the row begins, counted from 1. */
  readonly line: number;
  readonly fields: string[];
  /** The row as it stands in the text, without the line break at its end. */
  readonly text: string;
}

export interface DelimitedOptions {
  /** What stands between two fields, one character; by default what `detectSeparator` finds. */
  separator?: string;
  /** What the text is called in an error. */
  name?: string;
}

const SEPARATORS = [',', ';', '\t'] as const;
const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = 0xfeff;

interface Cursor {
  readonly text: string;
  readonly name: string;
  readonly separator: number;
  position: number;
  line: number;
}

/** The rows of a delimited text, read one at a time. */
export function* readDelimited(text: string, options: DelimitedOptions = {}): Generator<DelimitedRow, void> {
  const cursor: Cursor = {
    text,
    name: options.name ?? 'the text',
    separator: (options.separator ?? detectSeparator(text)).charCodeAt(0),
    position: text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0,
    line: 1,
  };
  while (cursor.position < text.length) {
    const start = cursor.position;
    const line = cursor.line;
    const fields = readFields(cursor);
    const row = text.slice(start, cursor.position);
    passLineBreak(cursor);
    if (row !== '') yield { line, fields, text: row };
  }
}

/** The separator of a text: whichever of `,` `;` TAB its first row holds most often outside quotes, else `,`. */
export function detectSeparator(text: string): string {
  const counts = new Map<string, number>(SEPARATORS.map((separator) => [separator, 0]));
  let quoted = false;
  let empty = true;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    if (quoted) continue;
    if (character === '\n' || character === '\r') {
      if (!empty) break;
      continue;
    }
    if (character.charCodeAt(0) !== BYTE_ORDER_MARK) empty = false;
    const count = counts.get(character);
    if (count !== undefined) counts.set(character, count + 1);
  }
  return SEPARATORS.reduce((best, next) => ((counts.get(next) ?? 0) > (counts.get(best) ?? 0) ? next : best));
}

function readFields(cursor: Cursor): string[] {
  const fields = [readField(cursor)];
  while (cursor.text.charCodeAt(cursor.position) === cursor.separator) {
    cursor.position++;
    fields.push(readField(cursor));
  }
  return fields;
}

function readField(cursor: Cursor): string {
  const { text } = cursor;
  if (text.charCodeAt(cursor.position) === QUOTE) return readQuoted(cursor);
  const start = cursor.position;
  while (!endsField(cursor)) cursor.position++;
  return text.slice(start, cursor.position);
}

function endsField({ text, position, separator }: Cursor): boolean {
  if (position >= text.length) return true;
  const character = text.charCodeAt(position);
  return character === separator || character === LINE_FEED || character === CARRIAGE_RETURN;
}

function readQuoted(cursor: Cursor): string {
  const { text, name } = cursor;
  let value = '';
  for (;;) {
    const start = cursor.position + 1;
    const end = text.indexOf('"', start);
    if (end < 0) {
      throw new FormatError(
        `${name}, line ${cursor.line}: a field opens with a quote that is never closed; close it, or double it if it belongs to the text`,
      );
    }
    value += text.slice(start, end);
    cursor.position = end + 1;
    if (text.charCodeAt(cursor.position) !== QUOTE) break;
    value += '"';
  }
  cursor.line += countLineBreaks(value);
  if (endsField(cursor)) return value;
  throw new FormatError(
    `${name}, line ${cursor.line}: a quoted field goes on after its closing quote; double a quote that belongs to the text`,
  );
}

function countLineBreaks(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    const ofPair = character === LINE_FEED && text.charCodeAt(i - 1) === CARRIAGE_RETURN;
    if ((character === LINE_FEED || character === CARRIAGE_RETURN) && !ofPair) count++;
  }
  return count;
}

function passLineBreak(cursor: Cursor): void {
  const { text } = cursor;
  if (cursor.position >= text.length) return;
  const pair =
    text.charCodeAt(cursor.position) === CARRIAGE_RETURN &&
    text.charCodeAt(cursor.position + 1) === LINE_FEED;
  cursor.position += pair ? 2 : 1;
  cursor.line++;
}
