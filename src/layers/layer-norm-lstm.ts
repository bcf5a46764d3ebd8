/** The LSTM layer with layer normalization. The arithmetic is kernels/lstm-layer-norm.ts. */
import type { Arena } from '../backend/memory.js';
import type { Planner } from '../backend/plan.js';
import { checkNumber } from '../core/options.js';
import { lstmLayerNormBackward, lstmLayerNormForward } from '../kernels/lstm-layer-norm.js';
import { ones, zeros } from './initializers.js';
import type { Layer, LayerParameter, SampleShape } from './layer.js';
import { bindProducts, LstmVariant, type LstmVariantOptions } from './lstm-variant.js';
import type { CellParts, PlannedCell, Recurrent } from './recurrent.js';
import type { RecurrentOptions } from './recurrent-options.js';
import type { PlannedState } from './recurrent-state.js';

export interface LayerNormLstmOptions extends LstmVariantOptions {
  /** What is added to variances; 1e-3 by default, as in Keras's layer normalization. */
  epsilon?: number;
}

class LayerNormLstm extends LstmVariant {
  private readonly epsilon: number;
  private kernelGamma!: LayerParameter;
  private recurrentGamma!: LayerParameter;
  private cellGamma!: LayerParameter;
  private cellBeta!: LayerParameter;

  constructor(
    units: number,
    private readonly given: LayerNormLstmOptions,
  ) {
    super({ type: 'layerNormLstm', gates: 'ifgo' }, units, given, ['epsilon']);
    this.epsilon = checkNumber('layerNormLstm: epsilon', given.epsilon ?? 1e-3, { above: 0 });
  }

  again(changes: RecurrentOptions): Recurrent {
    return new LayerNormLstm(this.units, { ...this.given, ...changes });
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    super.declare(input, arena);
    const { units } = this;
    const gamma = { initializer: ones() };
    this.kernelGamma = this.parameter(arena, 'kernelGamma', [4 * units], gamma);
    this.recurrentGamma = this.parameter(arena, 'recurrentGamma', [4 * units], gamma);
    this.cellGamma = this.parameter(arena, 'cellGamma', [units], gamma);
    this.cellBeta = this.parameter(arena, 'cellBeta', [units], { initializer: zeros() });
  }

  protected planCell(planner: Planner, parts: CellParts): PlannedCell {
    const { x, kernel, recurrentKernel, bias, recurrentMask, states, dy, units } = parts;
    const [{ region: h, gradient: dh }, { region: c, gradient: dc }] = states as [PlannedState, PlannedState];
    const { epsilon, kernelGamma, recurrentGamma, cellGamma, cellBeta } = this;
    const { arena } = planner;
    const { steps, batch, features } = x;
    const rows = steps * batch;
    const inputHat = arena.floats(4 * rows * units);
    const recurrentHat = arena.floats(4 * rows * units);
    const cellHat = arena.floats(rows * units);
    const scales = arena.floats(3 * rows);
    const recurrentInput = arena.floats(rows * units);
    const gates = arena.floats(4 * rows * units);
    const dRow = arena.floats(units);
    const dRecurrentInput = arena.floats(batch * units);
    const products = bindProducts(planner);
    const kernels = planner.backend.bind({ lstmLayerNormForward, lstmLayerNormBackward });
    return {
      gates: { names: [...this.kind.gates], region: gates, gradient: gates },
      forward: () => {
        bias.prepare();
        kernels.lstmLayerNormForward(
          products,
          epsilon,
          x.value.array,
          kernel.value.array,
          recurrentKernel.value.array,
          bias.value.array,
          kernelGamma.value.array,
          recurrentGamma.value.array,
          cellGamma.value.array,
          cellBeta.value.array,
          recurrentMask.array,
          x.mask.array,
          h.array,
          c.array,
          inputHat.array,
          recurrentHat.array,
          cellHat.array,
          scales.array,
          recurrentInput.array,
          gates.array,
          steps,
          batch,
          features,
          units,
        );
      },
      backward: () => {
        if (!dy) return;
        kernels.lstmLayerNormBackward(
          products,
          x.value.array,
          recurrentKernel.value.array,
          kernelGamma.value.array,
          recurrentGamma.value.array,
          cellGamma.value.array,
          cellBeta.value.array,
          recurrentMask.array,
          x.mask.array,
          c.array,
          inputHat.array,
          recurrentHat.array,
          cellHat.array,
          scales.array,
          recurrentInput.array,
          gates.array,
          dy.array,
          dh.array,
          dc.array,
          dRow.array,
          dRecurrentInput.array,
          kernel.gradient.array,
          recurrentKernel.gradient.array,
          bias.gradient.array,
          kernelGamma.gradient.array,
          recurrentGamma.gradient.array,
          cellGamma.gradient.array,
          cellBeta.gradient.array,
          steps,
          batch,
          features,
          units,
        );
        if (!x.gradient) return;
        products.denseBackwardInput(
          inputHat.array,
          kernel.value.array,
          x.gradient.array,
          rows,
          features,
          4 * units,
        );
      },
    };
  }

  protected override options(): Record<string, unknown> {
    return { ...super.options(), epsilon: this.epsilon };
  }
}

/**
 * An LSTM with layer normalization (Ba, Kiros and Hinton 2016): what comes from x, what comes from h, and c on its way
 * out are normalized, each row of the batch by itself, all gates together.
 *
 *     z = gammaX*N(x W) + gammaU*N(h U) + b;  i, f, o = sigmoid(z);  g = tanh(z);  c' = f*c + i*g
 *     h' = o*tanh(gammaC*N(c') + betaC);      N(v) = (v - mean(v)) / sqrt(variance(v) + epsilon)
 *
 * Weights: those of `lstm`, `kernelGamma [4 units]`, `recurrentGamma [4 units]`, `cellGamma [units]`, `cellBeta
 * [units]`. Options are those of `lstm` but for activations.
 *
 * @param units  the size of h and c
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example layerNormLstm(64, { returnSequences: true })
 */
export function layerNormLstm(units: number, options: LayerNormLstmOptions = {}): Layer {
  return new LayerNormLstm(units, options);
}
