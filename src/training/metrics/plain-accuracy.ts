/** The share of right answers, and the accuracy of 'longhand/lean', which is for `compile` alone. */
import { ConfigError } from '../../core/errors.js';
import {
  type Accumulator,
  cutOf,
  indexOfLargest,
  type MetricSpec,
  meanOf,
  type OutputKind,
  type RowScore,
  targetClass,
} from './metric.js';

/** The share of outputs on the right side of `cut`. */
export function binaryScore(cut: number): RowScore {
  return (y, targets, row, columns) => {
    let right = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      if ((y[k] as number) > cut === (targets[k] as number) > 0.5) right++;
    }
    return right / columns;
  };
}

export function classScore(isIndex: boolean): RowScore {
  return (y, targets, row, columns) =>
    indexOfLargest(y, row, columns) === targetClass(isIndex, targets, row, columns) ? 1 : 0;
}

/** Of the largest output where there are classes, of each output's side of 0.5 (0 for logits) elsewhere. */
export function createAccuracy(outputs: OutputKind): Accumulator {
  const { targetKind } = outputs;
  if (targetKind === 'classes' || targetKind === 'distribution')
    return meanOf(classScore(targetKind === 'classes'));
  return meanOf(binaryScore(cutOf(undefined, outputs)));
}

/**
 * The share of right answers: of the largest output where there are classes, of each output's side of 0.5 (0 for
 * logits) where each decides for itself. It goes with the losses of classes and probabilities.
 */
export function accuracy(): MetricSpec {
  const name = 'accuracy';
  return {
    name,
    config: () => name,
    create: (loss) => {
      if (['classes', 'distribution', 'probabilities', 'signs'].includes(loss.targetKind))
        return { name, ...createAccuracy(loss) };
      throw new ConfigError(`metric 'accuracy' needs a loss for classes but the loss is ${loss.name}`);
    },
  };
}
