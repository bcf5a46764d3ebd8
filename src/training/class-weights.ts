/** Weights of classes, made into weights of rows or steps. */
import { ConfigError, DataError } from '../core/errors.js';
import { checkNumber, describe } from '../core/options.js';
import type { FloatArray } from '../core/tensor.js';
import type { Loss } from './losses.js';
import type { Targets } from './targets.js';

/** What the rows or steps of each class weigh, by the index of the class: `{ 0: 1, 1: 5 }`; 1 where left out. */
export type ClassWeight = Readonly<Record<number, number>>;

/**
 * The targets with the weight of every row, or step, multiplied by that of its class. The class is the target's index,
 * the largest of several probabilities, or the side of 0.5 that a single one is on.
 *
 * @throws ConfigError for a loss that is not about one class of several, or weights of classes that there are not
 */
export function weighClasses(
  targets: Targets,
  classWeight: ClassWeight,
  loss: Loss,
  outputs: number,
): Targets {
  if (typeof classWeight !== 'object' || classWeight === null || Array.isArray(classWeight)) {
    throw new ConfigError(
      `fit: classWeight is an object such as { 0: 1, 1: 5 } but is ${describe(classWeight)}`,
    );
  }
  const { columns, values } = targets;
  const isBinary = loss.targetKind === 'probabilities' && columns === 1;
  if (!isBinary && loss.targetKind !== 'classes' && loss.targetKind !== 'distribution') {
    throw new ConfigError(
      `fit: classWeight needs a loss for one class of several but the loss is ${loss.name}: ` +
        'give sampleWeight the weight of each row instead',
    );
  }
  const count = isBinary ? 2 : outputs;
  for (const [index, weight] of Object.entries(classWeight)) {
    if (!Number.isInteger(Number(index)) || Number(index) < 0 || Number(index) >= count) {
      throw new ConfigError(`fit: classWeight has a class '${index}' and the classes are 0 to ${count - 1}`);
    }
    checkNumber(`fit: classWeight of class ${index}`, weight, { min: 0 });
  }
  const size = values.length / columns;
  const weights = targets.weights?.slice() ?? (values.slice(0, size).fill(1) as FloatArray);
  for (let step = 0; step < size; step++) {
    const index = isBinary ? Number((values[step] as number) > 0.5) : classAt(values, step, columns);
    weights[step] = (weights[step] as number) * (classWeight[index] ?? 1);
  }
  if (!weights.some((weight) => weight > 0)) {
    throw new DataError(
      'fit: classWeight leaves no row to train on: give a class that there is a weight above 0',
    );
  }
  return { ...targets, weights };
}

/** The class of a row or step: the index that its only column holds, or that of its largest column. */
function classAt(values: FloatArray, step: number, columns: number): number {
  if (columns === 1) return values[step] as number;
  let largest = 0;
  for (let k = 1; k < columns; k++) {
    if ((values[step * columns + k] as number) > (values[step * columns + largest] as number)) largest = k;
  }
  return largest;
}
