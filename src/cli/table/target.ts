/** What a model of a table answers: the class of a row, or a number. */
import { DataError } from '../../core/errors.js';
import { type ClassLabels, classLabels, type Scaler, standardScaler, type Table } from '../../index.js';

/** Whole numbers of so few kinds may be classes: it is said, and another task can be asked for. */
const MOST_NUMBERED_CLASSES = 2;
const MOST_CLASSES = 1000;

export type Task = 'classify' | 'regress';

export type Target =
  | { readonly task: 'classify'; readonly encoder: ClassLabels; readonly values: readonly string[] }
  | { readonly task: 'regress'; readonly encoder: Scaler; readonly values: readonly (readonly number[])[] };

/** A class where the column has texts, truth values or two numbers; else a number. */
export function chooseTask(table: Table, name: string): Task {
  const { type, values } = table.column(name);
  if (type === 'string' || type === 'boolean') return 'classify';
  return new Set(values).size <= MOST_NUMBERED_CLASSES ? 'classify' : 'regress';
}

/** @throws DataError for a target that is missing somewhere, or cannot be told apart */
export function readTarget(table: Table, name: string, task: Task): Target {
  const { type, values } = table.column(name);
  const missing = Array.from(values as ArrayLike<unknown>).findIndex(
    (value) => value === null || Number.isNaN(value),
  );
  if (missing !== -1) throw new DataError(`row ${missing + 1} has no ${name}: take it out, or fill it in`);
  if (task === 'classify') {
    const classes = Array.from(values as ArrayLike<unknown>, String);
    const { size } = new Set(classes);
    if (size < 2) throw new DataError(`${name} is ${classes[0]} in every row: there is nothing to learn`);
    if (size > MOST_CLASSES)
      throw new DataError(`${name} has ${size} different values, too many to be classes`);
    return { task, encoder: classLabels(), values: classes };
  }
  if (type !== 'number') throw new DataError(`${name} holds ${type}s, which cannot be foretold as numbers`);
  return { task, encoder: standardScaler(), values: Array.from(values, (value) => [value]) };
}
