/** The LSTM layer with peepholes. The arithmetic is kernels/lstm-peephole.ts. */
import type { Arena } from '../backend/memory.js';
import type { Constraint, Regularizer } from '../core/parameter.js';
import { peepholeCell } from '../kernels/lstm-peephole.js';
import type { ConstraintName } from './constraints.js';
import type { Initializer, InitializerName } from './initializers.js';
import type { Layer, LayerParameter, SampleShape, WeightRules } from './layer.js';
import { CellLstm, type LstmVariantOptions, type OwnParts } from './lstm-variant.js';
import type { Recurrent } from './recurrent.js';
import type { RecurrentOptions } from './recurrent-options.js';
import type { RegularizerName } from './regularizers.js';
import { toWeightRules, weightConfig, weightOptionNames } from './weights.js';

export interface PeepholeLstmOptions extends LstmVariantOptions {
  /** `zeros` by default: it begins as an LSTM without them. */
  peepholeInitializer?: InitializerName | Initializer;
  /** None by default. */
  peepholeRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  peepholeConstraint?: ConstraintName | Constraint;
}

class PeepholeLstm extends CellLstm {
  protected readonly cell = peepholeCell;
  private readonly peepholeRules: WeightRules;
  private peephole!: LayerParameter;

  constructor(
    units: number,
    private readonly given: PeepholeLstmOptions,
  ) {
    super({ type: 'peepholeLstm', gates: 'ifgo' }, units, given, weightOptionNames('peephole'));
    this.peepholeRules = toWeightRules('peepholeLstm', 'peephole', given, 'zeros', 2);
  }

  again(changes: RecurrentOptions): Recurrent {
    return new PeepholeLstm(this.units, { ...this.given, ...changes });
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    super.declare(input, arena);
    this.peephole = this.parameter(arena, 'peephole', [3, this.units], this.peepholeRules);
  }

  protected override planOwn(): OwnParts {
    const { value, gradient } = this.peephole;
    return { value, gradient, prepare: () => {} };
  }

  protected override options(): Record<string, unknown> {
    return { ...super.options(), ...weightConfig('peephole', this.peepholeRules) };
  }
}

/**
 * An LSTM whose gates see c, each unit's gates its own (Gers and Schmidhuber 2000, in the form of Graves 2013), which
 * helps where the time between events counts:
 *
 *     i, f = sigmoid(z + p*c);  g = tanh(z);  c' = f*c + i*g;  o = sigmoid(z + p*c');  h' = o*tanh(c')
 *
 * Weights: those of `lstm`, and `peephole [3, units]`, its rows for i, f and o. Options are those of `lstm` but for
 * activations.
 *
 * @param units  the size of h and c
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example peepholeLstm(64, { returnSequences: true })
 */
export function peepholeLstm(units: number, options: PeepholeLstmOptions = {}): Layer {
  return new PeepholeLstm(units, options);
}
