/** Layers that lay the numbers of a row out anew: flatten, reshape, repeatVector. The arithmetic is kernels/reshape.ts. */
import { type Edge, type PlannedLayer, type Planner, planRows, planSteps } from '../backend/plan.js';
import { ConfigError, ShapeError } from '../core/errors.js';
import { checkInteger, checkOptions, describe } from '../core/options.js';
import { formatShape, sizeOf } from '../core/tensor.js';
import { mergeBackward, mergeForward } from '../kernels/merging.js';
import { reshapeBackward, reshapeForward } from '../kernels/reshape.js';
import {
  checkFirst,
  Layer,
  type LayerOptions,
  layerOptionNames,
  onlyInput,
  type SampleShape,
} from './layer.js';

/** How many numbers a row has; an error where its steps vary. */
function rowSize(layer: Layer, input: SampleShape): number {
  const [steps] = input;
  if (steps !== null) return sizeOf(input as number[]);
  throw new ShapeError(
    `${layer.name} needs sequences of one length: put input({ shape: [steps, ${input.at(-1)}] }) first in the ` +
      'model, or pool over the steps with globalAveragePooling1d()',
  );
}

/** The numbers of x, step after step, as rows of `shape`; those of masked steps are zeros. */
function planReshaped(planner: Planner, x: Edge, shape: readonly number[]): PlannedLayer {
  const { steps, batch, features, value, gradient, mask } = x;
  const width = shape.at(-1) as number;
  const output =
    shape.length === 1
      ? planRows(planner, batch, width, gradient !== undefined)
      : planSteps(planner, batch, shape[0] as number, width, gradient !== undefined);
  const kernels = planner.backend.bind({ reshapeForward, reshapeBackward });
  return {
    output,
    forward: () => {
      if (output.sequence) output.mask.array.fill(1);
      kernels.reshapeForward(value.array, mask.array, output.value.array, steps, batch, features, width);
    },
    backward: () => {
      if (!output.gradient || !gradient) return;
      kernels.reshapeBackward(
        output.gradient.array,
        mask.array,
        gradient.array,
        steps,
        batch,
        features,
        width,
      );
    },
  };
}

class Flatten extends Layer {
  readonly type = 'flatten';
  readonly ranks = [2, 3];

  constructor(options: LayerOptions) {
    checkOptions('flatten', options, layerOptionNames, {
      dataFormat: 'leave it out, sequences are [batch, steps, features]',
    });
    super(options);
  }

  outputShape(input: SampleShape): SampleShape {
    return [rowSize(this, input)];
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    return planReshaped(planner, x, [x.steps * x.features]);
  }

  override whyNoStream(): string {
    return 'looks at all steps of a sequence together';
  }

  protected options(): Record<string, unknown> {
    return {};
  }
}

class Reshape extends Layer {
  readonly type = 'reshape';
  readonly ranks = [2, 3];

  constructor(
    private readonly shape: readonly number[],
    options: LayerOptions,
  ) {
    checkFirst('reshape', 'the shape', 'targetShape', shape);
    const isShape =
      Array.isArray(shape) &&
      (shape.length === 1 || shape.length === 2) &&
      shape.every((axis) => axis === -1 || (Number.isSafeInteger(axis) && axis > 0)) &&
      shape.filter((axis) => axis === -1).length < 2;
    if (!isShape) {
      const found = Array.isArray(shape) ? formatShape(shape) : describe(shape);
      throw new ConfigError(
        `reshape takes [features] or [steps, features], one of them -1 at most, to be inferred, but got ${found}`,
      );
    }
    checkOptions('reshape', options, layerOptionNames);
    super(options);
  }

  override get keepsSteps(): boolean {
    return false;
  }

  outputShape(input: SampleShape): SampleShape {
    return this.shapeFor(rowSize(this, input));
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    return planReshaped(planner, x, this.shapeFor(x.steps * x.features));
  }

  override whyNoStream(): string {
    return 'looks at all steps of a sequence together';
  }

  private shapeFor(size: number): number[] {
    const known = sizeOf(this.shape.filter((axis) => axis !== -1));
    const shape = this.shape.map((axis) => (axis === -1 ? size / known : axis));
    if (sizeOf(shape) === size && shape.every(Number.isInteger)) return shape;
    throw new ShapeError(
      `${this.name} makes rows of shape ${formatShape(this.shape)} but gets rows of ${size} numbers`,
    );
  }

  protected options(): Record<string, unknown> {
    return { shape: [...this.shape] };
  }
}

class RepeatVector extends Layer {
  readonly type = 'repeatVector';
  readonly ranks = [2];

  constructor(
    private readonly times: number,
    options: LayerOptions,
  ) {
    checkFirst('repeatVector', 'the number of steps', 'n', times);
    checkInteger('repeatVector: the number of steps', times);
    checkOptions('repeatVector', options, layerOptionNames);
    super(options);
  }

  override get keepsSteps(): boolean {
    return false;
  }

  outputShape(input: SampleShape): SampleShape {
    return [this.times, input[0] as number];
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    const { batch, features, value, gradient } = x;
    const rows = this.times * batch;
    const output = planSteps(planner, batch, this.times, features, gradient !== undefined);
    const kernels = planner.backend.bind({ mergeForward, mergeBackward });
    return {
      output,
      forward: () => {
        const mask = output.mask.array.fill(1);
        const y = output.value.array.fill(0);
        kernels.mergeForward(value.array, mask, y, rows, batch, features, 0, features);
      },
      backward: () => {
        if (!output.gradient || !gradient) return;
        const mask = output.mask.array;
        kernels.mergeBackward(
          output.gradient.array,
          mask,
          gradient.array,
          rows,
          batch,
          features,
          0,
          features,
        );
      },
    };
  }

  override whyNoStream(): string {
    return 'gives a sequence where a stream has one step';
  }

  protected options(): Record<string, unknown> {
    return { times: this.times };
  }
}

/**
 * All numbers of a row side by side, step after step: `[batch, steps, features]` becomes `[batch, steps * features]`.
 * The number of steps must be fixed, by an `input` in front; masked steps give zeros.
 *
 * @throws ShapeError when the model is built for sequences of any length
 *
 * @example sequential([input({ shape: [10, 3] }), flatten(), dense(1)])
 */
export function flatten(options: LayerOptions = {}): Layer {
  return new Flatten(options);
}

/**
 * The numbers of a row in another shape, in the same order. The number of steps must be fixed, as for `flatten`; masked
 * steps give zeros, and all steps of the output are real.
 *
 * @param shape  `[features]` or `[steps, features]`; a single -1 is inferred
 * @throws ConfigError for what is no such shape; ShapeError when it does not fit the rows
 *
 * @example sequential([dense(12), reshape([4, 3]), lstm(8)])
 */
export function reshape(shape: readonly number[], options: LayerOptions = {}): Layer {
  return new Reshape(shape, options);
}

/**
 * A row as every step of a sequence: `[batch, features]` becomes `[batch, times, features]`.
 *
 * @param times  the number of steps
 * @throws ConfigError when it is not a whole number above 0
 *
 * @example sequential([lstm(32), repeatVector(5), lstm(32, { returnSequences: true }), dense(1)])
 */
export function repeatVector(times: number, options: LayerOptions = {}): Layer {
  return new RepeatVector(times, options);
}
