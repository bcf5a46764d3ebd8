/** Attention over time as layers. The arithmetic is kernels/attention.ts. */
import type { Arena } from '../backend/memory.js';
import { type Edge, type PlannedLayer, type Planner, planEdge } from '../backend/plan.js';
import { ConfigError, ShapeError } from '../core/errors.js';
import { checkBoolean, checkInteger, checkOptions, describe } from '../core/options.js';
import { formatShape } from '../core/tensor.js';
import { additiveScores, attentionHints, dotScores, noStream, planAttention } from './attention-plan.js';
import { checkRate } from './dropout.js';
import { glorotUniform, ones } from './initializers.js';
import {
  Layer,
  type LayerOptions,
  type LayerParameter,
  layerOptionNames,
  learns,
  type SampleShape,
} from './layer.js';
import { type PreparedWeight, planWeight } from './weights.js';

/** What both kinds of attention of a query have in common. */
abstract class QueryAttention extends Layer {
  readonly ranks = [2, 3];
  protected readonly causal: boolean;
  protected readonly dropout: number;
  protected scale: LayerParameter | undefined;

  constructor(
    override readonly type: string,
    options: LayerOptions & { causal?: boolean; dropout?: number },
  ) {
    super(options);
    this.causal = checkBoolean(`${type}: causal`, options.causal ?? false);
    this.dropout = checkRate(`${type}: dropout`, options.dropout ?? 0);
  }

  /** @throws ShapeError when they are no query, value and key */
  override checkInputs(inputs: readonly SampleShape[]): void {
    const [query, value, key = value] = inputs;
    const { name, type } = this;
    if (query === undefined || value === undefined || key === undefined || inputs.length > 3) {
      throw new ShapeError(
        `${name} takes a query, a value and, if it is another, a key: write ${type}().on(query, value) ` +
          `in a model({ inputs, outputs })`,
      );
    }
    this.checkInput(query);
    const shape = (input: SampleShape) => formatShape(['batch', ...input] as never);
    for (const [what, input] of Object.entries({ value, key })) {
      if (input.length === 2) continue;
      throw new ShapeError(
        `${name} needs a ${what} with steps, [batch, steps, features], but got ${shape(input)}`,
      );
    }
    if (query.at(-1) !== key.at(-1)) {
      throw new ShapeError(
        `${name} compares query and key, which need as many features each, but got ${shape(query)} and ${shape(key)}`,
      );
    }
    if (this.causal && query.length !== 2) {
      throw new ShapeError(`${name} is causal, so that its query needs steps, but got ${shape(query)}`);
    }
  }

  override checkInput(input: SampleShape): void {
    if (!this.ranks.includes(input.length + 1)) super.checkInput(input);
  }

  outputShape(query: SampleShape, value: SampleShape): SampleShape {
    return [...query.slice(0, -1), value.at(-1) as number];
  }

  override whyNoStream(): string {
    return noStream;
  }

  protected planFor(
    inputs: readonly Edge[],
    planner: Planner,
    scale: PreparedWeight,
    scores: typeof dotScores,
  ): PlannedLayer {
    const [query, value, key = value] = inputs as [Edge, Edge, Edge?];
    if (key.steps !== value.steps) {
      throw new ShapeError(
        `${this.name} needs a key for every step of the value but got ${key.steps} and ${value.steps} steps`,
      );
    }
    const output = planEdge(planner, query, value.features, learns(this, ...inputs));
    const { causal, dropout } = this;
    return {
      output,
      ...planAttention(planner, { query, key, value, scale, scores, causal, dropout, output }),
    };
  }
}

export interface AttentionOptions extends LayerOptions {
  /** What the scores are multiplied by: nothing (`'none'`, the default), `1 / sqrt(features of the query)`
   * (`'inverseSqrt'`), or a weight that begins with 1 (`'learned'`). */
  scale?: 'none' | 'inverseSqrt' | 'learned';
  /** Whether a step of the query sees no step of the value behind its own; false by default. */
  causal?: boolean;
  /** The share of the weights of the mean that is dropped while training; 0 by default. */
  dropout?: number;
}

