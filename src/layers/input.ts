/** Where the data comes in: it says the shape of a row, so that the model can be built before it sees data. */
import type { Edge, PlannedLayer } from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import { checkInteger, checkOptions, describe } from '../core/options.js';
import {
  Layer,
  type LayerCall,
  type LayerOptions,
  layerOptionNames,
  onlyInput,
  type SampleShape,
  type SymbolicTensor,
} from './layer.js';

export interface InputOptions extends LayerOptions {
  /** `[features]`, or `[steps, features]` with steps null where they vary. */
  shape: SampleShape;
}

export class Input extends Layer implements SymbolicTensor {
  readonly type = 'input';
  readonly ranks: readonly number[];
  readonly shape: SampleShape;
  /** In a functional model it stands for the data itself. */
  readonly call: LayerCall = { layer: this, inputs: [] };
  readonly index = 0;

  constructor(options: InputOptions) {
    checkOptions('input', options, [...layerOptionNames, 'shape'], {
      batchShape: 'write shape, without the batch',
    });
    super(options);
    this.shape = checkSampleShape('input: shape', options.shape);
    this.inputShape = this.shape;
    this.ranks = [this.shape.length + 1];
  }

  override get rowShape(): SampleShape {
    return this.shape;
  }

  outputShape(input: SampleShape): SampleShape {
    return input;
  }

  /** It has no weights: it may be part of several models. */
  override checkFree(): void {}

  override build(): void {}

  plan(inputs: readonly Edge[]): PlannedLayer {
    return { output: onlyInput(inputs), forward: () => {}, backward: () => {} };
  }

  protected options(): Record<string, unknown> {
    return { shape: this.shape };
  }
}

/** @throws ConfigError unless the shape is `[features]` or `[steps or null, features]` */
export function checkSampleShape(where: string, shape: unknown): SampleShape {
  if (!Array.isArray(shape) || shape.length < 1 || shape.length > 2) {
    throw new ConfigError(
      `${where} is [features], or [steps, features] with steps null where they vary, but got ${
        Array.isArray(shape) ? JSON.stringify(shape) : describe(shape)
      }`,
    );
  }
  checkInteger(`${where}: the number of features`, shape.at(-1));
  if (shape.length === 2 && shape[0] !== null) checkInteger(`${where}: the number of steps`, shape[0]);
  return [...shape];
}

/**
 * The shape of the input: the first layer of a sequential model, or an input of a functional one.
 *
 * @param options.shape  `[features]`, or `[steps, features]` with steps null where they vary
 * @throws ConfigError for any other shape
 *
 * @example sequential([input({ shape: [null, 3] }), lstm(32), dense(1)])
 */
export function input(options: InputOptions): Input {
  return new Input(options);
}
