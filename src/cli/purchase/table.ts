/**
 * The two shapes in which a purchase log comes: delimited text with a header, and the layout of the published
 * CDNOW files, columns between runs of spaces, with or without a header
 * (https://www.brucehardie.com/datasets/: `customer_id date number_of_cds dollar_value`, and in the 1/10 sample a
 * second customer number after the first).
 */
import { FormatError } from '../../core/errors.js';
import { type DelimitedRow, readDelimited } from '../../data/csv.js';

export interface Table {
  readonly header: readonly string[];
  readonly rows: Iterable<DelimitedRow>;
}

const CDNOW_COLUMNS = ['customer_id', 'date', 'number_of_cds', 'dollar_value'];
const CDNOW_SAMPLE_COLUMNS = ['customer_id', 'sample_id', 'date', 'number_of_cds', 'dollar_value'];
const CDNOW_ROW = /^\S+( +\d+)? +\d{8} +\d+ +\d+\.\d+$/;

/** The header of a text and the rows below it. */
export function readTable(text: string, name: string): Table {
  const firstLine = /\S[^\r\n]*/.exec(text)?.[0].trim();
  if (firstLine === undefined) {
    throw new FormatError(
      `${name} is empty; a purchase log has a header and a row for each purchase, with its customer, date and amount`,
    );
  }
  if (!/[,;\t]/.test(firstLine)) return readColumns(text, firstLine);
  const rows = readDelimited(text, { name });
  const { fields } = rows.next().value as DelimitedRow;
  return { header: fields.map((field) => field.trim()), rows };
}

function readColumns(text: string, firstLine: string): Table {
  const rows = spacedRows(text);
  if (CDNOW_ROW.test(firstLine)) {
    const columns = firstLine.split(/ +/).length;
    return { header: columns === CDNOW_COLUMNS.length ? CDNOW_COLUMNS : CDNOW_SAMPLE_COLUMNS, rows };
  }
  rows.next();
  return { header: firstLine.split(/\s+/), rows };
}

/** Rows whose fields stand between spaces; nothing is quoted. */
function* spacedRows(text: string): Generator<DelimitedRow, void> {
  let line = 0;
  for (const row of text.split(/\r\n|\r|\n/)) {
    line++;
    const trimmed = row.trim();
    if (trimmed !== '') yield { line, fields: trimmed.split(/\s+/), text: trimmed };
  }
}
