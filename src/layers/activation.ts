/** An activation as a layer of its own. */
import type { Edge, PlannedLayer, Planner } from '../backend/plan.js';
import { checkOptions } from '../core/options.js';
import { type ActivationName, checkActivation, planActivation } from './activations.js';
import {
  checkFirst,
  Layer,
  type LayerOptions,
  layerOptionNames,
  onlyInput,
  type SampleShape,
} from './layer.js';

class ActivationLayer extends Layer {
  readonly type = 'activation';
  readonly ranks = [2, 3];

  constructor(
    private readonly activation: ActivationName,
    options: LayerOptions,
  ) {
    checkFirst('activation', 'the name', 'activation', activation);
    checkOptions('activation', options, layerOptionNames);
    super(options);
    checkActivation('activation', activation);
  }

  outputShape(input: SampleShape): SampleShape {
    return input;
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    if (this.activation === 'linear') return { output: x, forward: () => {}, backward: () => {} };
    return planActivation(this.activation, x, planner);
  }

  protected options(): Record<string, unknown> {
    return { activation: this.activation };
  }
}

/**
 * Applies an activation to every number, or `softmax` to the features of every row and step.
 *
 * @example activation('relu')
 * @throws ConfigError for a name that is not known
 */
export function activation(name: ActivationName, options: LayerOptions = {}): Layer {
  return new ActivationLayer(name, options);
}
