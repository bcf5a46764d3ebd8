/** Dropout as a layer, and the drawing of the masks that the recurrent layers use too. */
import { type Edge, type PlannedLayer, type Planner, planEdge } from '../backend/plan.js';
import { checkNumber, checkOptions } from '../core/options.js';
import type { Random } from '../core/random.js';
import type { FloatArray } from '../core/tensor.js';
import { dropoutBackward, dropoutForward } from '../kernels/dropout.js';
import {
  checkFirst,
  Layer,
  type LayerOptions,
  layerOptionNames,
  onlyInput,
  type SampleShape,
} from './layer.js';

/** @throws ConfigError unless 0 <= rate < 1 */
export function checkRate(where: string, rate: unknown): number {
  return checkNumber(where, rate, { min: 0, below: 1 });
}

/** Draws an inverted-dropout mask: 0 with probability `rate`, else 1 / (1 - rate). */
export function drawDropoutMask(random: Random, mask: FloatArray, rate: number): void {
  const kept = 1 / (1 - rate);
  const threshold = rate * 0x1_0000_0000;
  for (let k = 0; k < mask.length; k++) mask[k] = random.next() < threshold ? 0 : kept;
}

class Dropout extends Layer {
  readonly type = 'dropout';
  readonly ranks = [2, 3];

  constructor(
    private readonly rate: number,
    options: LayerOptions,
  ) {
    checkFirst('dropout', 'the rate', 'rate', rate);
    checkRate('dropout: rate', rate);
    checkOptions('dropout', options, layerOptionNames, {
      noiseShape: 'this version does not have it',
      seed: 'give it to the model, sequential(layers, { seed })',
    });
    super(options);
  }

  outputShape(input: SampleShape): SampleShape {
    return input;
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    if (this.rate === 0 || !planner.training) return { output: x, forward: () => {}, backward: () => {} };
    const output = planEdge(planner, x, x.features, x.gradient !== undefined);
    const size = x.steps * x.batch * x.features;
    const mask = planner.arena.floats(size);
    const kernels = planner.backend.bind({ dropoutForward, dropoutBackward });
    return {
      output,
      forward: (training) => {
        if (training) drawDropoutMask(planner.random, mask.array, this.rate);
        else mask.array.fill(1);
        kernels.dropoutForward(x.value.array, mask.array, output.value.array, 1, size);
      },
      backward: () => {
        if (!output.gradient || !x.gradient) return;
        kernels.dropoutBackward(output.gradient.array, mask.array, x.gradient.array, 1, size);
      },
    };
  }

  protected options(): Record<string, unknown> {
    return { rate: this.rate };
  }
}

/**
 * Sets each number to 0 with probability `rate` and divides the others by `1 - rate`; only while training
 * (Srivastava et al. 2014).
 *
 * @param rate  the share that is dropped, at least 0 and below 1
 * @throws ConfigError for a rate out of range
 */
export function dropout(rate: number, options: LayerOptions = {}): Layer {
  return new Dropout(rate, options);
}
