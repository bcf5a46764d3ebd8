/** Sequences pooled to one row by attention with a learned query. */
import type { Arena } from '../backend/memory.js';
import { type Edge, type PlannedLayer, type Planner, planEdge, planRows } from '../backend/plan.js';
import { checkInteger, checkOptions } from '../core/options.js';
import type { Constraint, Regularizer } from '../core/parameter.js';
import { denseBackward, denseBackwardInput, denseForward } from '../kernels/dense.js';
import { additiveScores, attentionHints, noStream, planAttention } from './attention-plan.js';
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
import type { RegularizerName } from './regularizers.js';
import {
  checkUnits,
  planBias,
  planWeight,
  toWeightRules,
  weightConfig,
  weightOptionNames,
} from './weights.js';

export interface AttentionPoolingOptions extends LayerOptions {
  /** `glorotUniform` by default. */
  kernelInitializer?: InitializerName | Initializer;
  /** `zeros` by default. */
  biasInitializer?: InitializerName | Initializer;
  /** `glorotUniform` by default. */
  queryInitializer?: InitializerName | Initializer;
  /** None by default. */
  kernelRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  biasRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  queryRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  kernelConstraint?: ConstraintName | Constraint;
  /** None by default. */
  biasConstraint?: ConstraintName | Constraint;
  /** None by default. */
  queryConstraint?: ConstraintName | Constraint;
}

/** Additive attention of a query of zeros, whose scale is the learned query, to keys that are x W + b. */
class AttentionPooling extends Layer {
  readonly type = 'attentionPooling1d';
  readonly ranks = [3];
  private readonly kernelRules: WeightRules;
  private readonly biasRules: WeightRules;
  private readonly queryRules: WeightRules;
  private kernel!: LayerParameter;
  private bias!: LayerParameter;
  private query!: LayerParameter;

  constructor(
    private readonly units: number,
    options: AttentionPoolingOptions,
  ) {
    checkUnits('attentionPooling1d', units);
    const names = weightOptionNames('kernel', 'bias', 'query');
    checkOptions('attentionPooling1d', options, [...layerOptionNames, ...names], {
      ...attentionHints,
      dropout: 'put dropout(rate) behind it instead',
    });
    super(options);
    this.kernelRules = toWeightRules(this.type, 'kernel', options, 'glorotUniform', 2);
    this.biasRules = toWeightRules(this.type, 'bias', options, 'zeros', 1);
    this.queryRules = toWeightRules(this.type, 'query', options, 'glorotUniform', 1);
  }

  outputShape(input: SampleShape): SampleShape {
    return input.slice(-1);
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    const features = checkInteger(`${this.name}: the number of features`, input.at(-1));
    this.kernel = this.parameter(arena, 'kernel', [features, this.units], this.kernelRules);
    this.bias = this.parameter(arena, 'bias', [this.units], this.biasRules);
    this.query = this.parameter(arena, 'query', [this.units], this.queryRules);
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const value = onlyInput(inputs);
    const { units, kernel } = this;
    const { batch, features } = value;
    const rows = value.steps * batch;
    const bias = planBias(planner, this.bias, units);
    const hasGradient = learns(this, value);
    const key = planEdge(planner, value, units, hasGradient);
    const query = planRows(planner, batch, units, false);
    const output = planRows(planner, batch, features, hasGradient);
    const scale = planWeight(planner, this.query, units, 1);
    const attention = planAttention(planner, {
      query,
      key,
      value,
      scale,
      scores: additiveScores,
      causal: false,
      dropout: 0,
      output,
    });
    const kernels = planner.backend.bind({ denseForward, denseBackward, denseBackwardInput });
    return {
      output,
      forward: (training) => {
        query.value.array.fill(0);
        const x = value.value.array;
        kernels.denseForward(x, kernel.value.array, bias.value.array, key.value.array, rows, features, units);
        attention.forward(training);
      },
      backward: () => {
        if (!key.gradient) return;
        attention.backward();
        const x = value.value.array;
        const dKey = key.gradient.array;
        kernels.denseBackward(x, dKey, kernel.gradient.array, bias.gradient.array, rows, features, units);
        if (!value.gradient) return;
        kernels.denseBackwardInput(dKey, kernel.value.array, value.gradient.array, rows, features, units);
      },
    };
  }

  override whyNoStream(): string {
    return noStream;
  }

  protected options(): Record<string, unknown> {
    return {
      units: this.units,
      ...weightConfig('kernel', this.kernelRules),
      ...weightConfig('bias', this.biasRules),
      ...weightConfig('query', this.queryRules),
    };
  }
}

/**
 * A sequence pooled to one row by attention with a learned query (Yang et al. 2016): `[batch, steps, features]` becomes
 * `[batch, features]`,
 *
 *     u_t = tanh(x_t W + b);  a = softmax over the real steps of u_t . query;  y = sum of a_t x_t
 *
 * Weights: `kernel [features, units]`, `bias [units]`, `query [units]`.
 *
 * @param units  the length of u and of the query
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example sequential([lstm(32, { returnSequences: true }), attentionPooling1d(16), dense(1)])
 */
export function attentionPooling1d(units: number, options: AttentionPoolingOptions = {}): Layer {
  return new AttentionPooling(units, options);
}
