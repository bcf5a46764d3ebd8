/** Random graphs of layers: several inputs, layers used twice, states handed on, attention, merging, several outputs. */
import fc from 'fast-check';
import { Random } from '../../src/core/random.js';
import type { Samples } from '../../src/data/samples.js';
import {
  add,
  additiveAttention,
  attention,
  attentionPooling1d,
  concatenate,
  dense,
  embedding,
  globalAveragePooling1d,
  globalMaxPooling1d,
  input,
  type Layer,
  l2,
  lstm,
  model,
  multiply,
  repeatVector,
  type SymbolicTensor,
} from '../../src/index.js';
import type { Network } from '../../src/model/network.js';
import { gradientPass } from '../../src/model/watched-passes.js';
import { loadSamples } from '../../src/training/batches.js';
import { rowOrder, stepsOf } from '../../src/training/run.js';
import { totalPenalty } from '../../src/training/update.js';
import { holes, layerChoice, normals, poolingKinds, toLayer, toPooling } from './models.js';

const steps = [
  'layer',
  'layer',
  'pool',
  'attend',
  'merge',
  'beside',
  'behind',
  'repeat',
  'share',
  'handOn',
  'row',
] as const;

export const graphChoice = fc.record({
  steps: fc.array(fc.record({ kind: fc.constantFrom(...steps), layer: layerChoice, pick: fc.nat(1000) }), {
    minLength: 2,
    maxLength: 5,
  }),
  batch: fc.integer({ min: 1, max: 3 }),
  lengths: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
  features: fc.integer({ min: 1, max: 3 }),
  maskZero: fc.boolean(),
  seed: fc.nat(),
});

export type GraphChoice = typeof graphChoice extends fc.Arbitrary<infer T> ? T : never;
export type StepChoice = GraphChoice['steps'][number];

/** What flows between layers; sequences of one family have the same number of steps. */
interface Flow {
  readonly symbol: SymbolicTensor;
  readonly features: number;
  /** Undefined for rows. */
  readonly family: string | undefined;
}

/** What a graph is grown from, a layer at a time. */
class Garden {
  readonly flows: Flow[] = [];
  private readonly used: { readonly layer: Layer; readonly from: Flow; readonly to: Flow }[] = [];

  /** One of the flows that fit, by a number; nothing where none does. */
  pick(number: number, fits: (flow: Flow) => boolean = () => true): Flow | undefined {
    const fitting = this.flows.filter(fits);
    // The last ones first, so that layers stand behind layers.
    return fitting[fitting.length - 1 - (number % Math.max(1, fitting.length))];
  }

  /** A layer behind a flow, which may be used again. */
  private behind(layer: Layer, from: Flow): Flow {
    const shape = layer.outputShape(from.family === undefined ? [from.features] : [null, from.features]);
    const family = shape.length === 1 ? undefined : from.family;
    const to = { symbol: layer.on(from.symbol), features: shape.at(-1) as number, family };
    this.used.push({ layer, from, to });
    return to;
  }

  /** What another layer makes of what there is; nothing where it has nothing to stand behind. */
  grow({ kind, layer: choice, pick }: StepChoice): Flow | undefined {
    const any = this.pick(pick) as Flow;
    const isSequence = ({ family }: Flow) => family !== undefined;
    const sequence = this.pick(pick, isSequence) as Flow;
    const other = this.pick(Math.floor(pick / 7), isSequence) as Flow;
    const row = this.pick(pick, (flow) => !isSequence(flow)) as Flow;
    const { units, isPlain, useBias } = choice;
    switch (kind) {
      case 'layer':
        return this.behind(toLayer(choice, true, true), sequence);
      case 'pool':
        return this.behind(toPooling(poolingKinds[pick % 4] as (typeof poolingKinds)[number]), sequence);
      case 'row':
        return this.behind(dense(units, { activation: choice.activation }), row);
      case 'repeat':
        return { ...row, symbol: repeatVector(2).on(row.symbol), family: 'repeated' };
      case 'attend': {
        const [query, key] = [dense(units).on(any.symbol), dense(units).on(other.symbol)];
        const causal = isSequence(any) && useBias;
        const layer = isPlain
          ? attention({ scale: useBias ? 'learned' : 'inverseSqrt', causal, dropout: choice.dropout })
          : additiveAttention({ useScale: useBias, causal, dropout: choice.dropout });
        return { ...any, symbol: layer.on(query, other.symbol, key), features: other.features };
      }
      case 'merge': {
        const twin = this.pick(Math.floor(pick / 3), ({ family }) => family === any.family) as Flow;
        if (isPlain) {
          const symbol = concatenate().on(any.symbol, twin.symbol);
          return { ...any, symbol, features: any.features + twin.features };
        }
        const layer = useBias ? add() : multiply();
        return { ...any, symbol: layer.on(any.symbol, dense(any.features).on(twin.symbol)) };
      }
      case 'beside': {
        const symbol = concatenate().on(sequence.symbol, row.symbol);
        return { ...sequence, symbol, features: sequence.features + row.features };
      }
      case 'behind': {
        const fitted = dense(sequence.features).on(other.symbol);
        const symbol = concatenate({ axis: 1 }).on(sequence.symbol, fitted);
        return { ...sequence, symbol, family: `${sequence.family} ${other.family}` };
      }
      case 'share': {
        const known = this.used[pick % Math.max(1, this.used.length)];
        if (!known) return undefined;
        const fits = (flow: Flow) =>
          flow.features === known.from.features && isSequence(flow) === isSequence(known.from);
        const flow = this.pick(Math.floor(pick / 5), fits) as Flow;
        const family = isSequence(known.to) ? flow.family : undefined;
        return { ...known.to, symbol: known.layer.on(flow.symbol), family };
      }
      case 'handOn': {
        const [, h, c] = lstm(units, { returnState: true }).on(sequence.symbol);
        const decoder = lstm(units, { returnSequences: true, recurrentDropout: choice.recurrentDropout });
        const symbol = decoder.on(other.symbol, h as SymbolicTensor, c as SymbolicTensor);
        return { ...other, symbol, features: units };
      }
    }
  }
}

