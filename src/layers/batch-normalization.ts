/** Batch normalization as a layer. The arithmetic is kernels/batch-norm.ts. */
import type { Arena } from '../backend/memory.js';
import {
  type BatchStatistic,
  type Edge,
  type PlannedLayer,
  type Planner,
  planEdge,
} from '../backend/plan.js';
import { checkBoolean, checkInteger, checkNumber, checkOptions } from '../core/options.js';
import type { Constraint, Regularizer } from '../core/parameter.js';
import type { Region } from '../core/region.js';
import {
  batchMoments,
  batchNormBackward,
  batchNormBackwardInput,
  batchNormForward,
  frozenBatchNormBackwardInput,
} from '../kernels/batch-norm.js';
import { blend } from '../kernels/optimizers.js';
import type { ConstraintName } from './constraints.js';
import type { Initializer, InitializerName } from './initializers.js';
import {
  isTrainable,
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
import { checkAbsent, planWeight, toWeightRules, weightConfig, weightOptionNames } from './weights.js';

/** The options that batch and layer normalization share. */
export interface NormalizationOptions extends LayerOptions {
  /** What is added to the variance; 1e-3 by default. */
  epsilon?: number;
  /** Whether beta is added; true by default. */
  center?: boolean;
  /** Whether it is multiplied by gamma; true by default. */
  scale?: boolean;
  /** `zeros` by default. */
  betaInitializer?: InitializerName | Initializer;
  /** `ones` by default. */
  gammaInitializer?: InitializerName | Initializer;
  /** None by default. */
  betaRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  gammaRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  betaConstraint?: ConstraintName | Constraint;
  /** None by default. */
  gammaConstraint?: ConstraintName | Constraint;
}

export interface BatchNormalizationOptions extends NormalizationOptions {
  /** How much of the moving statistics is kept at each update; 0.99 by default. */
  momentum?: number;
  /** `zeros` by default. */
  movingMeanInitializer?: InitializerName | Initializer;
  /** `ones` by default. */
  movingVarianceInitializer?: InitializerName | Initializer;
}

export const normalizationOptionNames = [
  ...layerOptionNames,
  'epsilon',
  'center',
  'scale',
  ...weightOptionNames('beta', 'gamma'),
];

/** What normalizing layers share: epsilon, and gamma and beta where they are wanted. */
export abstract class Normalization extends Layer {
  readonly ranks = [2, 3];
  protected readonly epsilon: number;
  private readonly gammaRules: WeightRules | undefined;
  private readonly betaRules: WeightRules | undefined;
  protected gamma: LayerParameter | undefined;
  protected beta: LayerParameter | undefined;

  constructor(
    override readonly type: string,
    options: NormalizationOptions,
  ) {
    super(options);
    this.epsilon = checkNumber(`${type}: epsilon`, options.epsilon ?? 1e-3, { above: 0 });
    const scale = checkBoolean(`${type}: scale`, options.scale ?? true);
    const center = checkBoolean(`${type}: center`, options.center ?? true);
    if (!scale) checkAbsent(type, 'gamma', options, 'scale: false');
    if (!center) checkAbsent(type, 'beta', options, 'center: false');
    this.gammaRules = scale ? toWeightRules(type, 'gamma', options, 'ones', 1) : undefined;
    this.betaRules = center ? toWeightRules(type, 'beta', options, 'zeros', 1) : undefined;
  }

  outputShape(input: SampleShape): SampleShape {
    return input;
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    const shape = [checkInteger(`${this.name}: the number of features`, input.at(-1))];
    if (this.gammaRules) this.gamma = this.parameter(arena, 'gamma', shape, this.gammaRules);
    if (this.betaRules) this.beta = this.parameter(arena, 'beta', shape, this.betaRules);
  }

  protected options(): Record<string, unknown> {
    const { epsilon, gammaRules, betaRules } = this;
    return {
      epsilon,
      center: betaRules !== undefined,
      scale: gammaRules !== undefined,
      ...(betaRules && weightConfig('beta', betaRules)),
      ...(gammaRules && weightConfig('gamma', gammaRules)),
    };
  }
}

class BatchNormalization extends Normalization {
  private readonly momentum: number;
  private readonly meanRules: WeightRules;
  private readonly varianceRules: WeightRules;
  private movingMean!: LayerParameter;
  private movingVariance!: LayerParameter;

  constructor(options: BatchNormalizationOptions) {
    const own = ['momentum', 'movingMeanInitializer', 'movingVarianceInitializer'];
    checkOptions('batchNormalization', options, [...normalizationOptionNames, ...own], {
      axis: 'leave it out, the last axis is normalized, that of the features',
      synchronized: 'leave it out, a model computes in one place',
    });
    super('batchNormalization', options);
    this.momentum = checkNumber('batchNormalization: momentum', options.momentum ?? 0.99, { min: 0, max: 1 });
    const statistic = (weight: string, first: InitializerName): WeightRules => ({
      ...toWeightRules('batchNormalization', weight, options, first, 1),
      isStatistic: true,
    });
    this.meanRules = statistic('movingMean', 'zeros');
    this.varianceRules = statistic('movingVariance', 'ones');
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    super.declare(input, arena);
    const shape = [input.at(-1) as number];
    this.movingMean = this.parameter(arena, 'movingMean', shape, this.meanRules);
    this.movingVariance = this.parameter(arena, 'movingVariance', shape, this.varianceRules);
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    const { features } = x;
    const gamma = planWeight(planner, this.gamma, features, 1);
    const beta = planWeight(planner, this.beta, features, 0);
    const normalized: NormalizedEdge = {
      x,
      gamma,
      beta,
      epsilon: this.epsilon,
      hasGradient: learns(this, x),
    };
    const { movingMean, movingVariance, momentum } = this;
    if (!planner.training || planner.drawn || !isTrainable(this)) {
      return planFrozen(planner, normalized, movingMean.value, movingVariance.value);
    }
    const mean = planner.arena.floats(features);
    const variance = planner.arena.floats(features);
    planner.statistics.push(
      movingStatistic(movingMean, mean, momentum),
      movingStatistic(movingVariance, variance, momentum),
    );
    return planBatch(planner, normalized, mean, variance);
  }

  protected override options(): Record<string, unknown> {
    return {
      momentum: this.momentum,
      ...super.options(),
      movingMeanInitializer: this.meanRules.initializer.config,
      movingVarianceInitializer: this.varianceRules.initializer.config,
    };
  }
}

/** moving = momentum moving + (1 - momentum) batch */
function movingStatistic(moving: LayerParameter, batch: Region, momentum: number): BatchStatistic {
  return {
    mistake: () => {
      for (const value of batch.array)
        if (!Number.isFinite(value)) return `the batch makes ${moving.name} ${value}`;
      return undefined;
    },
    update: () => blend(moving.value.array, batch.array, batch.length, momentum),
  };
}

interface NormalizedEdge {
  readonly x: Edge;
  readonly gamma: ReturnType<typeof planWeight>;
  readonly beta: ReturnType<typeof planWeight>;
  readonly epsilon: number;
  readonly hasGradient: boolean;
}

/** Normalizes by the mean and variance of the batch at hand. */
function planBatch(
  planner: Planner,
  { x, gamma, beta, epsilon, hasGradient }: NormalizedEdge,
  mean: Region,
  variance: Region,
): PlannedLayer {
  const { features, mask } = x;
  const rows = x.steps * x.batch;
  const output = planEdge(planner, x, features, hasGradient);
  const sums = planner.arena.floats(features);
  const sumsOfHats = planner.arena.floats(features);
  const kernels = planner.backend.bind({
    batchMoments,
    batchNormForward,
    batchNormBackward,
    batchNormBackwardInput,
  });
  return {
    output,
    forward: () => {
      gamma.prepare();
      beta.prepare();
      kernels.batchMoments(x.value.array, mask.array, mean.array, variance.array, rows, features);
      kernels.batchNormForward(
        x.value.array,
        mean.array,
        variance.array,
        gamma.value.array,
        beta.value.array,
        output.value.array,
        rows,
        features,
        epsilon,
      );
    },
    backward: () => {
      if (!output.gradient) return;
      kernels.batchNormBackward(
        x.value.array,
        mask.array,
        mean.array,
        variance.array,
        output.gradient.array,
        sums.array,
        sumsOfHats.array,
        gamma.gradient.array,
        beta.gradient.array,
        rows,
        features,
        epsilon,
      );
      if (!x.gradient) return;
      kernels.batchNormBackwardInput(
        x.value.array,
        mask.array,
        mean.array,
        variance.array,
        gamma.value.array,
        output.gradient.array,
        sums.array,
        sumsOfHats.array,
        x.gradient.array,
        rows,
        features,
        epsilon,
      );
    },
  };
}

/** Normalizes by the moving mean and variance. */
function planFrozen(
  planner: Planner,
  { x, gamma, beta, epsilon, hasGradient }: NormalizedEdge,
  mean: Region,
  variance: Region,
): PlannedLayer {
  const { features, mask } = x;
  const rows = x.steps * x.batch;
  const output = planEdge(planner, x, features, hasGradient);
  const kernels = planner.backend.bind({ batchNormForward, frozenBatchNormBackwardInput });
  return {
    output,
    forward: () => {
      gamma.prepare();
      beta.prepare();
      kernels.batchNormForward(
        x.value.array,
        mean.array,
        variance.array,
        gamma.value.array,
        beta.value.array,
        output.value.array,
        rows,
        features,
        epsilon,
      );
    },
    backward: () => {
      if (!output.gradient || !x.gradient) return;
      kernels.frozenBatchNormBackwardInput(
        mask.array,
        variance.array,
        gamma.value.array,
        output.gradient.array,
        x.gradient.array,
        rows,
        features,
        epsilon,
      );
    },
  };
}

/**
 * Normalizes each feature to mean 0 and variance 1 over the batch, then scales it by gamma and moves it by beta:
 *
 *     y = gamma (x - mean) / sqrt(variance + epsilon) + beta
 *
 * While training, mean and (biased) variance are those of the batch, of all real steps of its sequences; otherwise, and
 * while the layer is frozen, they are moving statistics, `m = momentum m + (1 - momentum) batch`, which training
 * updates. Weights: `gamma`, `beta`, and not learned `movingMean`, `movingVariance`, each `[features]`. Ioffe and
 * Szegedy 2015; defaults are Keras 3's.
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example sequential([dense(64), batchNormalization(), activation('relu'), dense(1)])
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): Layer {
  return new BatchNormalization(options);
}
