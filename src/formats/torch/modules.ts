/**
 * The modules of a PyTorch state dict. It is a flat list of tensors, `encoder.lstm.weight_ih_l1_reverse`: what stands
 * before the last point is the module, what stands behind it the tensor. A recurrent module of several layers is
 * several parts here, one a layer, since each of them is a layer of its own in this library.
 *
 * Names: https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html, section Variables.
 */
import { DataError, FormatError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import type { StoredTensor } from '../../core/safetensors.js';
import { formatShape } from '../../core/tensor.js';

/** Tensors by name, in the order of the file: what `readTorchFile` and `readSafetensors` give. */
export type StateDict = ReadonlyMap<string, StoredTensor>;

/** A module, or one layer of a recurrent one. */
export interface ModulePart {
  /** The module: `encoder.lstm`; empty where the state dict is of one module. */
  readonly module: string;
  /** Which of a recurrent module's layers it is; undefined of a cell and of what is not recurrent. */
  readonly layer: number | undefined;
  /** By their names without the layer's number: `weight`, `weight_ih`, `weight_ih_reverse`. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

const RECURRENT = /^(weight_ih|weight_hh|bias_ih|bias_hh|weight_hr)(?:_l(\d{1,9})(_reverse)?)?$/;
const PLAIN = /^(weight|bias|running_mean|running_var|num_batches_tracked)$/;

/**
 * The parts of a state dict in its order, the layers of one module from the first to the last.
 *
 * @throws FormatError for a tensor that belongs to no module with a counterpart here
 */
export function partsOf(stateDict: StateDict): ModulePart[] {
  const modules = new Map<string, Map<number | undefined, Map<string, StoredTensor>>>();
  for (const [name, tensor] of checkStateDict(stateDict)) {
    const { module, own } = splitName(name);
    const [, base = '', layer, reverse = ''] = RECURRENT.exec(own) ?? PLAIN.exec(own) ?? [];
    if (base === '') {
      throw new FormatError(
        `the state dict holds '${name}' ${formatShape(tensor.shape)}, which belongs to no module that this library has: ` +
          'it knows LSTM, GRU, RNN, Linear, Embedding, BatchNorm1d and LayerNorm',
      );
    }
    const index = layer === undefined ? undefined : Number(layer);
    const layers = modules.get(module) ?? new Map<number | undefined, Map<string, StoredTensor>>();
    const tensors = layers.get(index) ?? new Map<string, StoredTensor>();
    modules.set(module, layers.set(index, tensors.set(base + reverse, tensor)));
  }
  return [...modules].flatMap(([module, layers]) => {
    const indices = [...layers.keys()].sort((a, b) => (a ?? 0) - (b ?? 0));
    return indices.map((layer) => ({ module, layer, tensors: layers.get(layer) ?? new Map() }));
  });
}

/** What a tensor of a part is called in the state dict. */
export function tensorName({ module, layer }: Pick<ModulePart, 'module' | 'layer'>, own: string): string {
  return joinName(module, layer === undefined ? own : withLayer(own, layer));
}

/** `weight_ih_reverse` of the second layer is `weight_ih_l1_reverse`. */
function withLayer(own: string, layer: number): string {
  const isReverse = own.endsWith('_reverse');
  return `${isReverse ? own.slice(0, -'_reverse'.length) : own}_l${layer}${isReverse ? '_reverse' : ''}`;
}

function joinName(module: string, own: string): string {
  return module === '' ? own : `${module}.${own}`;
}

function splitName(name: string): { module: string; own: string } {
  const point = name.lastIndexOf('.');
  return { module: name.slice(0, Math.max(point, 0)), own: name.slice(point + 1) };
}

/** A part in words: `lstm, layer 1, with weight_ih_l1 [256, 64], ...`. */
export function describePart(part: ModulePart): string {
  const tensors = [...part.tensors].map(
    ([own, { shape }]) => `${tensorName(part, own)} ${formatShape(shape)}`,
  );
  return tensors.join(', ');
}

function checkStateDict(stateDict: StateDict): StateDict {
  if (stateDict instanceof Map) return stateDict;
  throw new DataError(
    `a state dict is a Map of stored tensors, as readTorchFile and readSafetensors(...).tensors give, ` +
      `but got ${describe(stateDict)}`,
  );
}
