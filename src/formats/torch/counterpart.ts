/** A layer beside the module of PyTorch that does the same: what counterparts.ts makes of each. */
import type { Shape, Tensor } from '../../core/tensor.js';

/** A tensor of a module. */
export interface TorchTensor {
  /** Without the number of the layer: `weight_ih_reverse`. */
  readonly name: string;
  readonly shape: Shape;
  /** Whether the module may be without it; false by default. */
  readonly isOptional?: boolean;
}

/** A layer of ours beside the module that does the same. */
export interface Counterpart {
  /** Our layer's name. */
  readonly layer: string;
  /** The module's type: `LSTM`. */
  readonly type: string;
  /** Of a recurrent module, what all of its layers share; one that is not recurrent is of one layer. */
  readonly stack?: { readonly units: number; readonly directions: number; readonly hasBias: boolean };
  /** The module's tensors, in PyTorch's order. */
  readonly tensors: readonly TorchTensor[];
  /** The weight of ours that a tensor has to be equal to, where it is not one of the layer's own. */
  readonly tied?: { readonly tensor: string; readonly weight: string };
  /** Our weights, by their names in the model, from the module's tensors. */
  readonly fromTorch: (given: ReadonlyMap<string, Tensor>) => Map<string, Tensor>;
  /** The module's tensors from our weights. */
  readonly toTorch: () => Map<string, Tensor>;
}

/** Our weights by their names in the model. */
export type OurWeights = Readonly<Record<string, Tensor>>;
