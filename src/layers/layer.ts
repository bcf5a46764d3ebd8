/** A layer as users have it: named in files, used in functional models, streamed. What it computes is CoreLayer's. */
import { ConfigError } from '../core/errors.js';
import { describe } from '../core/options.js';
import { CoreLayer } from './core-layer.js';

export {
  isTrainable,
  type LayerOptions,
  LayerParameter,
  layerOptionNames,
  learns,
  onlyInput,
  type SampleShape,
  type WeightRules,
} from './core-layer.js';

/** What a saved file holds of a layer: its type, its name and its options, as plain JSON. */
export interface LayerConfig {
  readonly type: string;
  readonly name: string;
  readonly [option: string]: unknown;
}

/** A use of a layer on what others give. */
export interface LayerCall {
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];
}

/** What will flow in a model that is being described: an input, or an output of a layer's use. */
export interface SymbolicTensor {
  readonly call: LayerCall;
  /** Which of the layer's outputs it is. */
  readonly index: number;
}

/** A layer's output; where it has several they are taken apart: `const [y, h, c] = layer.on(x)`. */
export interface SymbolicOutput extends SymbolicTensor, Iterable<SymbolicTensor> {}

export abstract class Layer extends CoreLayer {
  /** How many ids there are where the layer takes token ids, whole numbers from 0; `ids` says how they are read. */
  get idsBelow(): number | undefined {
    return undefined;
  }

  /** The options that differ from call to call, all written out, as plain JSON. */
  protected abstract options(): Record<string, unknown>;

  /** Lets the next batch of a stateful layer begin anew. */
  resetStates(): void {
    this.setStateAside();
  }

  /**
   * Uses the layer in a functional model: on one input, or on several where the layer takes several. Every use of
   * a layer has the same weights, and their gradients add up.
   *
   * @param inputs  inputs of the model, or what other layers gave
   * @throws ConfigError for anything else
   *
   * @example
   * const purchases = input({ shape: [null, 4] });
   * const chance = dense(1, { activation: 'sigmoid' }).on(lstm(32).on(purchases));
   */
  on(...inputs: readonly SymbolicTensor[]): SymbolicOutput {
    inputs.forEach((input, i) => void checkSymbolic(this, input, i));
    const call: LayerCall = { layer: this, inputs };
    const { outputCount } = this;
    return {
      call,
      index: 0,
      *[Symbol.iterator]() {
        for (let index = 0; index < outputCount; index++) yield { call, index };
      },
    };
  }

  config(): LayerConfig {
    return { type: this.type, name: this.name, trainable: this.trainable, ...this.options() };
  }
}

/**
 * TensorFlow.js has `lstm({ units: 64 })` where this library has `lstm(64)`.
 *
 * @throws ConfigError for an object that holds `option`, with what to write instead
 */
export function checkFirst(layer: string, what: string, option: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || !(option in value)) return;
  const given = describe((value as Record<string, unknown>)[option]);
  const [others, theirs] = Object.keys(value).length > 1 ? [', { ... }', ', ...'] : ['', ''];
  throw new ConfigError(
    `${layer} takes ${what} first: write ${layer}(${given}${others}) ` +
      `instead of ${layer}({ ${option}: ${given}${theirs} })`,
  );
}

/** @throws ConfigError for what is not a layer */
export function checkLayer(layer: Layer, what: string): void {
  if (layer instanceof Layer) return;
  throw new ConfigError(
    `${what} is not a layer but ${describe(layer)}: write lstm(32), dense(1) and the like`,
  );
}

function checkSymbolic(layer: Layer, value: unknown, index: number): void {
  if (typeof value === 'object' && value !== null && 'call' in value) return;
  const isLayer = value instanceof Layer;
  const found = isLayer ? `the layer ${value.type}` : describe(value);
  const mend = isLayer
    ? `use that layer too, ${value.type}(...).on(...)`
    : Array.isArray(value)
      ? 'write on(a, b), without brackets'
      : value === undefined
        ? 'a layer has further outputs only where its options ask for them'
        : "write on(x), x an input(...) or what another layer's on(...) gave";
  throw new ConfigError(
    `${layer.name || layer.type}.on: input ${index} is ${found}, which is nothing that a layer gives: ${mend}`,
  );
}
