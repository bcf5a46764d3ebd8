/** Layers that make one output of several inputs: concatenate, add, multiply. The arithmetic is kernels/merging.ts. */
import { type Edge, type PlannedLayer, type Planner, planRows, planSteps } from '../backend/plan.js';
import { ConfigError, ShapeError } from '../core/errors.js';
import { checkOptions, describe } from '../core/options.js';
import type { MaskRegion, Region } from '../core/region.js';
import { formatShape } from '../core/tensor.js';
import { mergeBackward, mergeForward, multiplyBackward, multiplyForward } from '../kernels/merging.js';
import { Layer, type LayerOptions, layerOptionNames, learns, type SampleShape } from './layer.js';

const kernelSet = { mergeForward, mergeBackward, multiplyForward, multiplyBackward };

/** What all layers of several inputs have in common. */
abstract class Merge extends Layer {
  readonly ranks = [2, 3];

  constructor(
    override readonly type: string,
    options: LayerOptions,
    ownNames: readonly string[] = [],
  ) {
    checkOptions(type, options, [...layerOptionNames, ...ownNames]);
    super(options);
  }

  /** @throws ShapeError when the inputs do not fit together */
  override checkInputs(inputs: readonly SampleShape[]): void {
    const [first, ...others] = inputs as [SampleShape, ...SampleShape[]];
    if (inputs.length < 2) {
      throw new ShapeError(
        `${this.name} takes two inputs or more: write ${this.type}().on(a, b) in a model({ inputs, outputs })`,
      );
    }
    for (const input of inputs) this.checkInput(input);
    for (const other of others) {
      if (other.length > first.length) {
        throw new ShapeError(
          `${this.name} has a sequence behind an input without steps: name the sequence first, on(sequence, row)`,
        );
      }
      this.checkPair(first, other);
    }
  }

  override checkInput(input: SampleShape): void {
    if (!this.ranks.includes(input.length + 1)) super.checkInput(input);
  }

  override get mergesMasks(): boolean {
    return true;
  }

  /** @throws ShapeError when an input does not go with the first */
  protected abstract checkPair(first: SampleShape, other: SampleShape): void;

  protected mismatch(first: SampleShape, other: SampleShape, what: string): ShapeError {
    const shape = (input: SampleShape) => formatShape(['batch', ...input] as never);
    return new ShapeError(`${this.name} needs inputs of ${what} but got ${shape(first)} and ${shape(other)}`);
  }

  protected options(): Record<string, unknown> {
    return {};
  }
}

/** @throws ShapeError for sequences of different lengths; where the lengths vary, only a batch can tell */
function checkSteps(layer: Layer, inputs: readonly Edge[]): void {
  const [first] = inputs as [Edge];
  const other = inputs.find(({ sequence, steps }) => sequence && steps !== first.steps);
  if (other === undefined) return;
  throw new ShapeError(
    `${layer.name} needs sequences of the same number of steps but got ${first.steps} and ${other.steps}`,
  );
}

/** The mask of a step: real where it is so in every sequence. `combine` comes before every forward pass. */
function planMask(planner: Planner, inputs: readonly Edge[]): { mask: MaskRegion; combine: () => void } {
  const masks = [...new Set(inputs.filter(({ sequence }) => sequence).map(({ mask }) => mask))];
  const [only = planner.rowMask] = masks;
  if (masks.length < 2) return { mask: only, combine: () => {} };
  const mask = planner.arena.bytes(only.length);
  return {
    mask,
    combine: () => {
      for (let i = 0; i < mask.length; i++) {
        let isReal = 1;
        for (const { array } of masks) if (array[i] === 0) isReal = 0;
        mask.array[i] = isReal;
      }
    },
  };
}

