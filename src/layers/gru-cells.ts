/** Which kernel computes a GRU: the reset gate after the product with the recurrent kernel, or before it. */
import type { Planner } from '../backend/plan.js';
import { denseBackwardInput } from '../kernels/dense.js';
import { gruBackward, gruForward } from '../kernels/gru.js';
import { gruResetBeforeBackward, gruResetBeforeForward } from '../kernels/gru-reset-before.js';
import { referenceProducts } from '../kernels/products.js';
import { type ElementwiseActivationName, elementwiseActivation } from './activations.js';
import type { CellParts, PlannedCell } from './recurrent.js';
import type { PlannedState } from './recurrent-state.js';

const gateNames = ['z', 'r', 'n'];

export function planGruCell(
  planner: Planner,
  activation: ElementwiseActivationName,
  recurrentActivation: ElementwiseActivationName,
  resetAfter: boolean,
  parts: CellParts,
): PlannedCell {
  const { x, kernel, recurrentKernel, bias, recurrentMask, states, dy, units } = parts;
  const [{ region: h, gradient: dh }] = states as [PlannedState];
  const { arena } = planner;
  const { steps, batch, features } = x;
  const state = batch * units;
  const products = planner.backend.bind(referenceProducts);
  const squash = elementwiseActivation(activation);
  const gate = elementwiseActivation(recurrentActivation);
  const recurrentInput = arena.floats(steps * state);
  const inner = arena.floats(3 * steps * state);
  const z = arena.floats(3 * steps * state);
  const gates = arena.floats(3 * steps * state);
  const dRecurrentInput = arena.floats(state);
  const { denseBackwardInput: backwardInput } = planner.backend.bind({ denseBackwardInput });

  const addInputGradient = () => {
    if (!x.gradient) return;
    backwardInput(z.array, kernel.value.array, x.gradient.array, steps * batch, features, 3 * units);
  };

  if (resetAfter) {
    const kernels = planner.backend.bind({ gruForward, gruBackward });
    return {
      gates: { names: gateNames, region: gates, gradient: z },
      forward: () => {
        bias.prepare();
        kernels.gruForward(
          products,
          squash,
          gate,
          x.value.array,
          kernel.value.array,
          recurrentKernel.value.array,
          bias.value.array,
          recurrentMask.array,
          x.mask.array,
          h.array,
          recurrentInput.array,
          inner.array,
          z.array,
          gates.array,
          steps,
          batch,
          features,
          units,
        );
      },
      backward: () => {
        if (!dy) return;
        kernels.gruBackward(
          products,
          squash,
          gate,
          x.value.array,
          recurrentKernel.value.array,
          recurrentMask.array,
          x.mask.array,
          h.array,
          recurrentInput.array,
          inner.array,
          z.array,
          gates.array,
          dy.array,
          dh.array,
          dRecurrentInput.array,
          kernel.gradient.array,
          recurrentKernel.gradient.array,
          bias.gradient.array,
          steps,
          batch,
          features,
          units,
        );
        addInputGradient();
      },
    };
  }

  const kernels = planner.backend.bind({ gruResetBeforeForward, gruResetBeforeBackward });
  const resetInput = arena.floats(steps * state);
  const candidateInner = arena.floats(3 * steps * state);
  const dResetInput = arena.floats(state);
  return {
    gates: { names: gateNames, region: gates, gradient: z },
    forward: () => {
      bias.prepare();
      kernels.gruResetBeforeForward(
        products,
        squash,
        gate,
        x.value.array,
        kernel.value.array,
        recurrentKernel.value.array,
        bias.value.array,
        recurrentMask.array,
        x.mask.array,
        h.array,
        recurrentInput.array,
        resetInput.array,
        inner.array,
        candidateInner.array,
        z.array,
        gates.array,
        steps,
        batch,
        features,
        units,
      );
    },
    backward: () => {
      if (!dy) return;
      kernels.gruResetBeforeBackward(
        products,
        squash,
        gate,
        x.value.array,
        recurrentKernel.value.array,
        recurrentMask.array,
        x.mask.array,
        h.array,
        recurrentInput.array,
        resetInput.array,
        inner.array,
        candidateInner.array,
        z.array,
        gates.array,
        dy.array,
        dh.array,
        dResetInput.array,
        dRecurrentInput.array,
        kernel.gradient.array,
        recurrentKernel.gradient.array,
        bias.gradient.array,
        steps,
        batch,
        features,
        units,
      );
      addInputGradient();
    },
  };
}
