/** What mends a y that does not fit the output. */
import { isTensor } from '../core/tensor.js';
import { rankOf } from '../data/samples.js';
import type { Loss } from './losses/loss.js';
import type { OutputShape, TargetInput } from './targets.js';

/** The commonest reasons why y does not fit the output, each with its mend. */
export function targetHint(y: TargetInput, loss: Loss, output: OutputShape): string {
  const rank = isTensor(y) ? y.shape.length : rankOf(y);
  const rankOfIndices = output.sequence ? 2 : 1;
  const { mixedUp } = loss.targets;
  if (mixedUp && rank === rankOfIndices + mixedUp.axes) return mixedUp.mend;
  if (output.sequence && rank === 1) {
    return `: ${output.name} gives a value a step; for one a row, the last lstm needs { returnSequences: false }`;
  }
  if (!output.sequence && rank === 3) {
    return `: ${output.name} gives one value a row; for one a step, every lstm needs { returnSequences: true }`;
  }
  return '';
}
