/** The weights of a model as a PyTorch state dict, and back. */
import { ConfigError, FormatError } from '../../core/errors.js';
import { checkOptions, describe } from '../../core/options.js';
import type { StoredTensor } from '../../core/safetensors.js';
import type { FloatArray, Tensor } from '../../core/tensor.js';
import { Model } from '../../model/model.js';
import type { Weights } from '../../model/weights.js';
import { checkFloatDtype, type FloatDtype, toStored, toTensor } from '../numbers.js';
import type { Counterpart } from './counterpart.js';
import { counterpartsOf } from './counterparts.js';
import { checkNames, type ModuleNames, match, nameOf } from './matching.js';
import { partsOf, type StateDict, tensorName } from './modules.js';

export interface FromTorchOptions {
  /**
   * Which module is which layer: `{ lstm_1: 'encoder.lstm' }`. Layers that are given the same name are, one after the
   * other, the layers of that recurrent module. What is not named is found by its shapes.
   */
  names?: ModuleNames;
}

export interface ToTorchOptions {
  /**
   * What the modules are called: `{ lstm_1: 'encoder', lstm_2: 'encoder' }` makes both the layers of one `nn.LSTM`, and
   * `{ lstm_1: '' }` is the state dict of a module by itself. By default each layer is a module of its own name.
   */
  names?: ModuleNames;
  /** What the numbers are rounded to; F32, or F64 of a model in double precision, by default. */
  dtype?: FloatDtype;
}

/**
 * The weights of a model from a PyTorch state dict. The model says what the modules are: it has to be built, with the
 * same layers in the same order.
 *
 * @param stateDict  what `readTorchFile(...)`, or `readSafetensors(...).tensors`, gave
 * @returns what `model.setWeights` takes; the model is as it was
 * @throws FormatError when a layer has no module, or a module no layer, or a number is not finite; all are named
 * @throws ConfigError for a layer that PyTorch has not, and where several modules could be meant
 *
 * @example model.setWeights(fromTorchStateDict(await readTorchFile(bytes), model));
 */
export function fromTorchStateDict(
  stateDict: StateDict,
  model: Model<FloatArray>,
  options: FromTorchOptions = {},
): Weights {
  checkModel('fromTorchStateDict', model);
  checkOptions('fromTorchStateDict', options, ['names']);
  const counterparts = counterpartsOf(model.layers, model.getWeights());
  const parts = match(counterparts, partsOf(stateDict), options.names ?? {});
  const weights = new Map<string, Tensor>();
  const given = parts.map((part) => {
    const tensors = [...part.tensors].filter(([own]) => own !== 'num_batches_tracked');
    return new Map(tensors.map(([own, stored]) => [own, toTensor(stored, `'${tensorName(part, own)}'`)]));
  });
  counterparts.forEach(({ fromTorch }, i) => {
    for (const [name, tensor] of fromTorch(given[i] as Map<string, Tensor>)) weights.set(name, tensor);
  });
  counterparts.forEach((counterpart, i) => {
    checkTied(counterpart, given[i] as Map<string, Tensor>, weights);
  });
  for (const [name, { data }] of weights) checkFinite(name, data, model.precision === 'float32');
  return Object.fromEntries(weights);
}

/**
 * The weights of a model as a PyTorch state dict, which `load_state_dict` takes: tensors by name, for `writeTorchFile`
 * and `writeSafetensors`.
 *
 * @throws ConfigError for a layer that PyTorch has not, or layers that cannot be one module; they are named
 * @throws DataError for a number that `dtype` cannot hold
 *
 * @example const bytes = writeTorchFile(toTorchStateDict(model, { names: { lstm_1: 'lstm', dense_1: 'head' } }));
 */
export function toTorchStateDict(
  model: Model<FloatArray>,
  options: ToTorchOptions = {},
): Map<string, StoredTensor> {
  checkModel('toTorchStateDict', model);
  checkOptions('toTorchStateDict', options, ['names', 'dtype']);
  const { names = {} } = options;
  const dtype = checkFloatDtype('toTorchStateDict: dtype', options.dtype);
  const counterparts = counterpartsOf(model.layers, model.getWeights());
  checkNames(counterparts, names);
  const stacks = new Map<string, Counterpart[]>();
  const stateDict = new Map<string, StoredTensor>();
  for (const counterpart of counterparts) {
    const module = nameOf(names, counterpart.layer) ?? counterpart.layer;
    const stack = stacks.get(module) ?? [];
    checkStack(module, stack, counterpart);
    stacks.set(module, [...stack, counterpart]);
    const layer = counterpart.stack ? stack.length : undefined;
    for (const [own, tensor] of counterpart.toTorch()) {
      const name = tensorName({ module, layer }, own);
      stateDict.set(name, toStored(tensor, dtype, `'${name}'`));
    }
    if (counterpart.type === 'BatchNorm1d') {
      stateDict.set(tensorName({ module, layer }, 'num_batches_tracked'), {
        dtype: 'I64',
        shape: [],
        data: BigInt64Array.of(0n),
      });
    }
  }
  return stateDict;
}

/** Refuses layers of one module that PyTorch would not have in one. */
function checkStack(module: string, stack: readonly Counterpart[], counterpart: Counterpart): void {
  const [first] = stack;
  if (!first) return;
  const { layer, type, tensors } = counterpart;
  const fail = (why: string): never => {
    throw new ConfigError(`names: ${first.layer} and ${layer} are both '${module}', but ${why}`);
  };
  if (!first.stack || !counterpart.stack || first.type !== type) {
    fail(`an nn.${first.type} and an nn.${type} are not the layers of one module`);
  } else {
    for (const what of ['units', 'directions', 'hasBias'] as const) {
      if (first.stack[what] !== counterpart.stack[what])
        fail(`the layers of one nn.${type} are alike, and these differ in ${what}`);
    }
  }
  const before = (stack.at(-1) as Counterpart).tensors.find(({ name }) => name === 'weight_hh')
    ?.shape[1] as number;
  const width = before * (first.stack?.directions ?? 1);
  const inputs = tensors[0]?.shape[1];
  if (inputs !== width) fail(`${layer} reads ${inputs} features where the layer before it gives ${width}`);
}

/** Refuses what no weight can be: NaN, and numbers beyond the model's precision. */
function checkFinite(name: string, data: FloatArray, inSingle: boolean): void {
  const bad = data.findIndex((value) => !Number.isFinite(inSingle ? Math.fround(value) : value));
  if (bad === -1) return;
  throw new FormatError(`the state dict has ${data[bad]} for the weight '${name}', at index ${bad}`);
}

/** A tensor that is a weight of another layer, too, has to be that. */
function checkTied(
  { layer, tied }: Counterpart,
  given: ReadonlyMap<string, Tensor>,
  weights: ReadonlyMap<string, Tensor>,
): void {
  if (!tied) return;
  const [theirs, ours] = [given.get(tied.tensor)?.data, weights.get(tied.weight)?.data];
  if (theirs?.every((number, i) => number === ours?.[i])) return;
  throw new FormatError(
    `${layer} is tied to ${tied.weight}, but ${tied.tensor} of its module differs from that: leave tiedTo out`,
  );
}

function checkModel(where: string, model: unknown): void {
  if (model instanceof Model) return;
  throw new ConfigError(`${where} takes a model, sequential([...]), but got ${describe(model)}`);
}
