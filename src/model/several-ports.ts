/** What is checked and read where a model may have several inputs and outputs, and rows and classes may weigh. */
import { DataError, ShapeError } from '../core/errors.js';
import type { Samples } from '../data/samples.js';
import type { SampleShape } from '../layers/layer.js';
import { type ClassWeight, weighClasses } from '../training/class-weights.js';
import { toWeights } from '../training/sample-weights.js';
import { targetHint } from '../training/target-hints.js';
import type { Dataset, SampleWeightInput, TargetExtras } from '../training/targets.js';
import type { CompiledOutput } from './compiled.js';
import type { Ports } from './ports.js';

/** @throws DataError where an input has no data */
export function checkEachInput(ports: Ports, x: unknown): void {
  if (ports.form === 'one') return;
  ports.read('x', x).forEach((values, i) => {
    if (values !== undefined) return;
    throw new DataError(`x${ports.suffix(i)} is missing: every input of the model needs its data`);
  });
}

/** @throws ShapeError for inputs of unequal numbers of rows */
export function checkEqualRows(ports: Ports, inputs: readonly Samples[]): void {
  const [first] = inputs as readonly [Samples];
  inputs.forEach(({ rows }, i) => {
    if (rows === first.rows) return;
    throw new ShapeError(
      `x${ports.suffix(i)} has ${rows} rows but x${ports.suffix(0)} has ${first.rows}: ` +
        'a row of one goes with that row of the other',
    );
  });
}

/**
 * What is read beside the targets of each output.
 *
 * @throws DataError for targets or weights of an output that has no loss, or none of one that has
 */
export function targetExtras(
  y: unknown,
  sampleWeight: unknown,
  ports: Ports,
  compiled: readonly CompiledOutput[],
): (output: number) => TargetExtras {
  const given = y === undefined ? [] : ports.read('y', y);
  const weights = sampleWeight === undefined ? [] : ports.read('sampleWeight', sampleWeight);
  given.forEach((values, i) => {
    const isTrained = compiled.some(({ output }) => output === i);
    const suffix = ports.suffix(i);
    if (isTrained && values === undefined)
      throw new DataError(`y${suffix} is missing: that output has a loss`);
    if (!isTrained && (values !== undefined || weights[i] !== undefined)) {
      throw new DataError(
        `y${suffix} is given but that output has no loss: leave it out, or compile it with one`,
      );
    }
  });
  return (output) => {
    const own = weights[output] as SampleWeightInput | undefined;
    return { hint: targetHint, weights: own === undefined ? undefined : (place) => toWeights(own, place) };
  };
}

/** The data set with what the classes of its outputs weigh. */
export function weighOutputs(
  dataset: Dataset,
  classWeight: unknown,
  ports: Ports,
  compiled: readonly CompiledOutput[],
  shapes: readonly SampleShape[],
): Dataset {
  const given = ports.read('fit: classWeight', classWeight);
  const outputs = dataset.outputs.map((targets, i) => {
    const { output, loss } = compiled[i] as CompiledOutput;
    const weights = given[output] as ClassWeight | undefined;
    const classes = shapes[output]?.at(-1) as number;
    return weights === undefined ? targets : weighClasses(targets, weights, loss, classes);
  });
  return { ...dataset, outputs };
}
