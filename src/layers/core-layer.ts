/**
 * What a network needs of a layer: it says the shape of its output, declares its weights once, and plans its part of a
 * pass for a batch of one shape (see backend/plan.ts). What users can do with one besides is in layer.ts.
 */
import type { Arena } from '../backend/memory.js';
import type { Edge, PlannedLayer, Planner } from '../backend/plan.js';
import { ConfigError, ShapeError } from '../core/errors.js';
import { checkBoolean, describe } from '../core/options.js';
import type { Constraint, Parameter, Regularizer } from '../core/parameter.js';
import type { Region } from '../core/region.js';
import { formatShape, type Shape, sizeOf } from '../core/tensor.js';
import type { IdReading, Samples } from '../data/samples.js';
import type { Initializer } from './initializers.js';

/** The shape of one row of a batch: `[features]`, or `[steps, features]` with steps null where they vary. */
export type SampleShape = readonly (number | null)[];

export interface LayerOptions {
  /** The layer's name in the model, which its weights carry; by default its type and a number: `lstm_1`. */
  name?: string;
  /** Whether training changes the layer's weights; true by default. */
  trainable?: boolean;
}

export const layerOptionNames = ['name', 'trainable'] as const;

/** What a weight begins with, what it costs, and what bounds it. */
export interface WeightRules {
  readonly initializer: Initializer;
  readonly regularizer?: Regularizer | undefined;
  readonly constraint?: Constraint | undefined;
  /** Whether the layer itself keeps it, so that it is not learned; false by default. */
  readonly isStatistic?: boolean;
}

/** A weight that a layer has declared. */
export class LayerParameter implements Parameter {
  readonly initializer: Initializer;
  readonly regularizer: Regularizer | undefined;
  readonly constraint: Constraint | undefined;
  /** Whether it is a statistic of the data, which is not learned and has no gradient. */
  readonly isStatistic: boolean;
  gradient!: Region;
  constructor(
    private readonly layer: CoreLayer,
    /** The weight's own name: `kernel`. */
    readonly localName: string,
    readonly shape: Shape,
    readonly value: Region,
    { initializer, regularizer, constraint, isStatistic = false }: WeightRules,
  ) {
    this.initializer = initializer;
    this.regularizer = regularizer;
    this.constraint = constraint;
    this.isStatistic = isStatistic;
  }

  get name(): string {
    return `${this.layer.name}/${this.localName}`;
  }

  get trainable(): boolean {
    return !this.isStatistic && isTrainable(this.layer);
  }
}

export abstract class CoreLayer {
  /** The kind of layer, as in saved files: `lstm`. */
  abstract readonly type: string;
  /** How many axes an input may have, the batch included: 2 is `[batch, features]`, 3 has steps too. */
  abstract readonly ranks: readonly number[];
  /** The layer's name in its model; empty until it is in one, unless the options gave it. */
  name: string;
  /** Whether training changes the weights; it may be changed at any time. */
  trainable: boolean;
  /** The layer that this one is a part of, where it is. */
  owner: CoreLayer | undefined;
  /** The weights, once the layer is built. */
  readonly parameters: LayerParameter[] = [];
  /** The shape that the layer was built for; undefined before. */
  inputShape: SampleShape | undefined;

  constructor(options: LayerOptions) {
    const { name = '', trainable = true } = options;
    if (typeof name !== 'string' || name.includes('/')) {
      throw new ConfigError(`a layer's name is text without a slash but got ${describe(name)}`);
    }
    this.name = name;
    this.trainable = checkBoolean('trainable', trainable);
  }

  /** The shape of a row, where the layer is an input and says it. */
  get rowShape(): SampleShape | undefined {
    return undefined;
  }

  /** How many outputs it has. */
  get outputCount(): number {
    return 1;
  }

  /** Whether a step of the output stands for that step of the first input, masked where that is. */
  get keepsSteps(): boolean {
    return true;
  }

  /** Whether it is masked where that step of any sequence that goes in is, not of the first one alone. */
  get mergesMasks(): boolean {
    return false;
  }

  /** The shape of a row of the output for a row of the inputs: of the only one, for most layers. */
  abstract outputShape(...inputs: SampleShape[]): SampleShape;

  /** The shapes of the outputs beyond the first; the layer has `outputCount` in all. */
  moreOutputShapes(..._inputs: SampleShape[]): readonly SampleShape[] {
    return [];
  }

