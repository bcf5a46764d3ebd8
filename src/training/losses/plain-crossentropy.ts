/** The binary cross-entropy of 'longhand/lean', of probabilities. Its arithmetic is kernels/losses.ts. */
import { binaryCrossentropyOfLogit, binaryCrossentropy as binaryElement } from '../../kernels/losses.js';
import { elementKernels, type Loss } from './loss.js';
import { probabilityLoss } from './probability-loss.js';
import { probabilities } from './target-rules.js';

/** `-t log p - (1 - t) log(1 - p)`, targets 0 to 1; the mean over the outputs, each behind a sigmoid. */
export function binaryCrossentropy(): Loss {
  const config = { name: 'binaryCrossentropy', fromLogits: false };
  return probabilityLoss(config, 'sigmoid', probabilities, (planner, ofLogits) =>
    elementKernels(planner, ofLogits ? binaryCrossentropyOfLogit : binaryElement),
  );
}
