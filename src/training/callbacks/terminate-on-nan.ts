/** Ends training quietly when the arithmetic runs away. */
import type { Callback } from '../callbacks.js';

/**
 * Stops training at a loss, gradient or update that is not finite, and at an epoch whose loss or validation loss is not:
 * where `fit` would end with a `NumericError` it returns what it has, and `model.stopTraining` is true. The weights are
 * those before the batch (Keras: those after it, which are NaN).
 *
 * @example await model.fit(x, y, { epochs: 100, callbacks: [terminateOnNaN()] });
 */
export function terminateOnNaN(): Callback {
  return {
    onNumericError: () => true,
    onEpochEnd: (_epoch, { loss = 0, val_loss: validationLoss = 0 }, { model }) => {
      if (!Number.isFinite(loss) || !Number.isFinite(validationLoss)) model.stopTraining = true;
    },
  };
}
