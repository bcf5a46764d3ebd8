/**
 * A model made of a state dict alone, where its shapes leave one way to do it: modules one behind the other, each as wide
 * as the one before it gives, a Linear at the end at most, since nothing says what stands between two of them.
 */
import { ConfigError, FormatError } from '../../core/errors.js';
import { checkBoolean, checkOptions } from '../../core/options.js';
import { formatShape, type Shape } from '../../core/tensor.js';
import type { ActivationName } from '../../layers/activations.js';
import { batchNormalization } from '../../layers/batch-normalization.js';
import { bidirectional } from '../../layers/bidirectional.js';
import { dense } from '../../layers/dense.js';
import { embedding } from '../../layers/embedding.js';
import { gru } from '../../layers/gru.js';
import type { Layer } from '../../layers/layer.js';
import { layerNormalization } from '../../layers/layer-normalization.js';
import { lstm } from '../../layers/lstm.js';
import { projectedLstm } from '../../layers/projected-lstm.js';
import { type Sequential, sequential } from '../../model/sequential.js';
import { type ModulePart, partsOf, type StateDict } from './modules.js';
import { fromTorchStateDict } from './state-dict.js';

export interface FromShapesOptions {
  /** The modules in the order in which they run; by default the one order in which their sizes fit. */
  order?: readonly string[];
  /** Whether the output is of every step, or of the last one (the default). */
  returnSequences?: boolean;
  /** What the outputs go through; `linear` by default. */
  activation?: ActivationName;
}

/** A module with what it takes and gives. */
interface Link {
  readonly module: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly isRecurrent: boolean;
  readonly isLast: boolean;
  readonly isFirst: boolean;
  /** Its layers; the last one gives every step, or not. */
  readonly layers: (everyStep: boolean) => Layer[];
}

/** So many modules are put in order by trying. */
const MOST_TRIED = 8;
/** PyTorch's own, which a state dict does not hold. */
const EPSILON = 1e-5;

/**
 * A model of the modules that a PyTorch state dict holds, with their weights: an Embedding, if any, LSTM and GRU, of any
 * layers and directions, BatchNorm1d and LayerNorm with PyTorch's epsilon, a Linear at the end.
 *
 * @throws FormatError for a module that says too little: an RNN (tanh or relu), a Linear that is not the last
 * @throws ConfigError when the modules fit together in no order, or in several; `order` says which
 *
 * @example const model = modelFromStateDict(await readTorchFile(bytes), { activation: 'softmax' });
 */
export function modelFromStateDict(stateDict: StateDict, options: FromShapesOptions = {}): Sequential {
  checkOptions('modelFromStateDict', options, ['order', 'returnSequences', 'activation']);
  const { order, activation } = options;
  const returnSequences = checkBoolean(
    'modelFromStateDict: returnSequences',
    options.returnSequences ?? false,
  );
  const modules = new Map<string, ModulePart[]>();
  for (const part of partsOf(stateDict)) {
    const parts = modules.get(part.module);
    if (parts) parts.push(part);
    else modules.set(part.module, [part]);
  }
  if (modules.size === 0) throw new FormatError('the state dict holds no modules');
  const links = [...modules.values()].map((parts) => toLink(parts, activation));
  const chain = order === undefined ? onlyOrder(links) : givenOrder(links, order);
  const last = chain.map(({ isRecurrent }) => isRecurrent).lastIndexOf(true);
  const names: Record<string, string> = {};
  const layers = chain.flatMap((link, i) =>
    link.layers(i !== last || returnSequences).map((layer, k) => {
      layer.name = `${link.module.replaceAll('/', '_') || 'module'}${k === 0 ? '' : `_l${k}`}`;
      names[layer.name] = link.module;
      return layer;
    }),
  );
  const [first] = chain as [Link];
  const model = sequential(layers);
  model.build(last === -1 ? [first.inputs] : [null, first.isFirst ? 1 : first.inputs]);
  model.setWeights(fromTorchStateDict(stateDict, model, { names }));
  return model;
}

