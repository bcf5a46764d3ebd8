/**
 * Recurrent layers in PyTorch. Its matrices are the transpose of ours, the gates one below the other:
 *
 *     nn.LSTM    weight_ih [4H, I], weight_hh [4H, H], bias_ih [4H], bias_hh [4H], gates i, f, g, o, as ours. Both
 *                biases are added to the same sum: ours is bias_ih + bias_hh, and goes out as bias_ih beside zeros
 *     proj_size  the same with weight_hh [4H, P], and weight_hr [P, H], which is projectionKernel
 *     nn.GRU     the same with 3H, gates r, z, n where ours are z, r, n; the biases stay apart, for r is multiplied to
 *                one of them: b is bias_ih, d is bias_hh
 *     nn.RNN     the same with H
 *
 * https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html and the pages beside it.
 */
import { ConfigError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import type { Tensor } from '../../core/tensor.js';
import type { LayerConfig } from '../../layers/layer.js';
import type { Counterpart, OurWeights } from './counterpart.js';
import { filledLike, firstGatesSwapped, rowOf, stacked, sum, transposed } from './matrices.js';

/** One direction of a recurrent layer: where its weights are, and what it is. */
interface Direction {
  readonly path: string;
  readonly config: LayerConfig;
}

interface Module {
  readonly type: 'LSTM' | 'GRU' | 'RNN';
  /** What an option has to be, since the module computes nothing else. */
  readonly fixed: Readonly<Record<string, readonly unknown[]>>;
}

const COMMON = { initialState: ['zeros'] };

const MODULES: Readonly<Record<string, Module>> = {
  lstm: {
    type: 'LSTM',
    fixed: { ...COMMON, activation: ['tanh'], recurrentActivation: ['sigmoid'], cellClip: [undefined] },
  },
  projectedLstm: { type: 'LSTM', fixed: { ...COMMON, activation: ['tanh'] } },
  gru: {
    type: 'GRU',
    fixed: { ...COMMON, activation: ['tanh'], recurrentActivation: ['sigmoid'], resetAfter: [true] },
  },
  simpleRnn: { type: 'RNN', fixed: { ...COMMON, activation: ['tanh', 'relu'] } },
};

/**
 * The counterpart of a layer of one direction or two.
 *
 * @throws ConfigError for an option that the module has not, or two directions that are not alike
 */
export function recurrentCounterpart(
  path: string,
  directions: readonly Direction[],
  weights: OurWeights,
): Counterpart {
  const { type } = moduleOf(path, directions);
  const parts = directions.map((direction, d) =>
    direct(type, direction.path, d === 0 ? '' : '_reverse', weights),
  );
  const units = new Set(directions.map(({ config }) => config.units as number));
  const hasBias = new Set(directions.map(({ config }) => config.useBias as boolean));
  if (units.size > 1 || hasBias.size > 1) {
    throw new ConfigError(
      `${path} has directions of different units or biases, and those of an nn.${type} are alike: it cannot be carried over`,
    );
  }
  return {
    layer: path,
    type,
    stack: { units: [...units][0] as number, directions: parts.length, hasBias: hasBias.has(true) },
    tensors: parts.flatMap(({ toTorch }) => [...toTorch()].map(([name, { shape }]) => ({ name, shape }))),
    fromTorch: (given) => new Map(parts.flatMap(({ fromTorch }) => [...fromTorch(given)])),
    toTorch: () => new Map(parts.flatMap(({ toTorch }) => [...toTorch()])),
  };
}

/** The module that both directions are. */
function moduleOf(path: string, directions: readonly Direction[]): Module {
  const [{ config: first }] = directions as [Direction];
  const known = MODULES[first.type];
  if (!known || directions.some(({ config }) => config.type !== first.type)) {
    const types = [...new Set(directions.map(({ config }) => config.type))];
    throw new ConfigError(`${path} is of type ${types.join(' and ')}, which PyTorch has no module for`);
  }
  for (const { config } of directions) {
    for (const [option, values] of Object.entries(known.fixed)) {
      // An option that a layer does not write out is at its default.
      if (config[option] === undefined || values.includes(config[option])) continue;
      const only = values.map((value) => describe(value)).join(' or ');
      throw new ConfigError(
        `${path} has ${option} ${describe(config[option])}, and an nn.${known.type} has ` +
          `${only === 'undefined' ? 'none' : `${only} only`}: it cannot be carried over`,
      );
    }
  }
  return known;
}

/** The weights of one direction, there and back. */
function direct(type: Module['type'], path: string, suffix: string, weights: OurWeights) {
  const ours = (name: string) => weights[`${path}/${name}`];
  const isGru = type === 'GRU';
  const reordered = isGru ? firstGatesSwapped : (matrix: Tensor) => matrix;
  const hasBias = ours('bias') !== undefined;
  const isProjected = ours('projectionKernel') !== undefined;

  const fromTorch = (given: ReadonlyMap<string, Tensor>) => {
    const theirs = (name: string) => given.get(name + suffix) as Tensor;
    const made = new Map([
      [`${path}/kernel`, transposed(reordered(theirs('weight_ih')))],
      [`${path}/recurrentKernel`, transposed(reordered(theirs('weight_hh')))],
    ]);
    if (hasBias) {
      const [first, second] = [reordered(theirs('bias_ih')), reordered(theirs('bias_hh'))];
      made.set(`${path}/bias`, isGru ? stacked(first, second) : sum(first, second));
    }
    if (isProjected) made.set(`${path}/projectionKernel`, transposed(theirs('weight_hr')));
    return made;
  };

  const toTorch = () => {
    const made = new Map([
      [`weight_ih${suffix}`, reordered(transposed(ours('kernel') as Tensor))],
      [`weight_hh${suffix}`, reordered(transposed(ours('recurrentKernel') as Tensor))],
    ]);
    const bias = ours('bias');
    if (bias) {
      const [first, second] = isGru
        ? [reordered(rowOf(bias, 0)), reordered(rowOf(bias, 1))]
        : [bias, filledLike(bias, bias.shape, 0)];
      made.set(`bias_ih${suffix}`, first).set(`bias_hh${suffix}`, second);
    }
    const projection = ours('projectionKernel');
    if (projection) made.set(`weight_hr${suffix}`, transposed(projection));
    return made;
  };

  return { fromTorch, toTorch };
}
