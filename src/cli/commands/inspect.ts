/** `longhand inspect MODEL`: what a model file says of itself, and how its weights are spread. */
import { readSafetensorsMetadata } from '../../core/safetensors.js';
import { formatShape, type Tensor } from '../../core/tensor.js';
import { deserializeModel, readPreparation, type Sequential } from '../../index.js';
import { columns, type Given } from '../command.js';
import { nameOf, readFrom } from '../input.js';

const BINS = 24;
const BARS = ' ▁▂▃▄▅▆▇█';

interface Spread {
  readonly name: string;
  readonly shape: readonly number[];
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
  readonly min: number;
  readonly max: number;
  /** How many weights lie in each of as many equal parts of the range. */
  readonly histogram: readonly number[];
}

/** What the metadata says of a model, as far as it is of interest here. */
interface Stored {
  readonly precision: string;
  readonly backend: string;
  readonly seed: number;
}

interface StoredTraining {
  readonly iterations: number;
  readonly loss: unknown;
  readonly optimizer: { readonly name: string };
}

export async function run(given: Given): Promise<void> {
  const path = given.operands[0] as string;
  const { model, metadata, preparation, bytes } = await readFrom(path, (file) => ({
    model: deserializeModel<Sequential>(file),
    metadata: readSafetensorsMetadata(file),
    preparation: readPreparation(file),
    bytes: file.length,
  }));
  const { precision, backend, seed } = JSON.parse(metadata['longhand.model'] as string) as Stored;
  const training = metadata['longhand.training'];
  const spreads = Object.entries(model.getWeights()).map(([name, weight]) => spreadOf(name, weight));
  const facts = {
    file: nameOf(path),
    bytes,
    format: metadata['longhand.format'],
    precision,
    backend,
    seed,
    ...(training === undefined ? {} : describeTraining(JSON.parse(training) as StoredTraining)),
    ...(preparation === undefined ? {} : { preparation: kindsIn(preparation).join(', ') || 'data' }),
  };
  if (given.has('json')) {
    const layers = model.layers.map((layer) => layer.config());
    const parameters = model.countParams();
    console.log(JSON.stringify({ ...facts, parameters, layers, weights: spreads }, null, 2));
    return;
  }
  for (const line of columns(Object.entries(facts).map(([name, value]) => [name, String(value)]))) {
    console.log(line.slice(2));
  }
  console.log();
  model.summary();
  if (given.has('weights')) for (const line of spreadLines(spreads)) console.log(line);
}

function describeTraining({ iterations, loss, optimizer }: StoredTraining): Record<string, unknown> {
  const name = (loss as { name?: unknown } | null)?.name;
  return {
    optimizer: optimizer.name,
    updates: iterations,
    ...(typeof name === 'string' ? { loss: name } : {}),
  };
}

/** The kinds of transforms that travel with the model, from the outside in. */
function kindsIn(preparation: unknown): string[] {
  if (typeof preparation !== 'object' || preparation === null) return [];
  const { kind } = preparation as { kind?: unknown };
  const own = typeof kind === 'string' ? [kind] : [];
  return [...own, ...Object.values(preparation).flatMap(kindsIn)];
}

function spreadOf(name: string, { data, shape }: Tensor): Spread {
  const count = data.length;
  let [sum, min, max] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const mean = sum / count;
  let squares = 0;
  const histogram = new Array<number>(BINS).fill(0);
  for (const value of data) {
    squares += (value - mean) ** 2;
    const bin = max === min ? 0 : Math.min(BINS - 1, Math.floor(((value - min) / (max - min)) * BINS));
    histogram[bin] = (histogram[bin] as number) + 1;
  }
  return { name, shape, count, mean, deviation: Math.sqrt(squares / count), min, max, histogram };
}

function spreadLines(spreads: readonly Spread[]): string[] {
  const header = ['Weight', 'Shape', 'Mean', 'Deviation', 'Least', 'Spread from least to most', 'Most'];
  const rows = spreads.map(({ name, shape, mean, deviation, min, max, histogram }) => [
    name,
    formatShape(shape),
    short(mean),
    short(deviation),
    short(min),
    bars(histogram),
    short(max),
  ]);
  const widths = header.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => (row[i] as string).length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) =>
        [2, 3, 4, 6].includes(i) ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number),
      )
      .join('   ')
      .trimEnd();
  return ['', line(header), ...rows.map(line)];
}

function short(value: number): string {
  return value === 0 ? '0' : Math.abs(value) < 1e-3 ? value.toExponential(1) : value.toFixed(4);
}

/** A bar for each bin, the highest for the fullest; a bin that holds anything shows something. */
function bars(histogram: readonly number[]): string {
  const most = Math.max(...histogram);
  return histogram.map((count) => BARS[Math.ceil((count / most) * (BARS.length - 1))]).join('');
}
