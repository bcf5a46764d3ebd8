/** What the losses of probabilities have in common. */
import type { LogitActivation } from '../../backend/plan.js';
import type { Loss } from './loss.js';
import { logits, probability } from './output-ranges.js';
import type { TargetRule } from './target-rules.js';

export function probabilityLoss(
  config: { readonly name: string; readonly fromLogits: boolean; readonly [option: string]: unknown },
  activation: LogitActivation,
  targets: TargetRule,
  kernels: Loss['kernels'],
): Loss {
  const { name, fromLogits } = config;
  return {
    name,
    targetKind: targets.kind,
    targets,
    fromLogits,
    range: fromLogits ? logits : probability,
    mend: fromLogits
      ? 'leave fromLogits out, or the activation'
      : `give it { activation: '${activation}' }, or the loss { fromLogits: true }`,
    seesThrough: activation,
    config: () => config,
    targetColumns: (outputs) => (targets.kind === 'classes' ? 1 : outputs),
    kernels,
  };
}
