/** The layer that looks vectors up by token ids. The arithmetic is kernels/embedding.ts. */
import type { Arena } from '../backend/memory.js';
import { type Edge, type PlannedLayer, type Planner, planEdge } from '../backend/plan.js';
import { ConfigError, DataError, ShapeError } from '../core/errors.js';
import { checkBoolean, checkInteger, checkOptions, describe } from '../core/options.js';
import type { Constraint, Regularizer } from '../core/parameter.js';
import { type FloatArray, formatShape, isTensor, type Tensor } from '../core/tensor.js';
import { idReading } from '../data/ids.js';
import type { IdReading, Samples } from '../data/samples.js';
import { embeddingBackward, embeddingForward } from '../kernels/embedding.js';
import { embeddingDropout } from '../kernels/embedding-dropout.js';
import { maskingForward } from '../kernels/masking.js';
import { planActivity } from './activity.js';
import type { ConstraintName } from './constraints.js';
import { checkRate, drawDropoutMask } from './dropout.js';
import type { Initializer, InitializerName } from './initializers.js';
import {
  isTrainable,
  Layer,
  type LayerOptions,
  type LayerParameter,
  layerOptionNames,
  onlyInput,
  type SampleShape,
  type WeightRules,
} from './layer.js';
import { checkRealRows, maskSamplesBy } from './masking.js';
import { type RegularizerName, toRegularizer } from './regularizers.js';
import { toWeightRules, weightConfig, weightOptionNames } from './weights.js';

export interface EmbeddingOptions extends LayerOptions {
  /** Whether the id 0 is padding, whose steps are masked; false by default. */
  maskZero?: boolean;
  /** Vectors to begin with, `[vocabulary, units]`: those of another model, say. Drawn by default. */
  weights?: Tensor;
  /** `randomUniform` between -0.05 and 0.05 by default. */
  embeddingsInitializer?: InitializerName | Initializer;
  /** A penalty on the whole table; none by default. */
  embeddingsRegularizer?: RegularizerName | Regularizer;
  /** A penalty on the vectors of a batch, divided by how many rows or steps count; none by default. */
  activityRegularizer?: RegularizerName | Regularizer;
  /** The share of ids dropped while training, wherever they occur in the batch (Merity et al. 2017); 0 by default. */
  dropout?: number;
  /** None by default; the lengths of the vectors are norms along axis 1. */
  embeddingsConstraint?: ConstraintName | Constraint;
}

/** The largest number of ids that single precision tells apart. */
const MOST_IDS = 2 ** 24;

const hints = {
  inputDim: 'it is the first argument, embedding(vocabulary, units)',
  outputDim: 'it is the second argument, embedding(vocabulary, units)',
  inputLength: 'leave it out, rows may be of any length',
  inputShape: 'leave it out, it takes rows of ids of any length',
  sparse: 'leave it out, the gradient is always added to the rows that occur',
};

class Embedding extends Layer {
  readonly type = 'embedding';
  private readonly maskZero: boolean;
  private readonly rules: WeightRules;
  private readonly activityRegularizer: Regularizer | undefined;
  private readonly dropout: number;
  private table!: LayerParameter;

  constructor(
    private readonly vocabulary: number,
    private readonly units: number,
    options: EmbeddingOptions,
  ) {
    if (typeof vocabulary === 'object') {
      throw new ConfigError(
        'embedding takes the size of the vocabulary and of the vectors first: write embedding(10000, 64, { ... })',
      );
    }
    checkInteger('embedding: the size of the vocabulary', vocabulary, { min: 1, max: MOST_IDS });
    checkInteger('embedding: units', units);
    checkOptions(
      'embedding',
      options,
      [
        ...layerOptionNames,
        'maskZero',
        'weights',
        'activityRegularizer',
        'dropout',
        ...weightOptionNames('embeddings'),
      ],
      hints,
    );
    super(options);
    this.maskZero = checkBoolean('embedding: maskZero', options.maskZero ?? false);
    this.activityRegularizer = toRegularizer('embedding: activityRegularizer', options.activityRegularizer);
    this.dropout = checkRate('embedding: dropout', options.dropout ?? 0);
    const rules = toWeightRules('embedding', 'embeddings', options, 'randomUniform', 2);
    this.rules =
      options.weights === undefined ? rules : { ...rules, initializer: this.given(options, rules) };
  }

  /** Rows of one id, once it is built for them; else sequences of ids. */
  get ranks(): readonly number[] {
    return this.inputShape === undefined ? [2, 3] : [this.inputShape.length + 1];
  }

  override get idsBelow(): number {
    return this.vocabulary;
  }

  override get ids(): IdReading {
    return idReading(this.vocabulary);
  }

  outputShape(input: SampleShape): SampleShape {
    return [...input.slice(0, -1), this.units];
  }

  override expectedShape(): string {
    return this.inputShape?.length === 1 ? 'an id in each row, [batch, 1],' : 'token ids [batch, steps]';
  }

  override checkInput(input: SampleShape): void {
    const isBuiltSo = this.inputShape === undefined || this.inputShape.length === input.length;
    if (input.at(-1) !== 1 || !isBuiltSo) {
      throw new ShapeError(
        `${this.name} expects ${this.expectedShape()} but got ${formatShape(['batch', ...input] as never)}`,
      );
    }
    if (this.maskZero && input.length === 1) {
      throw new ConfigError(
        `${this.name} has maskZero, but rows of one id have no steps to mask: leave it out`,
      );
    }
  }

