/** The GRU layer. The arithmetic is kernels/gru.ts and kernels/gru-reset-before.ts. */
import type { Planner } from '../backend/plan.js';
import { checkBoolean } from '../core/options.js';
import type { Shape } from '../core/tensor.js';
import { checkElementwise, type ElementwiseActivationName } from './activations.js';
import { planGruCell } from './gru-cells.js';
import type { Layer } from './layer.js';
import { type CellParts, type PlannedCell, Recurrent } from './recurrent.js';
import type { RecurrentOptions } from './recurrent-options.js';

export interface GruOptions extends RecurrentOptions {
  /** What the gates z and r go through; `sigmoid` by default. */
  recurrentActivation?: ElementwiseActivationName;
  /** Whether the reset gate is applied after the product with the recurrent kernel, as in cuDNN and PyTorch (the
   * default), or to h before it, as published; after it there is a second bias. */
  resetAfter?: boolean;
}

class Gru extends Recurrent {
  readonly stateNames = ['h'];
  protected readonly gates = 3;
  private readonly recurrentActivation: ElementwiseActivationName;
  private readonly resetAfter: boolean;

  constructor(
    units: number,
    private readonly given: GruOptions,
  ) {
    super('gru', units, given, ['recurrentActivation', 'resetAfter']);
    const { recurrentActivation = 'sigmoid', resetAfter = true } = given;
    this.recurrentActivation = checkElementwise('gru: recurrentActivation', recurrentActivation);
    this.resetAfter = checkBoolean('gru: resetAfter', resetAfter);
  }

  again(changes: RecurrentOptions): Recurrent {
    return new Gru(this.units, { ...this.given, ...changes });
  }

  protected override biasShape(): Shape {
    return this.resetAfter ? [2, 3 * this.units] : [3 * this.units];
  }

  protected planCell(planner: Planner, parts: CellParts): PlannedCell {
    return planGruCell(planner, this.activation, this.recurrentActivation, this.resetAfter, parts);
  }

  protected override options(): Record<string, unknown> {
    const { recurrentActivation, resetAfter } = this;
    return { ...super.options(), recurrentActivation, resetAfter };
  }
}

/**
 * A gated recurrent unit layer (Cho et al. 2014), on `[batch, steps, features]` with steps of any number and unequal
 * lengths:
 *
 *     z, r = sigmoid(x W + b + h U + d);  n = tanh(x W + b + r*(h U + d));  h' = z*h + (1-z)*n
 *
 * Weights, gates in the order z, r, n: `kernel [features, 3 units]`, `recurrentKernel [units, 3 units]`,
 * `bias [2, 3 units]` (b, then d), or `[3 units]` with `resetAfter: false`. A masked step carries h over unchanged.
 * Defaults are Keras 3's.
 *
 * @param units  the size of h
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example gru(64, { returnSequences: true })
 */
export function gru(units: number, options: GruOptions = {}): Layer {
  return new Gru(units, options);
}
