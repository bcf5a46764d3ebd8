/** What users give as x and y, read for a model's inputs and outputs. */
import { DataError, ShapeError } from '../core/errors.js';
import { type FloatArray, formatShape, type Tensor } from '../core/tensor.js';
import {
  type IdReading,
  type Missing,
  newArray,
  type SampleHints,
  type SampleInput,
  type Samples,
  toSamples,
} from '../data/samples.js';
import type { CoreLayer, SampleShape } from '../layers/core-layer.js';
import {
  type OutputShape,
  type TargetExtras,
  type TargetInput,
  type Targets,
  toTargets,
} from '../training/targets.js';
import type { CompiledOutput } from './compiled.js';
import { describeValues, type Graph, type GraphValue, onlyReaders } from './graph.js';
import type { Ports } from './ports.js';

/**
 * The samples of every input.
 *
 * @param readers  the layer that reads each input, which decides what it can be
 * @throws ShapeError, DataError for data that does not fit
 */
export function readSamples(
  x: unknown,
  ports: Ports,
  readers: readonly CoreLayer[],
  graph: Graph,
  precision: 'float32' | 'float64',
  missing: Missing,
  hints: SampleHints | undefined,
): Samples[] {
  const given = ports.read('x', x);
  return readers.map((reader, i) =>
    toSamples(given[i] as SampleInput, {
      reader: reader.name,
      expected: reader.expectedShape(),
      ranks: reader.ranks,
      ids: idsOf(graph, i),
      precision,
      missing,
      hints,
    }),
  );
}

/** How token ids are read, where an embedding alone reads an input. */
function idsOf(graph: Graph, input: number): IdReading | undefined {
  return onlyReaders(graph, input).find(({ rowShape }) => rowShape === undefined)?.ids;
}

/** The shape of a row. */
export function shapeOf({ sequence, steps, features }: Samples): SampleShape {
  return sequence ? [steps, features] : [features];
}

/** @throws ShapeError when rows of the shape are not those that an input was built for */
export function checkShape(reader: CoreLayer, built: SampleShape, shape: SampleShape): void {
  reader.checkInput(shape);
  const steps = built.length === 2 ? built[0] : null;
  if (shape.length === built.length && (steps === null || shape[0] === steps)) return;
  throw new ShapeError(
    `${reader.rowShape ? reader.name : 'the model'} was built for rows of shape ${formatShape(built)} ` +
      `but got ${formatShape(shape)}`,
  );
}

/** The samples with the padding that the layers right behind each input find in them. */
export function maskInputs(graph: Graph, inputs: readonly Samples[]): Samples[] {
  return inputs.map((input, i) => {
    let samples = input;
    for (const layer of onlyReaders(graph, i)) {
      if (layer.rowShape) continue;
      const masked = layer.maskSamples(samples);
      if (masked === samples) break;
      samples = masked;
    }
    return samples;
  });
}

/** The outputs that a model has for such samples. */
export function outputShapes(graph: Graph, ports: Ports, inputs: readonly Samples[]): OutputShape[] {
  const values = describeValues(graph, inputs.map(shapeOf));
  const [{ rows }] = inputs as [Samples];
  return graph.outputs.map((value, i) => {
    const { shape, sources, name } = values[value] as GraphValue;
    const sequence = shape.length === 2;
    return {
      name,
      suffix: ports.suffix(i),
      sequence,
      steps: sequence ? (shape[0] as number) : 1,
      features: shape.at(-1) as number,
      rows: sources
        .map((source) => rowsOf(inputs[source] as Samples, sequence))
        .reduce<OutputShape['rows']>(mergeRows, { rows, mask: undefined, lengths: undefined }),
    };
  });
}

/** The rows of an input; where an output has its steps, each row with a mask of its own. */
function rowsOf(samples: Samples, sequence: boolean): OutputShape['rows'] {
  const { rows, steps, mask, lengths, starts } = samples;
  if (!sequence || !starts || !mask) return samples;
  const each = new Uint8Array(rows * steps);
  starts.forEach((start, row) => void each.set(mask.subarray(start, start + steps), row * steps));
  return { rows, mask: each, lengths };
}

/** Rows whose steps are real where they are so in both. */
function mergeRows(
  merged: OutputShape['rows'],
  { rows, mask, lengths }: OutputShape['rows'],
): OutputShape['rows'] {
  const { mask: before, lengths: known } = merged;
  if (!before || mask?.length !== before.length) {
    return { rows, mask: mask ?? before, lengths: lengths ?? known };
  }
  const shorter = (length: number, row: number) => Math.min(length, known?.[row] ?? length);
  return {
    rows,
    mask: mask.map((real, step) => real & (before[step] as number)),
    lengths: lengths?.map(shorter) ?? known,
  };
}

/**
 * What every output that has a loss is to be.
 *
 * @param extras  what is read beside the targets of each output
 * @throws ShapeError, DataError for targets that are missing or do not fit
 */
export function readTargets(
  y: unknown,
  ports: Ports,
  compiled: readonly CompiledOutput[],
  shapes: readonly OutputShape[],
  precision: 'float32' | 'float64',
  extras?: (output: number) => TargetExtras,
): Targets[] {
  if (y === undefined) throw new DataError('y is missing: fit and evaluate take (x, y, options)');
  const given = ports.read('y', y) as TargetInput[];
  return compiled.map(({ output, loss }) =>
    toTargets(given[output] as TargetInput, loss, shapes[output] as OutputShape, precision, extras?.(output)),
  );
}

/** An output of zeros, to be written to. */
export function emptyOutput<A extends FloatArray>(
  { sequence, steps, features, rows: { rows, lengths } }: OutputShape,
  precision: 'float32' | 'float64',
): Tensor<A> {
  const data = newArray(precision, rows * steps * features) as A;
  return sequence ? { data, shape: [rows, steps, features], lengths } : { data, shape: [rows, features] };
}