  /** How token ids are read, where the layer takes them: then data may be rows of them. */
  get ids(): IdReading | undefined {
    return undefined;
  }

  /** Plans the pass of a batch through the layer. */
  abstract plan(inputs: readonly Edge[], planner: Planner): PlannedLayer;

  /**
   * What a layer right behind the input knows of the padding in a whole data set, so that targets there need not
   * be valid and a row without a real step is found before training.
   */
  maskSamples(samples: Samples): Samples {
    return samples;
  }

  /** Why a stream cannot run the layer one step at a time; nothing where it can. */
  whyNoStream(): string | undefined {
    return undefined;
  }

  /** Whether a batch goes on from the state of the one before. */
  get isStateful(): boolean {
    return false;
  }

  /** Lets the next batch begin anew; what is returned takes up the state again. */
  setStateAside(): () => void {
    return () => {};
  }

  /** Declares the weights; a layer without any has nothing to do. `more` are the shapes beyond the first. */
  protected declare(_input: SampleShape, _arena: Arena, _more: readonly SampleShape[]): void {}

  /** @throws ConfigError when the layer has weights already, of another model */
  checkFree(): void {
    if (this.inputShape === undefined) return;
    throw new ConfigError(
      `${this.name} is part of another model already: make a new layer and hand the weights over with setWeights`,
    );
  }

  /**
   * Finds the other layers of the model that it refers to; most refer to none.
   *
   * @throws ConfigError when one is not there, or is not what it should be
   */
  connect(_layers: readonly CoreLayer[]): void {}

  /** Fixes the first input's shape and declares the weights. */
  build([input, ...more]: readonly SampleShape[], arena: Arena): void {
    this.inputShape = input as SampleShape;
    this.declare(this.inputShape, arena, more);
  }

  /**
   * A layer that takes several inputs has a check of its own.
   *
   * @throws ShapeError when the layer cannot take inputs of these shapes, or as many
   */
  checkInputs(inputs: readonly SampleShape[]): void {
    const [input] = inputs;
    if (input === undefined || inputs.length > 1) {
      throw new ShapeError(`${this.name} takes one input but is used on ${inputs.length}`);
    }
    this.checkInput(input);
  }

  /** @throws ShapeError when the layer cannot take, or was not built for, rows of this shape */
  checkInput(input: SampleShape): void {
    if (!this.ranks.includes(input.length + 1)) {
      throw new ShapeError(
        `${this.name} expects ${this.expectedShape()} but got ${formatShape(['batch', ...input] as never)}${this.rankHint(input)}`,
      );
    }
    const built = this.inputShape;
    if (built === undefined) return;
    if (built.at(-1) !== input.at(-1)) {
      throw new ShapeError(
        `${this.name} expects ${this.expectedShape()} but got ${formatShape(['batch', ...input] as never)}: ` +
          `it was built with ${built.at(-1)} feature${built.at(-1) === 1 ? '' : 's'}`,
      );
    }
  }

  /** What the layer takes, in words for a message: `[batch, steps, 3]`. */
  expectedShape(): string {
    const features = this.inputShape?.at(-1) ?? 'features';
    const shapes = this.ranks.map((rank) =>
      rank === 2 ? `[batch, ${features}]` : `[batch, steps, ${features}]`,
    );
    return shapes.join(' or ');
  }

  protected parameter(arena: Arena, localName: string, shape: Shape, rules: WeightRules): LayerParameter {
    const value = arena.floats(sizeOf(shape));
    const parameter = new LayerParameter(this, localName, shape, value, rules);
    this.parameters.push(parameter);
    return parameter;
  }

  private rankHint(input: SampleShape): string {
    if (input.length === 1 && !this.ranks.includes(2)) {
      return ': the layer before it gives no steps; an lstm before it needs { returnSequences: true }';
    }
    return '';
  }
}

/** The only input of a layer that takes one. */
export function onlyInput(inputs: readonly Edge[]): Edge {
  return inputs[0] as Edge;
}

/** Whether training changes the layer's weights: it does not where a layer that it is a part of is frozen. */
export function isTrainable({ trainable, owner }: CoreLayer): boolean {
  return trainable && (owner === undefined || isTrainable(owner));
}

/** Whether anything at or below the layer learns, so that a gradient is wanted at its output. */
export function learns(layer: CoreLayer, ...inputs: readonly Edge[]): boolean {
  return (
    inputs.some(({ gradient }) => gradient !== undefined) ||
    layer.parameters.some(({ trainable }) => trainable)
  );
}
