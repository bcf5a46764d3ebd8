/** Sequences pooled over their steps. The arithmetic is kernels/pooling.ts. */
import { type Edge, type PlannedLayer, type Planner, planRows } from '../backend/plan.js';
import { checkOptions } from '../core/options.js';
import {
  averagePoolingBackward,
  averagePoolingForward,
  maxPoolingBackward,
  maxPoolingForward,
} from '../kernels/pooling.js';
import { Layer, type LayerOptions, layerOptionNames, onlyInput, type SampleShape } from './layer.js';

abstract class Pooling extends Layer {
  readonly ranks = [3];

  constructor(
    override readonly type: string,
    options: LayerOptions,
  ) {
    checkOptions(type, options, layerOptionNames, {
      keepdims: 'put reshape([1, features]) behind it instead',
      dataFormat: 'leave it out, sequences are [batch, steps, features]',
    });
    super(options);
  }

  outputShape(input: SampleShape): SampleShape {
    return input.slice(-1);
  }

  override whyNoStream(): string {
    return 'looks at all steps of a sequence together';
  }

  protected options(): Record<string, unknown> {
    return {};
  }
}

class GlobalMaxPooling extends Pooling {
  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    const { steps, batch, features, value, gradient, mask } = x;
    const output = planRows(planner, batch, features, gradient !== undefined);
    const kernels = planner.backend.bind({ maxPoolingForward, maxPoolingBackward });
    return {
      output,
      forward: () =>
        kernels.maxPoolingForward(value.array, mask.array, output.value.array, steps, batch, features),
      backward: () => {
        if (!output.gradient || !gradient) return;
        kernels.maxPoolingBackward(
          value.array,
          mask.array,
          output.value.array,
          output.gradient.array,
          gradient.array,
          steps,
          batch,
          features,
        );
      },
    };
  }
}

class GlobalAveragePooling extends Pooling {
  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    const { steps, batch, features, value, gradient, mask } = x;
    const output = planRows(planner, batch, features, gradient !== undefined);
    const kernels = planner.backend.bind({ averagePoolingForward, averagePoolingBackward });
    return {
      output,
      forward: () =>
        kernels.averagePoolingForward(value.array, mask.array, output.value.array, steps, batch, features),
      backward: () => {
        if (!output.gradient || !gradient) return;
        kernels.averagePoolingBackward(
          mask.array,
          output.gradient.array,
          gradient.array,
          steps,
          batch,
          features,
        );
      },
    };
  }
}

/**
 * The largest value of each feature over the real steps: `[batch, steps, features]` becomes `[batch, features]`. The
 * gradient goes to the first step that has it.
 *
 * @example sequential([lstm(32, { returnSequences: true }), globalMaxPooling1d(), dense(1)])
 */
export function globalMaxPooling1d(options: LayerOptions = {}): Layer {
  return new GlobalMaxPooling('globalMaxPooling1d', options);
}

/**
 * The mean of each feature over the real steps: `[batch, steps, features]` becomes `[batch, features]`.
 *
 * @example sequential([lstm(32, { returnSequences: true }), globalAveragePooling1d(), dense(1)])
 */
export function globalAveragePooling1d(options: LayerOptions = {}): Layer {
  return new GlobalAveragePooling('globalAveragePooling1d', options);
}
