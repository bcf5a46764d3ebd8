/** The LSTM layer: the options that other recurrent layers have not. The arithmetic is kernels/lstm.ts. */
import type { Planner } from '../backend/plan.js';
import { checkNumber } from '../core/options.js';
import { checkElementwise, type ElementwiseActivationName } from './activations.js';
import { checkForgetBias, type ForgetBias, type ForgetBiasOption, withForgetBias } from './forget-bias.js';
import type { Initializer } from './initializers.js';
import type { Layer } from './layer.js';
import { planLstmCell } from './lstm-cells.js';
import { type CellParts, type PlannedCell, Recurrent } from './recurrent.js';
import type { RecurrentOptions } from './recurrent-options.js';

export interface LstmOptions extends RecurrentOptions, ForgetBiasOption {
  /** What the gates i, f and o go through; `sigmoid` by default. */
  recurrentActivation?: ElementwiseActivationName;
  /** The bound on the absolute value of c, which is clipped to it after every step; none by default. */
  cellClip?: number;
}

class Lstm extends Recurrent {
  readonly stateNames = ['h', 'c'];
  protected readonly gates = 4;
  private readonly recurrentActivation: ElementwiseActivationName;
  private readonly unitForgetBias: ForgetBias;
  private readonly cellClip: number | undefined;

  constructor(
    units: number,
    private readonly given: LstmOptions,
  ) {
    super('lstm', units, given, ['recurrentActivation', 'unitForgetBias', 'cellClip']);
    this.recurrentActivation = checkElementwise(
      'lstm: recurrentActivation',
      given.recurrentActivation ?? 'sigmoid',
    );
    this.unitForgetBias = checkForgetBias('lstm', given);
    const { cellClip } = given;
    this.cellClip =
      cellClip === undefined ? undefined : checkNumber('lstm: cellClip', cellClip, { above: 0 });
  }

  again(changes: RecurrentOptions): Recurrent {
    return new Lstm(this.units, { ...this.given, ...changes });
  }

  protected planCell(planner: Planner, parts: CellParts): PlannedCell {
    return planLstmCell(planner, this.activation, this.recurrentActivation, this.cellClip, parts);
  }

  protected override firstBias(initializer: Initializer): Initializer {
    return withForgetBias(initializer, this.unitForgetBias, 'ifgo', this.units);
  }

  protected override options(): Record<string, unknown> {
    return {
      ...super.options(),
      recurrentActivation: this.recurrentActivation,
      ...(this.useBias ? { unitForgetBias: this.unitForgetBias } : {}),
      ...(this.cellClip === undefined ? {} : { cellClip: this.cellClip }),
    };
  }
}

/**
 * A long short-term memory layer, on `[batch, steps, features]` with steps of any number and unequal lengths:
 *
 *     z = x W + h U + b;  i, f, o = sigmoid(z);  g = tanh(z);  c' = f*c + i*g;  h' = o*tanh(c')
 *
 * Weights, gates in the order i, f, g, o: `kernel [features, 4 units]`, `recurrentKernel [units, 4 units]`,
 * `bias [4 units]`. A masked step carries h and c over unchanged. Hochreiter and Schmidhuber 1997, with the
 * forget gate of Gers, Schmidhuber and Cummins 2000; defaults are Keras 3's.
 *
 * @param units  the size of h and c
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example lstm(64, { returnSequences: true, recurrentDropout: 0.2 })
 */
export function lstm(units: number, options: LstmOptions = {}): Layer {
  return new Lstm(units, options);
}