function toLink(parts: readonly ModulePart[], activation: ActivationName | undefined): Link {
  const [{ module, tensors }] = parts as [ModulePart];
  const common = { module, isRecurrent: false, isFirst: false, isLast: false };
  const weight = tensors.get('weight')?.shape ?? tensors.get('running_mean')?.shape;
  if (tensors.has('weight_ih')) return recurrentLink(parts);
  const [rows, columns] = weight ?? [];
  if (weight?.length === 1) {
    const [scale, center] = [tensors.has('weight'), tensors.has('bias')];
    const given = { epsilon: EPSILON, scale, center };
    const layer = () => (tensors.has('running_mean') ? batchNormalization(given) : layerNormalization(given));
    return { ...common, inputs: rows as number, outputs: rows as number, layers: () => [layer()] };
  }
  if (weight?.length !== 2)
    throw unsaid(module, `its weight is ${weight ? formatShape(weight) : 'not there'}`);
  if (tensors.has('bias')) {
    const layers = () => [dense(rows as number, activation === undefined ? {} : { activation })];
    return { ...common, inputs: columns as number, outputs: rows as number, isLast: true, layers };
  }
  // Without a bias it is taken for an embedding's table.
  const layers = () => [embedding(rows as number, columns as number)];
  return { ...common, inputs: 1, outputs: columns as number, isFirst: true, layers };
}

function recurrentLink(parts: readonly ModulePart[]): Link {
  const [{ module, tensors }] = parts as [ModulePart];
  const shape = (name: string) => tensors.get(name)?.shape as Shape | undefined;
  const [rows, inputs] = shape('weight_ih') ?? [];
  const width = shape('weight_hh')?.[1];
  const units = shape('weight_hr')?.[1] ?? width;
  const gates = (rows ?? 0) / (units ?? 0);
  if (
    rows === undefined ||
    inputs === undefined ||
    width === undefined ||
    units === undefined ||
    (gates !== 3 && gates !== 4)
  ) {
    throw unsaid(
      module,
      gates === 1 ? 'an RNN may be of tanh or of relu' : 'its matrices are of no LSTM and no GRU',
    );
  }
  const isBoth = tensors.has('weight_ih_reverse');
  const useBias = tensors.has('bias_ih');
  const layer = (returnSequences: boolean) => {
    const given = { returnSequences, useBias };
    const one =
      gates === 3
        ? gru(units, given)
        : units === width
          ? lstm(units, given)
          : projectedLstm(units, width, given);
    return isBoth ? bidirectional(one) : one;
  };
  return {
    module,
    inputs,
    outputs: width * (isBoth ? 2 : 1),
    isRecurrent: true,
    isFirst: false,
    isLast: false,
    layers: (everyStep) => parts.map((_, k) => layer(everyStep || k < parts.length - 1)),
  };
}

function unsaid(module: string, why: string): FormatError {
  return new FormatError(
    `the state dict does not say what '${module}' does: ${why}; make the model and give it to fromTorchStateDict`,
  );
}

/** Whether one may stand behind the other. */
function fits(before: Link | undefined, after: Link): boolean {
  if (before === undefined) return true;
  return !before.isLast && !after.isFirst && before.outputs === after.inputs;
}

/** The one order in which all fit. */
function onlyOrder(links: readonly Link[]): Link[] {
  if (links.length > MOST_TRIED) {
    throw new ConfigError(
      `modelFromStateDict: ${links.length} modules can stand in many orders: give { order: [...] }`,
    );
  }
  const orders: Link[][] = [];
  const grow = (chain: readonly Link[], left: readonly Link[]) => {
    if (left.length === 0) orders.push([...chain]);
    for (const link of left) {
      if (orders.length < 2 && fits(chain.at(-1), link))
        grow(
          [...chain, link],
          left.filter((other) => other !== link),
        );
    }
  };
  grow([], links);
  const [first] = orders;
  if (first && orders.length === 1) return first;
  const names = links
    .map(({ module, inputs, outputs }) => `'${module}' (${inputs} to ${outputs})`)
    .join(', ');
  throw new ConfigError(
    `modelFromStateDict: ${names} fit together in ${first ? 'more than one order' : 'no order'}: ` +
      'give { order: [...] }, or make the model and give it to fromTorchStateDict',
  );
}

function givenOrder(links: readonly Link[], order: readonly string[]): Link[] {
  const chain = order.map((name) => links.find(({ module }) => module === name));
  const isWhole = chain.every((link) => link !== undefined) && new Set(order).size === links.length;
  if (!isWhole || order.length !== links.length) {
    const names = links.map(({ module }) => `'${module}'`).join(', ');
    throw new ConfigError(
      `modelFromStateDict: order names each module once, ${names}, but is ${order.join(', ')}`,
    );
  }
  (chain as Link[]).forEach((link, i) => {
    const before = (chain as Link[])[i - 1];
    if (fits(before, link)) return;
    throw new ConfigError(
      `modelFromStateDict: '${link.module}' takes ${link.inputs} numbers and cannot stand behind '${before?.module}', ` +
        `which gives ${before?.outputs}`,
    );
  });
  return chain as Link[];
}
