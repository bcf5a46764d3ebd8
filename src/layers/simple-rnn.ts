/** The simple recurrent layer. The arithmetic is kernels/simple-rnn.ts. */
import type { Planner } from '../backend/plan.js';
import { denseBackwardInput } from '../kernels/dense.js';
import { referenceProducts } from '../kernels/products.js';
import { simpleRnnBackward, simpleRnnForward } from '../kernels/simple-rnn.js';
import { elementwiseActivation } from './activations.js';
import type { Layer } from './layer.js';
import { type CellParts, type PlannedCell, Recurrent } from './recurrent.js';
import type { RecurrentOptions } from './recurrent-options.js';
import type { PlannedState } from './recurrent-state.js';

class SimpleRnn extends Recurrent {
  readonly stateNames = ['h'];
  protected readonly gates = 1;

  constructor(
    units: number,
    private readonly given: RecurrentOptions,
  ) {
    super('simpleRnn', units, given, []);
  }

  again(changes: RecurrentOptions): Recurrent {
    return new SimpleRnn(this.units, { ...this.given, ...changes });
  }

  protected planCell(planner: Planner, parts: CellParts): PlannedCell {
    const { x, kernel, recurrentKernel, bias, recurrentMask, states, dy, units } = parts;
    const [{ region: h, gradient: dh }] = states as [PlannedState];
    const { steps, batch, features } = x;
    const products = planner.backend.bind(referenceProducts);
    const activation = elementwiseActivation(this.activation);
    const recurrentInput = planner.arena.floats(steps * batch * units);
    const z = planner.arena.floats(steps * batch * units);
    const kernels = planner.backend.bind({ simpleRnnForward, simpleRnnBackward, denseBackwardInput });
    return {
      forward: () => {
        bias.prepare();
        kernels.simpleRnnForward(
          products,
          activation,
          x.value.array,
          kernel.value.array,
          recurrentKernel.value.array,
          bias.value.array,
          recurrentMask.array,
          x.mask.array,
          h.array,
          recurrentInput.array,
          z.array,
          steps,
          batch,
          features,
          units,
        );
      },
      backward: () => {
        if (!dy) return;
        kernels.simpleRnnBackward(
          products,
          activation,
          x.value.array,
          recurrentKernel.value.array,
          recurrentMask.array,
          x.mask.array,
          h.array,
          recurrentInput.array,
          z.array,
          dy.array,
          dh.array,
          kernel.gradient.array,
          recurrentKernel.gradient.array,
          bias.gradient.array,
          steps,
          batch,
          features,
          units,
        );
        if (!x.gradient) return;
        const rows = steps * batch;
        kernels.denseBackwardInput(z.array, kernel.value.array, x.gradient.array, rows, features, units);
      },
    };
  }
}

/**
 * A simple recurrent layer (Elman 1990), on `[batch, steps, features]` with steps of any number and unequal lengths:
 *
 *     h' = tanh(x W + h U + b)
 *
 * Weights: `kernel [features, units]`, `recurrentKernel [units, units]`, `bias [units]`. A masked step carries h over
 * unchanged. Defaults are Keras 3's.
 *
 * @param units  the size of h
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example simpleRnn(16, { activation: 'relu' })
 */
export function simpleRnn(units: number, options: RecurrentOptions = {}): Layer {
  return new SimpleRnn(units, options);
}
