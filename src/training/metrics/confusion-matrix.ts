/** Which class was taken for which. */
import { checkOptions } from '../../core/options.js';
import { checkThreshold, type ThresholdOptions } from './accuracy.js';
import { indexOfLargest, targetClass } from './metric.js';
import { type Predictions, type PredictionWeights, toTable } from './table.js';

/**
 * The weight of the rows of each class (the first index) that were said to be of each class (the second), as in
 * scikit-learn. Predictions are probabilities of the class 1, or classes, one a row; or a column a class, of which the
 * largest decides. Targets are classes, or a column a class.
 *
 * @throws ShapeError, DataError for what does not fit together
 *
 * @example confusionMatrix([0, 1, 1, 0], [0.1, 0.8, 0.4, 0.7]) // [[1, 1], [1, 1]]
 */
export function confusionMatrix(
  yTrue: Predictions,
  yPred: Predictions,
  options: ThresholdOptions & { readonly sampleWeight?: PredictionWeights } = {},
): number[][] {
  checkOptions('confusionMatrix', options, ['threshold', 'sampleWeight']);
  const { threshold = 0.5 } = checkThreshold('confusionMatrix', options);
  const table = toTable('confusionMatrix', yTrue, yPred, options.sampleWeight, true);
  const { rows, columns, y, targets, targetColumns, weights } = table;
  const classes = Math.max(2, columns);
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < rows; row++) {
    const isBinary = columns === 1;
    const truth = isBinary
      ? Number((targets[row] as number) > 0.5)
      : targetClass(targetColumns === 1, targets, row, columns);
    const answer = isBinary ? Number((y[row] as number) > threshold) : indexOfLargest(y, row, columns);
    const line = matrix[truth] as number[];
    line[answer] = (line[answer] as number) + (weights[row] as number);
  }
  return matrix;
}
