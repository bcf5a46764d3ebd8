/**
 * What the text of a field says: a number, a date, a truth value. Nothing is guessed at, and no number is read that the text
 * does not say: one that a double cannot hold is refused.
 */
import { parseInstant } from './calendar.js';
import type { Cell, ColumnType } from './table.js';

/** What stands before the decimals of a number. */
export type DecimalSign = '.' | ',';

/** The value of a field, which is trimmed and not missing, or why it is none. */
export type Read = (text: string) => Cell | { readonly problem: string };

const WITH_POINT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const WITH_COMMA = /^[+-]?(?:\d+(?:,\d*)?|,\d+)(?:e[+-]?\d+)?$/i;
/** So many digits fit every double. */
const SAFE_DIGITS = 15;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}(?:$|[Tt ])/;

/** How fields of a type are read. */
export function readerOf(type: ColumnType, decimal: DecimalSign): Read {
  switch (type) {
    case 'number':
      return (text) => readNumber(text, decimal);
    case 'date':
      return parseInstant;
    case 'boolean':
      return readBoolean;
    case 'string':
      return (text) => text;
  }
}

/**
 * The type that all of some texts are of: numbers, truth values or dates as YYYY-MM-DD, with or without a time. Whole
 * numbers with a zero before them, or too long for a double, are somebody's postcode or number in a register: they are
 * texts, and so is a column where everything is missing.
 */
export function typeOf(texts: readonly string[], decimal: DecimalSign): ColumnType {
  if (texts.length === 0) return 'string';
  const all = (holds: (text: string) => boolean) => texts.every((text) => holds(text.trim()));
  if (all((text) => !/^[+-]?0\d/.test(text) && typeof readNumber(text, decimal) === 'number'))
    return 'number';
  if (all((text) => typeof readBoolean(text) === 'boolean')) return 'boolean';
  if (all((text) => ISO_DATE.test(text) && typeof parseInstant(text) === 'number')) return 'date';
  return 'string';
}

function readNumber(text: string, decimal: DecimalSign): number | { readonly problem: string } {
  if (!(decimal === ',' ? WITH_COMMA : WITH_POINT).test(text)) {
    const other = decimal === ',' ? '.' : ',';
    const hint = text.includes(other) ? `, in which '${decimal}' stands before decimals` : '';
    return { problem: `'${text}' is no number${hint}` };
  }
  const value = Number(decimal === ',' ? text.replace(',', '.') : text);
  if (!Number.isFinite(value)) return { problem: `'${text}' is too large for a number` };
  if (text.length > SAFE_DIGITS && /^[+-]?\d+$/.test(text) && BigInt(text) !== BigInt(value)) {
    return { problem: `'${text}' has more digits than a number holds; read the column as 'string'` };
  }
  return value;
}

function readBoolean(text: string): boolean | { readonly problem: string } {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === 'false') return lower === 'true';
  return { problem: `'${text}' is neither true nor false` };
}