  override maskSamples(samples: Samples): Samples {
    return this.maskZero ? maskSamplesBy(samples, 0, (row) => this.whollyMasked(row)) : samples;
  }

  protected override declare(_input: SampleShape, arena: Arena): void {
    this.table = this.parameter(arena, 'embeddings', [this.vocabulary, this.units], this.rules);
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    const { table, units, maskZero } = this;
    const rows = x.steps * x.batch;
    const mask = maskZero ? planner.arena.bytes(rows) : x.mask;
    const output = { ...planEdge(planner, x, units, isTrainable(this)), mask };
    planActivity(planner, this.activityRegularizer, output);
    const ids = maskZero ? planner.arena.floats(rows) : x.value;
    const kernels = planner.backend.bind({
      embeddingForward,
      embeddingBackward,
      embeddingDropout,
      maskingForward,
    });
    const drops = this.dropout > 0 && planner.training;
    const keep = drops ? planner.arena.floats(this.vocabulary) : undefined;
    const dropWords = (values: FloatArray) => {
      if (keep) kernels.embeddingDropout(ids.array, mask.array, keep.array, values, rows, units);
    };
    return {
      output,
      forward: (training) => {
        if (maskZero) {
          kernels.maskingForward(x.value.array, x.mask.array, ids.array, mask.array, 0, rows, 1);
          if (!planner.carried)
            checkRealRows(mask.array, x, (row) => this.whollyMasked(planner.rowNames[row] as number));
        }
        this.checkIds(x, planner);
        kernels.embeddingForward(ids.array, mask.array, table.value.array, output.value.array, rows, units);
        if (keep) {
          if (training) drawDropoutMask(planner.random, keep.array, this.dropout);
          else keep.array.fill(1);
        }
        dropWords(output.value.array);
      },
      backward: () => {
        if (!output.gradient) return;
        dropWords(output.gradient.array);
        kernels.embeddingBackward(
          ids.array,
          mask.array,
          output.gradient.array,
          table.gradient.array,
          rows,
          units,
        );
      },
    };
  }

  /** What came in another way than as the model's input has not been looked at yet. */
  private checkIds({ value, mask, batch, steps, sequence }: Edge, planner: Planner): void {
    const ids = value.array;
    for (let i = 0; i < steps * batch; i++) {
      const id = ids[i] as number;
      if (mask.array[i] === 0 || (id >= 0 && id < this.vocabulary && Math.floor(id) === id)) continue;
      const step = Math.floor(i / batch);
      const where = planner.carried
        ? `row ${i % batch}`
        : `row ${planner.rowNames[i % batch]}${sequence ? `, step ${step}` : ''}`;
      throw new DataError(
        `${this.name} got the id ${id} in ${where}: ids are whole numbers from 0 to ${this.vocabulary - 1}`,
      );
    }
  }

  private whollyMasked(row: number): DataError {
    return new DataError(
      `row ${row} is wholly masked: every id in it is 0, which ${this.name} masks; leave the row out`,
    );
  }

  /** An initializer of the vectors that the user gave. */
  private given(
    { weights, embeddingsInitializer }: EmbeddingOptions,
    { initializer }: WeightRules,
  ): Initializer {
    const shape = [this.vocabulary, this.units];
    if (embeddingsInitializer !== undefined) {
      throw new ConfigError('embedding: weights and embeddingsInitializer say what to begin with: give one');
    }
    if (!isTensor(weights)) {
      throw new ConfigError(
        `embedding: weights is a Tensor ${formatShape(shape)} but got ${describe(weights)}`,
      );
    }
    if (weights.shape.length !== 2 || weights.shape.some((axis, i) => axis !== shape[i])) {
      throw new ShapeError(
        `embedding: weights must be ${formatShape(shape)} but are ${formatShape(weights.shape)}`,
      );
    }
    const bad = weights.data.findIndex((value) => !Number.isFinite(value));
    if (bad !== -1) throw new DataError(`embedding: weights hold ${weights.data[bad]} at index ${bad}`);
    const data = weights.data.slice();
    return { config: initializer.config, fill: (values) => void values.set(data) };
  }

  protected options(): Record<string, unknown> {
    return {
      vocabulary: this.vocabulary,
      units: this.units,
      maskZero: this.maskZero,
      ...weightConfig('embeddings', this.rules),
      activityRegularizer: this.activityRegularizer?.config() ?? null,
      dropout: this.dropout,
    };
  }
}

/**
 * A table of vectors, one for each token id: `[batch, steps]` of whole numbers become `[batch, steps, units]`. As the
 * first layer it makes the model take rows of ids, of unequal lengths too. Behind `input({ shape: [1] })` every row is
 * one id, `[batch, 1]`, and becomes `[batch, units]`. Its weight is `embeddings [vocabulary, units]`.
 *
 * @param vocabulary  how many ids there are: 0 to vocabulary - 1, at most 2^24
 * @param units  the length of a vector
 * @throws ConfigError for an option that is unknown or out of range
 * @throws DataError in a pass, for an id out of range; it names the row and the step
 *
 * @example sequential([embedding(10000, 64, { maskZero: true }), lstm(32), dense(1)])
 */
export function embedding(vocabulary: number, units: number, options: EmbeddingOptions = {}): Layer {
  return new Embedding(vocabulary, units, options);
}
