/** The fully connected layer of 'longhand/lean': with its defaults, and an activation that is a value. */
import type { Arena } from '../backend/memory.js';
import { type Edge, type PlannedLayer, type Planner, planEdge } from '../backend/plan.js';
import { checkInteger, checkLeanOptions, checkValue } from '../core/options.js';
import { denseBackward, denseBackwardInput, denseForward } from '../kernels/dense.js';
import {
  CoreLayer,
  type LayerOptions,
  type LayerParameter,
  layerOptionNames,
  learns,
  onlyInput,
  type SampleShape,
} from './core-layer.js';
import { zeros } from './initializers.js';
import { defaultKernel } from './plain-initializers.js';
import type { PlannableActivation } from './planned-activation.js';
import { planProduct } from './product.js';
import { ready } from './weights.js';

export interface PlainDenseOptions extends LayerOptions {
  /** What the outputs go through, such as `sigmoid` or `softmax`; nothing by default. */
  activation?: PlannableActivation;
}

class PlainDense extends CoreLayer {
  readonly type = 'dense';
  readonly ranks = [2, 3];
  private readonly activation: PlannableActivation | undefined;
  private kernel!: LayerParameter;
  private bias!: LayerParameter;

  constructor(
    private readonly units: number,
    options: PlainDenseOptions,
  ) {
    checkInteger('dense: units', units);
    checkLeanOptions('dense', options, [...layerOptionNames, 'activation']);
    super(options);
    const { activation } = options;
    if (activation !== undefined) checkValue('dense: activation', activation, 'plan', 'sigmoid');
    this.activation = activation;
  }

  outputShape(input: SampleShape): SampleShape {
    return [...input.slice(0, -1), this.units];
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    const inputs = input.at(-1) as number;
    this.kernel = this.parameter(arena, 'kernel', [inputs, this.units], { initializer: defaultKernel });
    this.bias = this.parameter(arena, 'bias', [this.units], { initializer: zeros() });
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    const output = planEdge(planner, x, this.units, learns(this, x));
    const kernels = planner.backend.bind({ denseForward, denseBackward, denseBackwardInput });
    const { kernel, bias } = this;
    const product = planProduct(x, output, kernel, ready(bias), kernels, kernel.trainable);
    const activation = this.activation?.plan(output, planner);
    if (!activation) return { ...product, output: { ...output, activation: 'linear' } };
    return {
      output: activation.output,
      forward: (training) => {
        product.forward(training);
        activation.forward(training);
      },
      backward: () => {
        activation.backward();
        product.backward();
      },
    };
  }
}

/**
 * A fully connected layer: `activation(x W + b)`, on `[batch, features]` or on every step of
 * `[batch, steps, features]`. Weights: `kernel [features, units]`, `bias [units]`. More options has `dense` of
 * 'longhand', which goes into the same model.
 *
 * @param units  how many outputs it has
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example dense(1, { activation: sigmoid })
 */
export function dense(units: number, options: PlainDenseOptions = {}): CoreLayer {
  return new PlainDense(units, options);
}
