/** The layer that finds padding by its value. */
import { type Edge, type PlannedLayer, type Planner, planEdge } from '../backend/plan.js';
import { DataError } from '../core/errors.js';
import { checkNumber, checkOptions } from '../core/options.js';
import { checkRealSteps, type Samples } from '../data/samples.js';
import { maskingBackward, maskingForward } from '../kernels/masking.js';
import { Layer, type LayerOptions, layerOptionNames, onlyInput, type SampleShape } from './layer.js';

export interface MaskingOptions extends LayerOptions {
  /** A step is padding when all its features have this value; 0 by default. */
  maskValue?: number;
}

class Masking extends Layer {
  readonly type = 'masking';
  readonly ranks = [3];
  private readonly maskValue: number;

  constructor(options: MaskingOptions) {
    checkOptions('masking', options, [...layerOptionNames, 'maskValue']);
    super(options);
    this.maskValue = checkNumber('masking: maskValue', options.maskValue ?? 0);
  }

  outputShape(input: SampleShape): SampleShape {
    return input;
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    const { steps, batch, features } = x;
    const mask = planner.arena.bytes(steps * batch);
    const output = { ...planEdge(planner, x, features, x.gradient !== undefined), mask };
    const kernels = planner.backend.bind({ maskingForward, maskingBackward });
    const maskValue = this.storedMaskValue(planner.arena.precision === 'float32');
    return {
      output,
      forward: () => {
        const rows = steps * batch;
        const before = x.mask.array;
        kernels.maskingForward(
          x.value.array,
          before,
          output.value.array,
          mask.array,
          maskValue,
          rows,
          features,
        );
        // A step of a stream may be masked: the sequence is longer than that.
        if (!planner.carried)
          checkRealRows(mask.array, x, (row) => this.whollyMasked(planner.rowNames[row] as number));
      },
      backward: () => {
        if (!output.gradient || !x.gradient) return;
        kernels.maskingBackward(output.gradient.array, mask.array, x.gradient.array, steps * batch, features);
      },
    };
  }

  override maskSamples(samples: Samples): Samples {
    const maskValue = this.storedMaskValue(samples.data instanceof Float32Array);
    return maskSamplesBy(samples, maskValue, (row) => this.whollyMasked(row));
  }

  /** Compared as it is stored, so that 0.1 is found in single precision too. */
  private storedMaskValue(inSinglePrecision: boolean): number {
    return inSinglePrecision ? Math.fround(this.maskValue) : this.maskValue;
  }

  private whollyMasked(row: number): DataError {
    return new DataError(
      `row ${row} is wholly masked: every step of it is padding or equals ${this.maskValue}, ` +
        `the value that ${this.name} masks; leave the row out`,
    );
  }

  protected options(): Record<string, unknown> {
    return { maskValue: this.maskValue };
  }
}

/** The samples with those steps masked whose features all equal `maskValue`; an error where a row has no other. */
export function maskSamplesBy(
  samples: Samples,
  maskValue: number,
  whollyMasked: (row: number) => Error,
): Samples {
  const { data, features } = samples;
  const mask = samples.mask?.slice() ?? new Uint8Array(data.length / features).fill(1);
  for (let step = 0; step < mask.length; step++) {
    const start = step * features;
    let isReal = false;
    for (let k = start; k < start + features; k++) if (data[k] !== maskValue) isReal = true;
    if (!isReal) mask[step] = 0;
  }
  const masked = { ...samples, mask };
  checkRealSteps(masked, whollyMasked);
  return masked;
}

/** Looks for a row of the batch that has no real step. */
export function checkRealRows(
  mask: Uint8Array,
  { steps, batch }: Edge,
  whollyMasked: (row: number) => Error,
): void {
  for (let row = 0; row < batch; row++) {
    let isReal = false;
    for (let t = 0; t < steps && !isReal; t++) isReal = mask[t * batch + row] === 1;
    if (!isReal) throw whollyMasked(row);
  }
}

/**
 * Masks the steps whose features all equal `maskValue`, wherever in the sequence they stand. A recurrent layer
 * carries its state over a masked step, and losses and metrics leave it out.
 *
 * @throws ConfigError for a mask value that is no finite number
 * @throws DataError in a pass, when a row has no step left; it names the row
 *
 * @example masking({ maskValue: -1 })
 */
export function masking(options: MaskingOptions = {}): Layer {
  return new Masking(options);
}