/** Plans an output of the first input's steps, `width` numbers each. */
function planMerged(planner: Planner, layer: Layer, inputs: readonly Edge[], width: number) {
  checkSteps(layer, inputs);
  const [first] = inputs as [Edge];
  const { mask, combine } = planMask(planner, inputs);
  const hasGradient = learns(layer, ...inputs);
  const placed = first.sequence
    ? planSteps(planner, first.batch, first.steps, width, hasGradient)
    : planRows(planner, first.batch, width, hasGradient);
  return { output: { ...placed, mask }, combine, rows: first.steps * first.batch };
}

/** The sum of inputs, each in the columns from its start on. */
function planSum(
  planner: Planner,
  layer: Layer,
  inputs: readonly Edge[],
  starts: readonly number[],
  width: number,
): PlannedLayer {
  const { output, combine, rows } = planMerged(planner, layer, inputs, width);
  const kernels = planner.backend.bind(kernelSet);
  const { mask } = output;
  return {
    output,
    forward: () => {
      combine();
      const y = output.value.array.fill(0);
      inputs.forEach(({ value, steps, batch, features }, i) => {
        const start = starts[i] as number;
        kernels.mergeForward(value.array, mask.array, y, rows, steps * batch, features, start, width);
      });
    },
    backward: () => {
      const dy = output.gradient?.array;
      if (!dy) return;
      inputs.forEach(({ gradient, steps, batch, features }, i) => {
        const start = starts[i] as number;
        if (!gradient) return;
        kernels.mergeBackward(dy, mask.array, gradient.array, rows, steps * batch, features, start, width);
      });
    },
  };
}

class Add extends Merge {
  outputShape(first: SampleShape): SampleShape {
    return first;
  }

  protected checkPair(first: SampleShape, other: SampleShape): void {
    if (first.at(-1) !== other.at(-1)) throw this.mismatch(first, other, 'as many features each');
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const [{ features }] = inputs as [Edge];
    return planSum(
      planner,
      this,
      inputs,
      inputs.map(() => 0),
      features,
    );
  }
}

class Multiply extends Add {
  override plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const [{ features }] = inputs as [Edge];
    const { output, combine, rows } = planMerged(planner, this, inputs, features);
    const others = planner.arena.floats(rows * features);
    const kernels = planner.backend.bind(kernelSet);
    const mask = output.mask;
    /** The product of all inputs but one, 0 at masked steps. */
    const multiplyAll = (product: Region, without: number) => {
      for (let row = 0; row < rows; row++) {
        product.array.fill(mask.array[row] as number, row * features, (row + 1) * features);
      }
      inputs.forEach(({ value, steps, batch }, i) => {
        if (i === without) return;
        kernels.multiplyForward(value.array, mask.array, product.array, rows, steps * batch, features);
      });
    };
    return {
      output,
      forward: () => {
        combine();
        multiplyAll(output.value, -1);
      },
      backward: () => {
        const dy = output.gradient?.array;
        if (!dy) return;
        inputs.forEach(({ gradient, steps, batch }, i) => {
          if (!gradient) return;
          multiplyAll(others, i);
          const dx = gradient.array;
          kernels.multiplyBackward(dy, others.array, mask.array, dx, rows, steps * batch, features);
        });
      },
    };
  }
}

class Concatenate extends Merge {
  /** 0 for the steps, -1 for the features. */
  private readonly axis: number;

  constructor(options: ConcatenateOptions) {
    super('concatenate', options, ['axis']);
    const { axis = -1 } = options;
    if (![-1, 1, 2].includes(axis)) {
      throw new ConfigError(
        `concatenate: axis is -1, the features, or 1, the steps of sequences, but is ${describe(axis)}`,
      );
    }
    this.axis = axis;
  }

  override get keepsSteps(): boolean {
    return this.axis !== 1;
  }

  outputShape(...inputs: SampleShape[]): SampleShape {
    const [first] = inputs as [SampleShape];
    const sum = (axis: number) =>
      inputs.reduce<number | null>((total, input) => {
        const size = input.at(axis) as number | null;
        return total === null || size === null ? null : total + size;
      }, 0);
    if (this.axis === 1 && first.length === 2) return [sum(0), first[1] as number];
    return [...first.slice(0, -1), sum(-1)];
  }

