/** A weight with its gradient. */
import type { Region } from './region.js';
import type { FloatArray, Shape } from './tensor.js';

/** A penalty on a weight, part of the loss. */
export interface Regularizer {
  /** What the weight `w` costs. */
  penalty(w: FloatArray): number;
  /** Adds the penalty's gradient to `dw`. */
  addGradient(w: FloatArray, dw: FloatArray): void;
  /** What a saved file holds, such as `{ name: 'l2', strength: 0.01 }`. */
  config(): { readonly name: string; readonly [option: string]: string | number };
}

/** A bound on a weight, which is brought back within it after every update. */
export interface Constraint {
  /** The axis that it works along; undefined where it looks at each number by itself. */
  readonly axis: number | undefined;
  /** Changes the weight `w` in place. */
  apply(w: FloatArray, shape: Shape): void;
  /** What a saved file holds, such as `{ name: 'maxNorm', maxValue: 2, axis: 0 }`. */
  config(): { readonly name: string; readonly [option: string]: string | number };
}

export interface Parameter {
  /** The layer's name and the weight's own: `lstm_1/kernel`. */
  readonly name: string;
  readonly shape: Shape;
  readonly value: Region;
  readonly gradient: Region;
  readonly regularizer: Regularizer | undefined;
  readonly constraint?: Constraint | undefined;
  /** Whether the optimizer changes it: what the layer it belongs to says. */
  readonly trainable: boolean;
}
