/** Noise while training: gaussian noise on every number, and dropout of whole features of a sequence. */
import { type Edge, type PlannedLayer, type Planner, planEdge } from '../backend/plan.js';
import { checkNumber, checkOptions } from '../core/options.js';
import { mergeBackward, mergeForward } from '../kernels/merging.js';
import { checkRate } from './dropout.js';
import {
  checkFirst,
  Layer,
  type LayerOptions,
  layerOptionNames,
  onlyInput,
  type SampleShape,
} from './layer.js';
import { planInputDropout } from './recurrent-dropout.js';

const hints = { seed: 'give it to the model, sequential(layers, { seed })' };

class GaussianNoise extends Layer {
  readonly type = 'gaussianNoise';
  readonly ranks = [2, 3];

  constructor(
    private readonly stddev: number,
    options: LayerOptions,
  ) {
    checkFirst('gaussianNoise', 'the deviation', 'stddev', stddev);
    checkNumber('gaussianNoise: stddev', stddev, { min: 0 });
    checkOptions('gaussianNoise', options, layerOptionNames, hints);
    super(options);
  }

  outputShape(input: SampleShape): SampleShape {
    return input;
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    if (this.stddev === 0 || !planner.training) return { output: x, forward: () => {}, backward: () => {} };
    const { features, value, gradient, mask } = x;
    const rows = x.steps * x.batch;
    const output = planEdge(planner, x, features, gradient !== undefined);
    const kernels = planner.backend.bind({ mergeForward, mergeBackward });
    return {
      output,
      forward: (training) => {
        const y = output.value.array;
        if (training) for (let k = 0; k < y.length; k++) y[k] = this.stddev * planner.random.normal();
        else y.fill(0);
        kernels.mergeForward(value.array, mask.array, y, rows, rows, features, 0, features);
      },
      backward: () => {
        if (!output.gradient || !gradient) return;
        const dy = output.gradient.array;
        kernels.mergeBackward(dy, mask.array, gradient.array, rows, rows, features, 0, features);
      },
    };
  }

  protected options(): Record<string, unknown> {
    return { stddev: this.stddev };
  }
}

class SpatialDropout extends Layer {
  readonly type = 'spatialDropout1d';
  readonly ranks = [3];

  constructor(
    private readonly rate: number,
    options: LayerOptions,
  ) {
    checkFirst('spatialDropout1d', 'the rate', 'rate', rate);
    checkRate('spatialDropout1d: rate', rate);
    checkOptions('spatialDropout1d', options, layerOptionNames, hints);
    super(options);
  }

  outputShape(input: SampleShape): SampleShape {
    return input;
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const { edge, forward, backward } = planInputDropout(planner, onlyInput(inputs), this.rate);
    return { output: edge, forward, backward };
  }

  protected options(): Record<string, unknown> {
    return { rate: this.rate };
  }
}

/**
 * Adds a normally distributed number to every number, drawn anew for each batch; only while training.
 *
 * @param stddev  its deviation, at least 0
 * @throws ConfigError for a deviation out of range
 *
 * @example sequential([gaussianNoise(0.1), lstm(32), dense(1)])
 */
export function gaussianNoise(stddev: number, options: LayerOptions = {}): Layer {
  return new GaussianNoise(stddev, options);
}

/**
 * Sets each feature of a sequence to 0, at all of its steps, with probability `rate`, and divides the others by
 * `1 - rate`; only while training (Tompson et al. 2015).
 *
 * @param rate  the share that is dropped, at least 0 and below 1
 * @throws ConfigError for a rate out of range
 *
 * @example sequential([embedding(1000, 32), spatialDropout1d(0.2), lstm(32), dense(1)])
 */
export function spatialDropout1d(rate: number, options: LayerOptions = {}): Layer {
  return new SpatialDropout(rate, options);
}
