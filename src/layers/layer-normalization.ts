/** Layer normalization as a layer. The arithmetic is kernels/layer-norm.ts. */
import { type Edge, type PlannedLayer, type Planner, planEdge } from '../backend/plan.js';
import { checkOptions } from '../core/options.js';
import { layerNormBackward, layerNormBackwardInput, layerNormForward } from '../kernels/layer-norm.js';
import { Normalization, type NormalizationOptions, normalizationOptionNames } from './batch-normalization.js';
import { type Layer, learns, onlyInput } from './layer.js';
import { planWeight } from './weights.js';

class LayerNormalization extends Normalization {
  constructor(options: NormalizationOptions) {
    checkOptions('layerNormalization', options, normalizationOptionNames, {
      axis: 'leave it out, the last axis is normalized, that of the features',
      rmsScaling: 'this version does not have it',
    });
    super('layerNormalization', options);
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    const { features } = x;
    const rows = x.steps * x.batch;
    const gamma = planWeight(planner, this.gamma, features, 1);
    const beta = planWeight(planner, this.beta, features, 0);
    const output = planEdge(planner, x, features, learns(this, x));
    const mean = planner.arena.floats(rows);
    const reciprocal = planner.arena.floats(rows);
    const kernels = planner.backend.bind({ layerNormForward, layerNormBackward, layerNormBackwardInput });
    return {
      output,
      forward: () => {
        gamma.prepare();
        beta.prepare();
        kernels.layerNormForward(
          x.value.array,
          gamma.value.array,
          beta.value.array,
          output.value.array,
          mean.array,
          reciprocal.array,
          rows,
          features,
          this.epsilon,
        );
      },
      backward: () => {
        if (!output.gradient) return;
        kernels.layerNormBackward(
          x.value.array,
          x.mask.array,
          mean.array,
          reciprocal.array,
          output.gradient.array,
          gamma.gradient.array,
          beta.gradient.array,
          rows,
          features,
        );
        if (!x.gradient) return;
        kernels.layerNormBackwardInput(
          x.value.array,
          x.mask.array,
          mean.array,
          reciprocal.array,
          gamma.value.array,
          output.gradient.array,
          x.gradient.array,
          rows,
          features,
        );
      },
    };
  }
}

/**
 * Normalizes every row, or every step of a sequence, over its features, then scales by gamma and moves by beta:
 *
 *     y = gamma (x - mean) / sqrt(variance + epsilon) + beta
 *
 * Weights: `gamma`, `beta`, each `[features]`. It does the same in training and after. Ba, Kiros and Hinton 2016;
 * defaults are Keras 3's.
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example sequential([lstm(64, { returnSequences: true }), layerNormalization(), lstm(64), dense(1)])
 */
export function layerNormalization(options: NormalizationOptions = {}): Layer {
  return new LayerNormalization(options);
}
