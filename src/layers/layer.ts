/**
 * What every layer is: it says the shape of its output, declares its weights once, and plans its part of a pass
 * for a batch of one shape (see backend/plan.ts).
 */
import type { Arena } from '../backend/memory.js';
import type { Edge, PlannedLayer, Planner } from '../backend/plan.js';
import { ConfigError, ShapeError } from '../core/errors.js';
import { checkBoolean, describe } from '../core/options.js';
import type { Constraint, Parameter, Regularizer } from '../core/parameter.js';
import type { Region } from '../core/region.js';
import { formatShape, type Shape, sizeOf } from '../core/tensor.js';
import type { Samples } from '../data/samples.js';
import type { Initializer } from './initializers.js';

/** The shape of one row of a batch: `[features]`, or `[steps, features]` with steps null where they vary. */
export type SampleShape = readonly (number | null)[];

/** What a saved file holds of a layer: its type, its name and its options, as plain JSON. */
export interface LayerConfig {
  readonly type: string;
  readonly name: string;
  readonly [option: string]: unknown;
}

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

/** A use of a layer on what others give. */
export interface LayerCall {
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];
}

/** What will flow in a model that is being described: an input, or an output of a layer's use. */
export interface SymbolicTensor {
  readonly call: LayerCall;
  /** Which of the layer's outputs it is. */
  readonly index: number;
}

/** A layer's output; where it has several they are taken apart: `const [y, h, c] = layer.on(x)`. */
export interface SymbolicOutput extends SymbolicTensor, Iterable<SymbolicTensor> {}

/** A weight that a layer has declared. */
export class LayerParameter implements Parameter {
  readonly initializer: Initializer;
  readonly regularizer: Regularizer | undefined;
  readonly constraint: Constraint | undefined;
  /** Whether it is a statistic of the data, which is not learned and has no gradient. */
  readonly isStatistic: boolean;
  gradient!: Region;
  constructor(
    private readonly layer: Layer,
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

export abstract class Layer {
  /** The kind of layer, as in saved files: `lstm`. */
  abstract readonly type: string;
  /** How many axes an input may have, the batch included: 2 is `[batch, features]`, 3 has steps too. */
  abstract readonly ranks: readonly number[];
  /** The layer's name in its model; empty until it is in one, unless the options gave it. */
  name: string;
  /** Whether training changes the weights; it may be changed at any time. */
  trainable: boolean;
  /** The layer that this one is a part of, where it is. */
  owner: Layer | undefined;
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

  /** How many outputs it has. */
  get outputCount(): number {
    return 1;
  }

  /** Whether a step of the output stands for that step of the first input, masked where that is. */
  get keepsSteps(): boolean {
    return true;
  }

  /** The shape of a row of the output for a row of the inputs: of the only one, for most layers. */
  abstract outputShape(...inputs: SampleShape[]): SampleShape;

  /** The shapes of the outputs beyond the first; the layer has `outputCount` in all. */
  moreOutputShapes(..._inputs: SampleShape[]): readonly SampleShape[] {
    return [];
  }

  /** How many ids there are where the layer takes token ids, whole numbers from 0: then data may be rows of them. */
  get idsBelow(): number | undefined {
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

  /** The options that differ from call to call, all written out, as plain JSON. */
  protected abstract options(): Record<string, unknown>;

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

  /** Lets the next batch of a stateful layer begin anew. */
  resetStates(): void {
    this.setStateAside();
  }

  /** Declares the weights; a layer without any has nothing to do. `more` are the shapes beyond the first. */
  protected declare(_input: SampleShape, _arena: Arena, _more: readonly SampleShape[]): void {}

  /**
   * Uses the layer in a functional model: on one input, or on several where the layer takes several. Every use of
   * a layer has the same weights, and their gradients add up.
   *
   * @param inputs  inputs of the model, or what other layers gave
   * @throws ConfigError for anything else
   *
   * @example
   * const purchases = input({ shape: [null, 4] });
   * const chance = dense(1, { activation: 'sigmoid' }).on(lstm(32).on(purchases));
   */
  on(...inputs: readonly SymbolicTensor[]): SymbolicOutput {
    inputs.forEach((input, i) => void checkSymbolic(this, input, i));
    const call: LayerCall = { layer: this, inputs };
    const { outputCount } = this;
    return {
      call,
      index: 0,
      *[Symbol.iterator]() {
        for (let index = 0; index < outputCount; index++) yield { call, index };
      },
    };
  }

  config(): LayerConfig {
    return { type: this.type, name: this.name, trainable: this.trainable, ...this.options() };
  }

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
  connect(_layers: readonly Layer[]): void {}

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

/**
 * TensorFlow.js has `lstm({ units: 64 })` where this library has `lstm(64)`.
 *
 * @throws ConfigError for an object that holds `option`, with what to write instead
 */
export function checkFirst(layer: string, what: string, option: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || !(option in value)) return;
  const given = describe((value as Record<string, unknown>)[option]);
  const [others, theirs] = Object.keys(value).length > 1 ? [', { ... }', ', ...'] : ['', ''];
  throw new ConfigError(
    `${layer} takes ${what} first: write ${layer}(${given}${others}) ` +
      `instead of ${layer}({ ${option}: ${given}${theirs} })`,
  );
}

/** @throws ConfigError for what is not a layer */
export function checkLayer(layer: Layer, what: string): void {
  if (layer instanceof Layer) return;
  throw new ConfigError(
    `${what} is not a layer but ${describe(layer)}: write lstm(32), dense(1) and the like`,
  );
}

function checkSymbolic(layer: Layer, value: unknown, index: number): void {
  if (typeof value === 'object' && value !== null && 'call' in value) return;
  const isLayer = value instanceof Layer;
  const found = isLayer ? `the layer ${value.type}` : describe(value);
  const mend = isLayer
    ? `use that layer too, ${value.type}(...).on(...)`
    : Array.isArray(value)
      ? 'write on(a, b), without brackets'
      : value === undefined
        ? 'a layer has further outputs only where its options ask for them'
        : "write on(x), x an input(...) or what another layer's on(...) gave";
  throw new ConfigError(
    `${layer.name || layer.type}.on: input ${index} is ${found}, which is nothing that a layer gives: ${mend}`,
  );
}

/** The only input of a layer that takes one. */
export function onlyInput(inputs: readonly Edge[]): Edge {
  return inputs[0] as Edge;
}

/** Whether training changes the layer's weights: it does not where a layer that it is a part of is frozen. */
export function isTrainable({ trainable, owner }: Layer): boolean {
  return trainable && (owner === undefined || isTrainable(owner));
}

/** Whether anything at or below the layer learns, so that a gradient is wanted at its output. */
export function learns(layer: Layer, ...inputs: readonly Edge[]): boolean {
  return (
    inputs.some(({ gradient }) => gradient !== undefined) ||
    layer.parameters.some(({ trainable }) => trainable)
  );
}
