/** The LSTM layer with a projection. The arithmetic is kernels/lstm-projection.ts. */
import type { Arena } from '../backend/memory.js';
import type { Planner } from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import { checkInteger } from '../core/options.js';
import type { Constraint, Regularizer } from '../core/parameter.js';
import { lstmProjectionBackward, lstmProjectionForward } from '../kernels/lstm-projection.js';
import type { ConstraintName } from './constraints.js';
import type { Initializer, InitializerName } from './initializers.js';
import type { Layer, LayerParameter, SampleShape, WeightRules } from './layer.js';
import { bindProducts, LstmVariant, type LstmVariantOptions } from './lstm-variant.js';
import type { CellParts, PlannedCell, Recurrent } from './recurrent.js';
import type { RecurrentOptions } from './recurrent-options.js';
import type { PlannedState } from './recurrent-state.js';
import type { RegularizerName } from './regularizers.js';
import { toWeightRules, weightConfig, weightOptionNames } from './weights.js';

export interface ProjectedLstmOptions extends LstmVariantOptions {
  /** `glorotUniform` by default. */
  projectionInitializer?: InitializerName | Initializer;
  /** None by default. */
  projectionRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  projectionConstraint?: ConstraintName | Constraint;
}

class ProjectedLstm extends LstmVariant {
  private readonly projectionRules: WeightRules;
  private projectionKernel!: LayerParameter;

  constructor(
    units: number,
    private readonly projection: number,
    private readonly given: ProjectedLstmOptions,
  ) {
    super({ type: 'projectedLstm', gates: 'ifgo' }, units, given, weightOptionNames('projection'));
    this.projectionRules = toWeightRules('projectedLstm', 'projection', given, 'glorotUniform', 2);
    checkInteger('projectedLstm: projection', projection);
    if (projection < units) return;
    throw new ConfigError(
      `projectedLstm: the projection has ${projection} units of ${units}: it must have fewer, or write lstm(${units})`,
    );
  }

  again(changes: RecurrentOptions): Recurrent {
    return new ProjectedLstm(this.units, this.projection, { ...this.given, ...changes });
  }

  protected override widthOf(state: string): number {
    return state === 'h' ? this.projection : this.units;
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    super.declare(input, arena);
    const shape = [this.units, this.projection];
    this.projectionKernel = this.parameter(arena, 'projectionKernel', shape, this.projectionRules);
  }

  protected planCell(planner: Planner, parts: CellParts): PlannedCell {
    const { x, kernel, recurrentKernel, bias, recurrentMask, states, dy, units } = parts;
    const [{ region: h, gradient: dh }, { region: c, gradient: dc }] = states as [PlannedState, PlannedState];
    const { projection, projectionKernel } = this;
    const { arena } = planner;
    const { steps, batch, features } = x;
    const rows = steps * batch;
    const hidden = arena.floats(rows * units);
    const recurrentInput = arena.floats(rows * projection);
    const gates = arena.floats(4 * rows * units);
    const dOutput = arena.floats(rows * projection);
    const dHidden = arena.floats(batch * units);
    const products = bindProducts(planner);
    const kernels = planner.backend.bind({ lstmProjectionForward, lstmProjectionBackward });
    return {
      gates: { names: [...this.kind.gates], region: gates, gradient: gates },
      forward: () => {
        bias.prepare();
        kernels.lstmProjectionForward(
          products,
          x.value.array,
          kernel.value.array,
          recurrentKernel.value.array,
          bias.value.array,
          projectionKernel.value.array,
          recurrentMask.array,
          x.mask.array,
          h.array,
          c.array,
          hidden.array,
          recurrentInput.array,
          gates.array,
          steps,
          batch,
          features,
          units,
          projection,
        );
      },
      backward: () => {
        if (!dy) return;
        kernels.lstmProjectionBackward(
          products,
          x.value.array,
          recurrentKernel.value.array,
          projectionKernel.value.array,
          recurrentMask.array,
          x.mask.array,
          c.array,
          hidden.array,
          recurrentInput.array,
          gates.array,
          dy.array,
          dh.array,
          dc.array,
          dOutput.array,
          dHidden.array,
          kernel.gradient.array,
          recurrentKernel.gradient.array,
          bias.gradient.array,
          projectionKernel.gradient.array,
          steps,
          batch,
          features,
          units,
          projection,
        );
        if (!x.gradient) return;
        products.denseBackwardInput(
          gates.array,
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
    return {
      ...super.options(),
      projection: this.projection,
      ...weightConfig('projection', this.projectionRules),
    };
  }
}

/**
 * An LSTM of many units whose h is a projection of them to fewer (Sak, Senior and Beaufays 2014; PyTorch's
 * `proj_size`), so that a long memory costs few weights:
 *
 *     z = x W + h U + b;  i, f, o = sigmoid(z);  g = tanh(z);  c' = f*c + i*g;  h' = (o*tanh(c')) P
 *
 * Weights: those of `lstm` with `recurrentKernel [projection, 4 units]`, and `projectionKernel [units, projection]`.
 * Its output is `[batch, steps, projection]` or `[batch, projection]`. Options are those of `lstm` but for activations.
 *
 * @param units  the size of c
 * @param projection  the size of h, smaller than `units`
 * @throws ConfigError for a projection that is not smaller, an option that is unknown or out of range
 *
 * @example projectedLstm(512, 128, { returnSequences: true })
 */
export function projectedLstm(units: number, projection: number, options: ProjectedLstmOptions = {}): Layer {
  return new ProjectedLstm(units, projection, options);
}
