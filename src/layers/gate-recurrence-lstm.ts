/** The LSTM layer with full gate recurrence. The arithmetic is kernels/lstm-gate-recurrence.ts. */
import type { Arena } from '../backend/memory.js';
import type { Planner } from '../backend/plan.js';
import type { Constraint, Regularizer } from '../core/parameter.js';
import { lstmGateRecurrenceBackward, lstmGateRecurrenceForward } from '../kernels/lstm-gate-recurrence.js';
import type { ConstraintName } from './constraints.js';
import type { Initializer, InitializerName } from './initializers.js';
import type { Layer, LayerParameter, SampleShape, WeightRules } from './layer.js';
import { bindProducts, LstmVariant, type LstmVariantOptions } from './lstm-variant.js';
import type { CellParts, PlannedCell, Recurrent } from './recurrent.js';
import type { RecurrentOptions } from './recurrent-options.js';
import type { PlannedState } from './recurrent-state.js';
import type { RegularizerName } from './regularizers.js';
import { toWeightRules, weightConfig, weightOptionNames } from './weights.js';

export interface GateRecurrenceLstmOptions extends LstmVariantOptions {
  /** `zeros` by default: it begins as a plain LSTM. */
  gateInitializer?: InitializerName | Initializer;
  /** None by default. */
  gateRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  gateConstraint?: ConstraintName | Constraint;
}

class GateRecurrenceLstm extends LstmVariant {
  override readonly stateNames = ['h', 'c', 'q'];
  private readonly gateRules: WeightRules;
  private gateKernel!: LayerParameter;

  constructor(
    units: number,
    private readonly given: GateRecurrenceLstmOptions,
  ) {
    super({ type: 'gateRecurrenceLstm', gates: 'ifgo' }, units, given, weightOptionNames('gate'));
    this.gateRules = toWeightRules('gateRecurrenceLstm', 'gate', given, 'zeros', 2);
  }

  again(changes: RecurrentOptions): Recurrent {
    return new GateRecurrenceLstm(this.units, { ...this.given, ...changes });
  }

  protected override widthOf(state: string): number {
    return state === 'q' ? 3 * this.units : this.units;
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    super.declare(input, arena);
    const shape = [3 * this.units, 3 * this.units];
    this.gateKernel = this.parameter(arena, 'gateKernel', shape, this.gateRules);
  }

  protected planCell(planner: Planner, parts: CellParts): PlannedCell {
    const { x, kernel, recurrentKernel, bias, recurrentMask, states, dy, units } = parts;
    const [h, c, q] = states as [PlannedState, PlannedState, PlannedState];
    const { gateKernel } = this;
    const { arena } = planner;
    const { steps, batch, features } = x;
    const rows = steps * batch;
    const recurrentInput = arena.floats(rows * units);
    const fromGates = arena.floats(3 * rows * units);
    const gates = arena.floats(4 * rows * units);
    const dRecurrentInput = arena.floats(batch * units);
    const products = bindProducts(planner);
    const kernels = planner.backend.bind({ lstmGateRecurrenceForward, lstmGateRecurrenceBackward });
    return {
      gates: { names: [...this.kind.gates], region: gates, gradient: gates },
      forward: () => {
        bias.prepare();
        kernels.lstmGateRecurrenceForward(
          products,
          x.value.array,
          kernel.value.array,
          recurrentKernel.value.array,
          bias.value.array,
          gateKernel.value.array,
          recurrentMask.array,
          x.mask.array,
          h.region.array,
          c.region.array,
          q.region.array,
          recurrentInput.array,
          fromGates.array,
          gates.array,
          steps,
          batch,
          features,
          units,
        );
      },
      backward: () => {
        if (!dy) return;
        kernels.lstmGateRecurrenceBackward(
          products,
          x.value.array,
          recurrentKernel.value.array,
          gateKernel.value.array,
          recurrentMask.array,
          x.mask.array,
          c.region.array,
          q.region.array,
          recurrentInput.array,
          fromGates.array,
          gates.array,
          dy.array,
          h.gradient.array,
          c.gradient.array,
          q.gradient.array,
          dRecurrentInput.array,
          kernel.gradient.array,
          recurrentKernel.gradient.array,
          bias.gradient.array,
          gateKernel.gradient.array,
          steps,
          batch,
          features,
          units,
        );
        if (!x.gradient) return;
        const width = 4 * units;
        products.denseBackwardInput(gates.array, kernel.value.array, x.gradient.array, rows, features, width);
      },
    };
  }

  protected override options(): Record<string, unknown> {
    return { ...super.options(), ...weightConfig('gate', this.gateRules) };
  }
}

/**
 * An LSTM whose gates see all gates of the step before (FGR, full gate recurrence, of Greff et al. 2017), as the first
 * LSTM of 1997 did:
 *
 *     z = x W + h U + b, and q Q added to its parts i, f, o;  i, f, o = sigmoid(z);  g = tanh(z)
 *     c' = f*c + i*g;  h' = o*tanh(c');  q' = [i, f, o]
 *
 * q is a part of its state: with `returnState` it gives h, c and q. Weights: those of `lstm`, and `gateKernel
 * [3 units, 3 units]`. Options are those of `lstm` but for activations.
 *
 * @param units  the size of h and c
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example gateRecurrenceLstm(8)
 */
export function gateRecurrenceLstm(units: number, options: GateRecurrenceLstmOptions = {}): Layer {
  return new GateRecurrenceLstm(units, options);
}