/** A random graph over two sequences, token ids and rows: what `model` takes. */
export function growGraph({ features, maskZero, steps: grown }: GraphChoice) {
  const [a, b, ids, still] = [
    input({ shape: [null, features] }),
    input({ shape: [null, 2] }),
    input({ shape: [null, 1] }),
    input({ shape: [2] }),
  ];
  const garden = new Garden();
  const embedded = embedding(4, 2, { maskZero, dropout: maskZero ? 0.3 : 0 }).on(ids);
  garden.flows.push(
    { symbol: still, features: 2, family: undefined },
    { symbol: b, features: 2, family: 'b' },
    { symbol: embedded, features: 2, family: 'a' },
    { symbol: a, features, family: 'a' },
  );
  for (const step of grown) {
    const flow = garden.grow(step);
    if (flow) garden.flows.push(flow);
  }
  const outputs = garden.flows.slice(-2).map(({ symbol }) => dense(1).on(symbol));
  // Every input is used, whatever has grown.
  const ends = [a, b, embedded].map(
    (symbol, i) =>
      [globalMaxPooling1d(), globalAveragePooling1d(), attentionPooling1d(1)][i]?.on(
        symbol,
      ) as SymbolicTensor,
  );
  outputs.push(dense(1, { kernelRegularizer: l2(0.1) }).on(concatenate().on(still, ...ends)));
  return { inputs: [a, b, ids, still], outputs };
}

/** Data for `growGraph`: numbers with holes, token ids, rows. */
export function drawGraphData({ batch, lengths: [short, long], features }: GraphChoice, random: Random) {
  return [
    drawSamples(random, batch, short, features),
    drawSamples(random, batch, long, 2),
    drawIds(random, batch, short),
    drawSamples(random, batch, 1, 2, false),
  ];
}

/** A random model of two sequences, token ids and rows, with a batch of data; its loss is a random sum of its outputs. */
export function buildGraph(choice: GraphChoice) {
  const { batch, seed } = choice;
  const random = new Random(seed, 14);
  const built = model(growGraph(choice), { seed, precision: 'float64', backend: 'reference' });
  const network = built.internals.network as Network;
  for (const { value } of network.parameters) {
    for (let k = 0; k < value.length; k++) value.array[k] = 0.5 * random.normal();
  }
  const samples = drawGraphData(choice, random);
  const pass = gradientPass(network, batch, stepsOf(samples));
  loadSamples(pass, samples, rowOrder(batch), 0);
  const slopes = pass.outputs.map(({ value }) => normals(random, value.length));
  const drawn = network.dropout.state();
  return {
    network,
    pass,
    /** The sum of all real outputs, each times a number of its own, of what outputs cost, and of what weights do. */
    loss: () => {
      network.dropout.restore(drawn);
      pass.forward(true);
      let sum = totalPenalty(network.parameters);
      for (const penalty of pass.penalties) sum += penalty.sum();
      pass.outputs.forEach(({ value, mask }, i) => {
        mask.array.forEach((real, step) => {
          if (real === 1) sum += (slopes[i]?.[step] as number) * (value.array[step] as number);
        });
      });
      return sum;
    },
    backward: () => {
      pass.backwardFrom(() => {
        pass.outputs.forEach(({ gradient, mask }, i) => {
          mask.array.forEach((real, step) => {
            if (real === 1 && gradient) gradient.array[step] = slopes[i]?.[step] as number;
          });
        });
        for (const penalty of pass.penalties) penalty.backward(1);
      });
    },
  };
}

/** Numbers with holes, NaN in them. */
function drawSamples(
  random: Random,
  rows: number,
  steps: number,
  features: number,
  sequence = true,
): Samples {
  const mask = sequence ? holes(random, rows, steps) : undefined;
  const data = normals(random, rows * steps * features);
  mask?.forEach((real, step) => {
    if (real === 0) data.fill(Number.NaN, step * features, (step + 1) * features);
  });
  return { data, rows, steps, features, sequence, mask, lengths: undefined };
}

/** Token ids, at least one in each row that is not 0. */
function drawIds(random: Random, rows: number, steps: number): Samples {
  const data = Float64Array.from({ length: rows * steps }, () => random.below(4));
  for (let row = 0; row < rows; row++) data[row * steps + random.below(steps)] = 1 + random.below(3);
  return { data, rows, steps, features: 1, sequence: true, mask: undefined, lengths: undefined };
}
