/** Connectionist temporal classification: sequences of labels whose steps are not known (Graves and others 2006). */
import { ConfigError } from '../../core/errors.js';
import { checkBoolean, checkInteger } from '../../core/options.js';
import { ctcBackward, ctcCount, ctcForward, ctcScratchSize } from '../../kernels/ctc.js';
import { checkLabels, toLabels } from '../labels.js';
import { checkFromLogits, type LogitOptions } from './crossentropy.js';
import type { Loss } from './loss.js';
import { probabilityLoss } from './probability-loss.js';
import { classes, labels } from './target-rules.js';

export interface CtcOptions extends LogitOptions {
  /** The class that stands for no label; 0 by default, as in PyTorch and Keras. */
  blank?: number;
  /** Whether a row whose labels do not fit into its steps has a loss of 0, and is no error; false by default. */
  zeroInfinity?: boolean;
}

/**
 * `-log P(labels)`, P the sum over all ways to say the labels of a row within its steps, blanks between them. Outputs are a
 * softmax over the classes at each step, or logits; targets are the labels of each row, as many as it has. The loss of a
 * row is not divided by its number of labels (PyTorch's `'mean'` does).
 *
 * @throws ConfigError for an option that is unknown
 *
 * @example ctc() // behind lstm(64, { returnSequences: true }), dense(classes + 1, { activation: 'softmax' })
 */
export function ctc(options: CtcOptions = {}): Loss {
  const name = 'ctc';
  const fromLogits = checkFromLogits(name, options, ['blank', 'zeroInfinity']);
  const blank = checkInteger('ctc: blank', options.blank ?? 0, { min: 0 });
  const zeroInfinity = checkBoolean('ctc: zeroInfinity', options.zeroInfinity ?? false);
  const config = { name, fromLogits, blank, zeroInfinity };
  const loss = probabilityLoss(config, 'softmax', classes, ({ backend }, ofLogits, output) => {
    const { steps, batch, features } = output;
    if (!ofLogits) {
      throw new ConfigError(
        "ctc needs a softmax right before it: give the last layer { activation: 'softmax' }",
      );
    }
    if (!output.sequence) {
      throw new ConfigError('ctc needs an output a step: give every lstm { returnSequences: true }');
    }
    if (blank >= features) throw new ConfigError(`ctc: blank is ${blank} but there are ${features} classes`);
    const kernels = backend.bind({ ctcForward, ctcBackward });
    const scratch = new Float64Array(ctcScratchSize(steps));
    return {
      count: (weights, mask) => ctcCount(weights, mask, steps, batch),
      forward: (y, target, weights, mask) =>
        kernels.ctcForward(y, target, weights, mask, scratch, steps, batch, features, blank, zeroInfinity),
      backward: (y, target, weights, mask, dy, _rows, _columns, factor) =>
        kernels.ctcBackward(
          y,
          target,
          weights,
          mask,
          scratch,
          dy,
          steps,
          batch,
          features,
          blank,
          zeroInfinity,
          factor,
        ),
    };
  });
  return {
    ...loss,
    targetKind: 'labels',
    targets: labels,
    labels: {
      read: toLabels,
      check: (targets, output) => checkLabels(targets, output, { blank, zeroInfinity }),
    },
  };
}
