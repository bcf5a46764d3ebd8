/**
 * How gradients flow through a model on one batch: their norms at every layer and step, how far gates are saturated, and
 * units that are dead.
 */
import type { Edge, GateProbe } from '../backend/plan.js';
import type { Region } from '../core/region.js';
import type { FloatArray } from '../core/tensor.js';
import { loadSamples, loadTargets } from '../training/batches.js';
import { lossOf, rowOrder } from '../training/run.js';
import type { Dataset } from '../training/targets.js';
import type { LayerTrace, Pass } from '../training/trainable.js';
import type { Network } from './network.js';

/** A gate is saturated below this, and above 1 less this. */
const SATURATED = 0.05;
/** What stands among the gates of an lstm and a gru, and is none. */
const CANDIDATES = ['g', 'n'];

export interface LayerReport {
  readonly name: string;
  /** The root mean square of the outputs. */
  readonly output: number;
  /** The norm of the loss's gradient by the outputs, before a sigmoid or softmax; NaN where nothing below learns. */
  readonly gradient: number;
  /**
   * The same of each step. Of an lstm or gru it is that by what goes into the gates, which tells what of a step still reaches the
   * loss.
   */
  readonly steps: readonly number[];
  /** The norm of the gradient by each weight, and of the weight. */
  readonly weights: readonly { readonly name: string; readonly gradient: number; readonly value: number }[];
  /** The share of each gate's values below 0.05 and above 0.95; of a bidirectional layer, for each direction. */
  readonly gates: readonly { readonly gate: string; readonly low: number; readonly high: number }[];
  /** How many units are 0 in every row and step, or never change, out of how many. */
  readonly dead: number;
  readonly units: number;
}

export interface GradientReport {
  readonly loss: number;
  readonly layers: readonly LayerReport[];
  /** The report as a table. */
  toString(): string;
}

/** The report of a batch, all of it computed at once. Weights, optimizer and random numbers stay as they are. */
export function reportGradients(
  network: Network,
  dataset: Dataset,
  lossWeights: readonly number[],
): GradientReport {
  const dropout = network.dropout.state();
  const resume = network.setStateAside();
  try {
    // A backward pass may write over the gates, and leaves out what does not learn: so the outputs are looked at before it.
    const forward = runForward(network, dataset, false);
    const loss = lossOf(forward, lossWeights, network.parameters);
    const seen = forward.layers.map(lookAt);
    const layers = runBackward(network, dataset, lossWeights).layers.map((layer, i) =>
      reportLayer(layer, seen[i] as ReturnType<typeof lookAt>, network),
    );
    return { loss, layers, toString: () => table(loss, layers) };
  } finally {
    network.dropout.restore(dropout);
    resume();
  }
}

function runForward(network: Network, { rows, steps, inputs, outputs }: Dataset, training: boolean): Pass {
  const pass = network.pass(rows, steps, training);
  loadSamples(pass, inputs, rowOrder(rows), 0);
  loadTargets(pass, outputs);
  pass.forward(training);
  return pass;
}

function runBackward(network: Network, dataset: Dataset, lossWeights: readonly number[]): Pass {
  const pass = runForward(network, dataset, true);
  const counted = pass.losses.reduce((sum, loss) => {
    loss.forward();
    return sum + loss.result.count;
  }, 0);
  const factors = pass.losses.map(({ result: { count } }, i) =>
    count === 0 ? 0 : (lossWeights[i] as number) / count,
  );
  pass.backward(factors, counted);
  return pass;
}

function lookAt({ output, probes }: LayerTrace) {
  return {
    output: rootMeanSquare(output),
    gates: probes.flatMap((probe, p) => saturation(probe, probes.length > 1 ? p : undefined)),
    dead: deadUnits(output),
  };
}

function reportLayer(
  layer: LayerTrace,
  seen: ReturnType<typeof lookAt>,
  { parameters }: Network,
): LayerReport {
  const { name, output } = layer;
  const weights = parameters
    .filter((weight) => weight.name.startsWith(`${name}/`))
    .map((weight) => ({
      name: weight.name.slice(name.length + 1),
      gradient: norm(weight.gradient.array),
      value: norm(weight.value.array),
    }));
  // A loss may see through an activation, to what went into it.
  const gradient = output.logits?.gradient ?? output.gradient;
  const total = gradient ? Math.hypot(...normsOf(output, gradient, output.features)) : Number.NaN;
  return {
    name,
    gradient: total,
    steps: stepNorms(layer, gradient),
    weights,
    units: output.features,
    ...seen,
  };
}

function norm(values: FloatArray): number {
  let squares = 0;
  for (let k = 0; k < values.length; k++) squares += (values[k] as number) ** 2;
  return Math.sqrt(squares);
}