class Attention extends QueryAttention {
  private readonly kind: 'none' | 'inverseSqrt' | 'learned';

  constructor(options: AttentionOptions) {
    checkOptions('attention', options, [...layerOptionNames, 'scale', 'causal', 'dropout'], {
      ...attentionHints,
      useScale: "write scale: 'learned'",
    });
    super('attention', options);
    const { scale = 'none' } = options;
    if (!['none', 'inverseSqrt', 'learned'].includes(scale)) {
      throw new ConfigError(
        `attention: scale is 'none', 'inverseSqrt' or 'learned' but is ${describe(scale)}`,
      );
    }
    this.kind = scale;
  }

  protected override declare(_query: SampleShape, arena: Arena): void {
    if (this.kind === 'learned') this.scale = this.parameter(arena, 'scale', [1], { initializer: ones() });
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const [{ features }] = inputs as [Edge];
    const constant = this.kind === 'inverseSqrt' ? 1 / Math.sqrt(features) : 1;
    return this.planFor(inputs, planner, planWeight(planner, this.scale, 1, constant), dotScores);
  }

  protected options(): Record<string, unknown> {
    return { scale: this.kind, causal: this.causal, dropout: this.dropout };
  }
}

export interface AdditiveAttentionOptions extends LayerOptions {
  /** Whether the terms of a score are multiplied by a weight each; true by default. */
  useScale?: boolean;
  /** Whether a step of the query sees no step of the value behind its own; false by default. */
  causal?: boolean;
  /** The share of the weights of the mean that is dropped while training; 0 by default. */
  dropout?: number;
}

class AdditiveAttention extends QueryAttention {
  private readonly useScale: boolean;

  constructor(options: AdditiveAttentionOptions) {
    checkOptions(
      'additiveAttention',
      options,
      [...layerOptionNames, 'useScale', 'causal', 'dropout'],
      attentionHints,
    );
    super('additiveAttention', options);
    this.useScale = checkBoolean('additiveAttention: useScale', options.useScale ?? true);
  }

  protected override declare(query: SampleShape, arena: Arena): void {
    if (!this.useScale) return;
    const units = checkInteger(`${this.name}: the number of features`, query.at(-1));
    this.scale = this.parameter(arena, 'scale', [units], { initializer: glorotUniform() });
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const [{ features }] = inputs as [Edge];
    const scale = planWeight(planner, this.scale, features, 1);
    return this.planFor(inputs, planner, scale, additiveScores);
  }

  protected options(): Record<string, unknown> {
    return { useScale: this.useScale, causal: this.causal, dropout: this.dropout };
  }
}

/**
 * Dot-product attention, `attention().on(query, value)` or `.on(query, value, key)`: every step of the query takes the
 * mean of the value's steps, weighted by the softmax of `scale * query . key` (Luong et al. 2015; with
 * `scale: 'inverseSqrt'`, Vaswani et al. 2017). Without a key the value is the key. Masked steps of the value are not
 * looked at; a masked step of the query gives zeros. Query `[batch, steps, features]` or `[batch, features]`, value
 * `[batch, other steps, width]`; the output has the steps of the query and the width of the value.
 *
 * @throws ConfigError for an option that is unknown; ShapeError for inputs that do not fit together
 *
 * @example attention({ scale: 'inverseSqrt' }).on(decoder, encoder)
 */
export function attention(options: AttentionOptions = {}): Layer {
  return new Attention(options);
}

/**
 * Additive attention, `additiveAttention().on(query, value)` or `.on(query, value, key)`: as `attention`, but the score
 * is `sum of scale * tanh(query + key)`, over the features of query and key (Bahdanau, Cho and Bengio 2015, whose
 * projections are dense layers in front). Its weight is `scale [features]`.
 *
 * @throws ConfigError for an option that is unknown; ShapeError for inputs that do not fit together
 *
 * @example additiveAttention().on(dense(16).on(decoder), encoder, dense(16).on(encoder))
 */
export function additiveAttention(options: AdditiveAttentionOptions = {}): Layer {
  return new AdditiveAttention(options);
}