  protected checkPair(first: SampleShape, other: SampleShape): void {
    if (this.axis === 2 && first.length < 2)
      throw this.mismatch(first, other, 'steps, which axis: 2 goes with,');
    if (this.axis !== 1 || first.length < 2) return;
    if (first.length !== other.length)
      throw this.mismatch(first, other, 'steps, to be set one behind the other,');
    if (first.at(-1) !== other.at(-1)) throw this.mismatch(first, other, 'as many features each');
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const [{ sequence }] = inputs as [Edge];
    if (this.axis === 1 && sequence) return this.planBehind(inputs, planner);
    const starts: number[] = [];
    const width = inputs.reduce((sum, { features }) => {
      starts.push(sum);
      return sum + features;
    }, 0);
    return planSum(planner, this, inputs, starts, width);
  }

  override whyNoStream(): string | undefined {
    return this.axis === 1 ? 'sets whole sequences one behind the other' : undefined;
  }

  /** Sequences one behind the other, each step with its mask. */
  private planBehind(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const [{ batch, features }] = inputs as [Edge];
    const steps = inputs.reduce((sum, input) => sum + input.steps, 0);
    const output = planSteps(planner, batch, steps, features, learns(this, ...inputs));
    const kernels = planner.backend.bind(kernelSet);
    let start = 0;
    const parts = inputs.map((x) => {
      const rows = x.steps * batch;
      const part = (whole: Region) => planner.arena.part(whole, start * features, rows * features);
      const value = part(output.value);
      const gradient = output.gradient && part(output.gradient);
      const planned = { x, rows, start, value, gradient };
      start += rows;
      return planned;
    });
    return {
      output,
      forward: () => {
        output.value.array.fill(0);
        for (const { x, rows, start: at, value } of parts) {
          output.mask.array.set(x.mask.array, at);
          const mask = x.mask.array;
          kernels.mergeForward(x.value.array, mask, value.array, rows, rows, features, 0, features);
        }
      },
      backward: () => {
        for (const { x, rows, gradient } of parts) {
          if (!gradient || !x.gradient) continue;
          const mask = x.mask.array;
          kernels.mergeBackward(gradient.array, mask, x.gradient.array, rows, rows, features, 0, features);
        }
      },
    };
  }

  protected override options(): Record<string, unknown> {
    return { axis: this.axis };
  }
}

export interface ConcatenateOptions extends LayerOptions {
  /** -1 (the default), or 2 for sequences: side by side; 1: sequences one behind the other. */
  axis?: -1 | 1 | 2;
}

/**
 * Its inputs side by side: features `[batch, a]` and `[batch, b]` become `[batch, a + b]`, and likewise at every step
 * of sequences. An input without steps may stand behind a sequence: it is put beside every step. A step is real where
 * it is so in every input. With `axis: 1` sequences are set one behind the other instead, each step with its own mask.
 *
 * @throws ConfigError for another axis; ShapeError for inputs that do not fit together
 *
 * @example concatenate().on(lstm(32).on(purchases), customer)
 */
export function concatenate(options: ConcatenateOptions = {}): Layer {
  return new Concatenate(options);
}

/**
 * The sum of its inputs, which have as many features each. An input without steps may stand behind a sequence: it is
 * added at every step. A step is real where it is so in every input.
 *
 * @throws ShapeError for inputs that do not fit together
 *
 * @example add().on(x, dense(8).on(x))
 */
export function add(options: LayerOptions = {}): Layer {
  return new Add('add', options);
}

/**
 * The product of its inputs, number by number; they have as many features each. An input without steps may stand behind
 * a sequence: every step is multiplied by it. A step is real where it is so in every input.
 *
 * @throws ShapeError for inputs that do not fit together
 *
 * @example multiply().on(x, dense(8, { activation: 'sigmoid' }).on(x))
 */
export function multiply(options: LayerOptions = {}): Layer {
  return new Multiply('multiply', options);
}