/** The norm at each step, masked ones left out. */
function normsOf(
  { steps, batch, mask }: Pick<Edge, 'steps' | 'batch' | 'mask'>,
  values: Region,
  width: number,
): number[] {
  return Array.from({ length: steps }, (_, t) => {
    let squares = 0;
    for (let b = 0; b < batch; b++) {
      const cell = t * batch + b;
      if (mask.array[cell] === 0) continue;
      for (let k = cell * width; k < (cell + 1) * width; k++) squares += (values.array[k] as number) ** 2;
    }
    return Math.sqrt(squares);
  });
}

function stepNorms({ output, probes }: LayerTrace, gradient: Region | undefined): number[] {
  const [probe] = probes;
  if (probe === undefined) {
    return output.sequence && gradient ? normsOf(output, gradient, output.features) : [];
  }
  const width = probe.units * probe.names.length;
  const { batch } = output;
  const steps = probe.region.length / (batch * width);
  return normsOf({ steps, batch, mask: probe.mask }, probe.gradient, width);
}

function rootMeanSquare({ value, mask, steps, batch, features }: Edge): number {
  let squares = 0;
  let count = 0;
  for (let cell = 0; cell < steps * batch; cell++) {
    if (mask.array[cell] === 0) continue;
    for (let k = cell * features; k < (cell + 1) * features; k++) squares += (value.array[k] as number) ** 2;
    count += features;
  }
  return Math.sqrt(squares / count);
}

function saturation(
  { region, names, units, mask }: GateProbe,
  direction: number | undefined,
): LayerReport['gates'] {
  const width = units * names.length;
  return names
    .filter((name) => !CANDIDATES.includes(name))
    .map((gate) => {
      const first = names.indexOf(gate) * units;
      let [low, high, count] = [0, 0, 0];
      for (let cell = 0; cell < region.length / width; cell++) {
        if (mask.array[cell] === 0) continue;
        for (let k = cell * width + first; k < cell * width + first + units; k++) {
          const value = region.array[k] as number;
          if (value < SATURATED) low++;
          if (value > 1 - SATURATED) high++;
          count++;
        }
      }
      const name = direction === undefined ? gate : `${gate} ${direction === 0 ? 'forward' : 'backward'}`;
      return { gate: name, low: low / count, high: high / count };
    });
}

/** How many outputs are the same in every row and step, of which there are at least two. */
function deadUnits({ value, mask, steps, batch, features }: Edge): number {
  const cells: number[] = [];
  for (let cell = 0; cell < steps * batch; cell++) if (mask.array[cell] !== 0) cells.push(cell);
  if (cells.length < 2) return 0;
  let dead = 0;
  for (let k = 0; k < features; k++) {
    const first = value.array[(cells[0] as number) * features + k];
    if (cells.every((cell) => value.array[cell * features + k] === first)) dead++;
  }
  return dead;
}

const BARS = '▁▂▃▄▅▆▇█';

/** A bar a step, at most 32 of them, each level a power of ten below the largest. */
function bars(norms: readonly number[]): string {
  const most = 32;
  const shown =
    norms.length <= most
      ? norms
      : Array.from({ length: most }, (_, i) => norms[Math.floor((i * norms.length) / most)] as number);
  const largest = Math.max(...shown);
  return shown
    .map((value) => {
      if (!Number.isFinite(value)) return '!';
      if (value === 0) return ' ';
      const level = BARS.length - 1 + Math.max(1 - BARS.length, Math.round(Math.log10(value / largest)));
      return BARS[level] as string;
    })
    .join('');
}

function table(loss: number, layers: readonly LayerReport[]): string {
  const number = (value: number) => (Number.isNaN(value) ? '' : value.toExponential(1));
  const percent = (share: number) => `${Math.round(100 * share)}%`;
  const flow = layers.map(({ name, output, gradient, dead, units, steps }) => [
    name,
    number(output),
    number(gradient),
    dead === 0 ? '' : `${dead} of ${units}`,
    steps.length === 0
      ? ''
      : `${bars(steps)}  ${number(steps[0] as number)} … ${number(steps.at(-1) as number)}`,
  ]);
  const gates = layers.flatMap(({ name, gates: each }) =>
    each.map(({ gate, low, high }) => [`${name} ${gate}`, percent(low), percent(high)]),
  );
  const weights = layers.flatMap((layer) =>
    layer.weights.map(({ name, gradient, value }) => [
      `${layer.name}/${name}`,
      number(value),
      number(gradient),
      value === 0 ? '' : number(gradient / value),
    ]),
  );
  const tables = [
    lines(['Layer', 'Output', 'Gradient', 'Dead', 'Gradient by step'], flow),
    lines(['Gate', '< .05', '> .95'], gates),
    lines(['Weight', 'Norm', 'Gradient', 'Gradient / norm'], weights),
  ];
  return [
    `loss ${loss.toPrecision(4)}`,
    ...tables.filter((each) => each.length > 1).map((each) => each.join('\n')),
  ].join('\n\n');
}

function lines(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] as string).length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('   ')
      .trimEnd();
  return [line(header), ...rows.map(line)];
}
