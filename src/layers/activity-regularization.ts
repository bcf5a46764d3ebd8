/** A layer that changes nothing and adds to the loss what its input costs: how large it is, how much it moves. */
import type { Edge, PlannedLayer, Planner } from '../backend/plan.js';
import { ConfigError, ShapeError } from '../core/errors.js';
import { checkOptions } from '../core/options.js';
import type { Regularizer } from '../core/parameter.js';
import { planActivity, planMovement } from './activity.js';
import { Layer, type LayerOptions, layerOptionNames, onlyInput, type SampleShape } from './layer.js';
import { type RegularizerName, toRegularizer } from './regularizers.js';

export interface ActivityRegularizationOptions extends LayerOptions {
  /** The penalty on the numbers themselves; none by default. */
  activityRegularizer?: RegularizerName | Regularizer;
  /** The penalty on the differences between a step and the one before; none by default. */
  temporalRegularizer?: RegularizerName | Regularizer;
}

class ActivityRegularization extends Layer {
  readonly type = 'activityRegularization';
  readonly ranks = [2, 3];
  private readonly activity: Regularizer | undefined;
  private readonly temporal: Regularizer | undefined;

  constructor(options: ActivityRegularizationOptions) {
    const write = (option: string) => `write activityRegularizer: ${option}(strength)`;
    checkOptions(
      'activityRegularization',
      options,
      [...layerOptionNames, 'activityRegularizer', 'temporalRegularizer'],
      { l1: write('l1'), l2: write('l2') },
    );
    super(options);
    const { activityRegularizer, temporalRegularizer } = options;
    this.activity = toRegularizer('activityRegularization: activityRegularizer', activityRegularizer);
    this.temporal = toRegularizer('activityRegularization: temporalRegularizer', temporalRegularizer);
    if (this.activity || this.temporal) return;
    throw new ConfigError(
      'activityRegularization costs nothing: give it an activityRegularizer, a temporalRegularizer or both',
    );
  }

  override checkInput(input: SampleShape): void {
    super.checkInput(input);
    if (input.length === 2 || !this.temporal) return;
    throw new ShapeError(
      `${this.name} has a temporalRegularizer, which needs steps: put it where there are some, behind a layer with ` +
        'returnSequences: true',
    );
  }

  outputShape(input: SampleShape): SampleShape {
    return input;
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    planActivity(planner, this.activity, x);
    planMovement(planner, this.temporal, x);
    return { output: x, forward: () => {}, backward: () => {} };
  }

  protected options(): Record<string, unknown> {
    return {
      activityRegularizer: this.activity?.config() ?? null,
      temporalRegularizer: this.temporal?.config() ?? null,
    };
  }
}

/**
 * Adds to the loss what the output of the layer before costs, and hands it on as it is: a penalty on its numbers, one on
 * how they move from step to step, or both (AR and TAR of Merity, McCann and Socher 2017). They are summed over the real
 * steps of a batch and divided by how many rows or steps count in the loss.
 *
 * @param options  at least one of the two penalties
 * @throws ConfigError for none; ShapeError for a temporal one where there are no steps
 *
 * @example activityRegularization({ activityRegularizer: l2(0.01), temporalRegularizer: l2(0.01) })
 */
export function activityRegularization(options: ActivityRegularizationOptions): Layer {
  return new ActivityRegularization(options);
}
