/**
 * What each layer is called in PyTorch, and how its weights lie there. Matrices are the transpose of ours:
 *
 *     nn.Linear       weight [units, features], bias [units]
 *     nn.Embedding    weight [vocabulary, units], as ours
 *     nn.BatchNorm1d  weight [features] is gamma, bias beta, running_mean and running_var the moving statistics
 *     nn.LayerNorm    weight [features] is gamma, bias beta
 *     nn.LSTM, nn.GRU, nn.RNN: see recurrent.ts
 *
 * A layer that computes what no module of PyTorch does is refused: its numbers would say something else there.
 */
import { ConfigError } from '../../core/errors.js';
import type { Tensor } from '../../core/tensor.js';
import type { Layer, LayerConfig } from '../../layers/layer.js';
import type { Counterpart, OurWeights } from './counterpart.js';
import { filledLike, transposed } from './matrices.js';
import { recurrentCounterpart } from './recurrent.js';

/**
 * The counterparts of the layers that have weights, in the order of the model.
 *
 * @throws ConfigError for a layer, or an option of one, that PyTorch has not
 */
export function counterpartsOf(layers: readonly Layer[], weights: OurWeights): Counterpart[] {
  return layers
    .map((layer) => ({ layer, config: layer.config() }))
    .filter(({ layer, config }) => layer.parameters.length > 0 || config.tiedTo !== undefined)
    .map(({ layer, config }) => ({ ...counterpartOf(layer.name, config, weights), layer: layer.name }));
}

/** The counterpart of a layer whose weights are called `path/kernel` and the like. */
function counterpartOf(path: string, config: LayerConfig, weights: OurWeights): Counterpart {
  switch (config.type) {
    case 'lstm':
    case 'gru':
    case 'simpleRnn':
    case 'projectedLstm':
      return recurrentCounterpart(path, [{ path, config }], weights);
    case 'bidirectional': {
      const { layer, backwardLayer = layer } = config as unknown as Record<string, LayerConfig>;
      const directions = [
        { path: `${path}/forward`, config: layer as LayerConfig },
        { path: `${path}/backward`, config: backwardLayer as LayerConfig },
      ];
      return recurrentCounterpart(path, directions, weights);
    }
    case 'timeDistributed': {
      const inner = config.layer as LayerConfig;
      return counterpartOf(`${path}/${inner.name || inner.type}`, inner, weights);
    }
    case 'dense':
      return linear(path, config, weights);
    case 'embedding':
      return copied(path, 'Embedding', [['weight', 'embeddings']], weights);
    case 'batchNormalization':
      return normalization(path, 'BatchNorm1d', weights);
    case 'layerNormalization':
      return normalization(path, 'LayerNorm', weights);
    default:
      throw new ConfigError(
        `${path} is a layer of type ${config.type}, which PyTorch has no module for, so it cannot be carried over: ` +
          'those of lstm, projectedLstm, gru, simpleRnn, bidirectional, dense, embedding, batchNormalization and ' +
          'layerNormalization can',
      );
  }
}

/** A module whose tensors are our weights as they are. */
function copied(
  path: string,
  type: string,
  pairs: readonly (readonly [theirs: string, ours: string])[],
  weights: OurWeights,
): Counterpart {
  const there = pairs.flatMap(([theirs, ours]) => {
    const weight = weights[`${path}/${ours}`];
    return weight ? [{ theirs, ours: `${path}/${ours}`, weight }] : [];
  });
  return {
    layer: path,
    type,
    tensors: there.map(({ theirs, weight }) => ({ name: theirs, shape: weight.shape })),
    fromTorch: (given) => new Map(there.map(({ theirs, ours }) => [ours, given.get(theirs) as Tensor])),
    toTorch: () => new Map(there.map(({ theirs, weight }) => [theirs, weight])),
  };
}

function linear(path: string, config: LayerConfig, weights: OurWeights): Counterpart {
  const bias = copied(path, 'Linear', [['bias', 'bias']], weights);
  const kernel = weights[`${path}/kernel`];
  const table = `${config.tiedTo}/embeddings`;
  // A kernel that is an embedding's table lies there as PyTorch has it.
  const weight = kernel ? transposed(kernel) : (weights[table] as Tensor);
  return {
    ...bias,
    tensors: [{ name: 'weight', shape: weight.shape }, ...bias.tensors],
    ...(kernel ? {} : { tied: { tensor: 'weight', weight: table } }),
    fromTorch: (given) => {
      const ours = bias.fromTorch(given);
      if (kernel) ours.set(`${path}/kernel`, transposed(given.get('weight') as Tensor));
      return ours;
    },
    toTorch: () => new Map([['weight', weight], ...bias.toTorch()]),
  };
}

/**
 * A normalization, whose gamma and beta PyTorch has both or neither. Where ours has one of them, the other is 1, or 0,
 * there, and has to be that to come back.
 */
function normalization(path: string, type: 'BatchNorm1d' | 'LayerNorm', weights: OurWeights): Counterpart {
  const has = (name: string) => weights[`${path}/${name}`] !== undefined;
  const own = copied(
    path,
    type,
    [
      ['weight', 'gamma'],
      ['bias', 'beta'],
      ['running_mean', 'movingMean'],
      ['running_var', 'movingVariance'],
    ],
    weights,
  );
  const lacking = [
    ...(has('gamma') ? [] : [{ name: 'weight', value: 1, option: 'scale' }]),
    ...(has('beta') ? [] : [{ name: 'bias', value: 0, option: 'center' }]),
  ];
  const { shape } = own.tensors[0] ?? { shape: [] };
  const batches =
    type === 'BatchNorm1d' ? [{ name: 'num_batches_tracked', shape: [], isOptional: true }] : [];
  return {
    ...own,
    tensors: [...own.tensors, ...lacking.map(({ name }) => ({ name, shape, isOptional: true })), ...batches],
    fromTorch: (given) => {
      for (const { name, value, option } of lacking) {
        if (given.get(name)?.data.every((number) => number === value) ?? true) continue;
        throw new ConfigError(
          `${path} has ${option}: false, but ${name} of its ${type} is not ${value} everywhere: leave the option out`,
        );
      }
      return own.fromTorch(given);
    },
    toTorch: () => {
      const tensors = own.toTorch();
      const [some] = tensors.values();
      if (lacking.length === 1) {
        for (const { name, value } of lacking) tensors.set(name, filledLike(some as Tensor, shape, value));
      }
      return tensors;
    },
  };
}
