/** The fully connected layer. On sequences it works on every step. */
import type { Arena } from '../backend/memory.js';
import { type Edge, type PlannedLayer, type Planner, planEdge } from '../backend/plan.js';
import { ConfigError, ShapeError } from '../core/errors.js';
import { checkBoolean, checkInteger, checkOptions } from '../core/options.js';
import type { Constraint, Regularizer } from '../core/parameter.js';
import { denseBackward, denseBackwardInput, denseForward } from '../kernels/dense.js';
import { type ActivationName, checkActivation, planActivation } from './activations.js';
import { planActivity } from './activity.js';
import type { ConstraintName } from './constraints.js';
import type { Initializer, InitializerName } from './initializers.js';
import {
  Layer,
  type LayerOptions,
  type LayerParameter,
  layerOptionNames,
  learns,
  onlyInput,
  type SampleShape,
  type WeightRules,
} from './layer.js';
import { planProduct } from './product.js';
import { type RegularizerName, toRegularizer } from './regularizers.js';
import { bindTied, checkTiedTo, findTied } from './tied-product.js';
import {
  checkAbsent,
  checkUnits,
  planBias,
  toWeightRules,
  weightConfig,
  weightOptionNames,
} from './weights.js';

export interface DenseOptions extends LayerOptions {
  /** The embedding of the same model, or its name, whose table transposed is the kernel: then there is none of its own. */
  tiedTo?: Layer | string;
  /** What the outputs go through; `linear` by default. */
  activation?: ActivationName;
  /** Whether there is a bias; true by default. */
  useBias?: boolean;
  /** `glorotUniform` by default. */
  kernelInitializer?: InitializerName | Initializer;
  /** `zeros` by default. */
  biasInitializer?: InitializerName | Initializer;
  /** None by default. */
  kernelRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  biasRegularizer?: RegularizerName | Regularizer;
  /** A penalty on the outputs, divided by how many rows or steps count; none by default. */
  activityRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  kernelConstraint?: ConstraintName | Constraint;
  /** None by default. */
  biasConstraint?: ConstraintName | Constraint;
}

const denseOptionNames = [
  ...layerOptionNames,
  'tiedTo',
  'activation',
  'useBias',
  'activityRegularizer',
  ...weightOptionNames('kernel', 'bias'),
];

const hints = {
  inputShape: 'put input({ shape: [steps, features] }) before it, or let the first data decide',
  inputDim: 'put input({ shape: [features] }) before it, or let the first data decide',
};

class Dense extends Layer {
  readonly type = 'dense';
  readonly ranks = [2, 3];
  private readonly activation: ActivationName;
  private readonly useBias: boolean;
  private readonly kernelRules: WeightRules;
  private readonly biasRules: WeightRules;
  private readonly activityRegularizer: Regularizer | undefined;
  private readonly tiedTo: Layer | string | undefined;
  /** The embedding that it is tied to, once it is in a model. */
  private tied: Layer | undefined;
  private kernel!: LayerParameter;
  private bias: LayerParameter | undefined;

  constructor(
    private readonly units: number,
    options: DenseOptions,
  ) {
    checkUnits('dense', units);
    checkOptions('dense', options, denseOptionNames, hints);
    super(options);
    this.activation = checkActivation('dense', options.activation ?? 'linear');
    this.useBias = checkBoolean('dense: useBias', options.useBias ?? true);
    if (!this.useBias) checkAbsent('dense', 'bias', options, 'useBias: false');
    this.tiedTo = options.tiedTo === undefined ? undefined : checkTiedTo(options.tiedTo);
    const ownKernel = weightOptionNames('kernel').find((name) => name in options);
    if (this.tiedTo !== undefined && ownKernel !== undefined) {
      throw new ConfigError(
        `dense: ${ownKernel} needs a kernel of its own, and tiedTo has another's: give one`,
      );
    }
    this.kernelRules = toWeightRules('dense', 'kernel', options, 'glorotUniform', 2);
    this.biasRules = toWeightRules('dense', 'bias', options, 'zeros', 1);
    this.activityRegularizer = toRegularizer('dense: activityRegularizer', options.activityRegularizer);
  }

  override connect(layers: readonly Layer[]): void {
    if (this.tiedTo !== undefined) this.tied = findTied(this.name, this.units, this.tiedTo, layers);
  }

  outputShape(input: SampleShape): SampleShape {
    return [...input.slice(0, -1), this.units];
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    const inputs = checkInteger(`${this.name}: the number of features`, input.at(-1));
    if (this.tied) this.checkWidth(this.tied, inputs);
    else this.kernel = this.parameter(arena, 'kernel', [inputs, this.units], this.kernelRules);
    if (!this.useBias) return;
    this.bias = this.parameter(arena, 'bias', [this.units], this.biasRules);
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    const { units } = this;
    const kernel = this.tied ? (this.tied.parameters[0] as LayerParameter) : this.kernel;
    const bias = planBias(planner, this.bias, units);
    const product = planEdge(planner, x, units, learns(this, x) || kernel.trainable);
    const kernels = this.tied
      ? bindTied(planner.backend)
      : planner.backend.bind({ denseForward, denseBackward, denseBackwardInput });
    const isLearned = kernel.trainable || this.parameters.some(({ trainable }) => trainable);
    const { forward, backward } = planProduct(x, product, kernel, bias, kernels, isLearned);
    if (this.activation === 'linear') {
      planActivity(planner, this.activityRegularizer, product);
      return { output: { ...product, activation: 'linear' }, forward, backward };
    }

    const activation = planActivation(this.activation, product, planner);
    planActivity(planner, this.activityRegularizer, activation.output);
    return {
      output: activation.output,
      forward: (training) => {
        forward(training);
        activation.forward(training);
      },
      backward: () => {
        activation.backward();
        backward();
      },
    };
  }

  /** @throws ShapeError when the features are not as many as the embedding's vectors are long */
  private checkWidth(tied: Layer, inputs: number): void {
    const width = tied.outputShape([1]).at(-1);
    if (width === inputs) return;
    throw new ShapeError(
      `${this.name} is tied to ${tied.name}, whose vectors have ${width} numbers, but gets ${inputs} features`,
    );
  }

  protected options(): Record<string, unknown> {
    const tiedTo = this.tied?.name ?? this.tiedTo;
    return {
      units: this.units,
      ...(tiedTo === undefined ? weightConfig('kernel', this.kernelRules) : { tiedTo }),
      activation: this.activation,
      useBias: this.useBias,
      ...weightConfig('bias', this.biasRules),
      activityRegularizer: this.activityRegularizer?.config() ?? null,
    };
  }
}

/**
 * A fully connected layer: `activation(x W + b)`, on `[batch, features]` or on every step of
 * `[batch, steps, features]`. Weights: `kernel [features, units]`, `bias [units]`. With `tiedTo` it has no kernel of its
 * own and W is an embedding's table, transposed.
 *
 * @param units  how many outputs it has
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example dense(1, { activation: 'sigmoid' })
 */
export function dense(units: number, options: DenseOptions = {}): Layer {
  return new Dense(units, options);
}
