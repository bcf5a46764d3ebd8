/** What the writer of a layer works with: the values that flow, and the layer's options and weights. */
import { ConfigError } from '../../core/errors.js';
import type { Tensor } from '../../core/tensor.js';
import type { LayerConfig, SampleShape } from '../../layers/layer.js';
import type { Weights } from '../../model/weights.js';
import type { NodeWriter } from './node-writer.js';

/** Which steps of a value are real. */
export interface Mask {
  /** [batch, steps], true where a step is real. */
  readonly name: string;
  /** [batch], where the real steps come first: how many they are. */
  readonly lengths?: string | undefined;
}

/** What flows: [batch, features] or [batch, steps, features]; ids [batch, steps]. */
export interface Value {
  readonly name: string;
  readonly shape: SampleShape;
  /** Missing where all steps are real. */
  readonly mask?: Mask | undefined;
  readonly isIds?: boolean;
}

export interface Scope {
  readonly w: NodeWriter;
  readonly opset: number;
  readonly config: LayerConfig;
  /** What the layer is called in the file, at this use. */
  readonly name: string;
  /** A weight of the layer; undefined where it has no such one. */
  weight(localName: string): Tensor | undefined;
  /** The weight as an input of nodes. */
  input(localName: string): string;
  /** A scope of the same layer for a part of it. */
  inner(config: LayerConfig): Scope;
  /** The layer's weights by the layer's name, for one that reads another's. */
  readonly weights: Weights;
}

/** A layer of one direction, or one of two. */
export interface Direction {
  readonly config: LayerConfig;
  /** What its weights' names begin with. */
  readonly prefix: string;
}

/** What has been run. */
export interface Ran {
  /** Each state after the last step, [D, B, H]. */
  readonly ends: readonly string[];
  /** h of every step in the order of the steps, [B, T, H] or [B, T, 2, H]. */
  steps(): string;
}

/** What cannot be said in ONNX, and why. */
export function cannotSay(scope: Scope, what: string, mend: string): ConfigError {
  return new ConfigError(`toOnnx: ${scope.config.name} has ${what}, which ONNX cannot say: ${mend}`);
}

/** x with zeros in masked steps. */
export function selected(w: NodeWriter, { name, mask }: Value): string {
  return mask === undefined ? name : (w.call('Select', [name, mask.name])[0] as string);
}

/** The mask of a step that is real in both. */
export function bothMasks(w: NodeWriter, a: Mask | undefined, b: Mask | undefined): Mask | undefined {
  if (a === undefined || b === undefined || a.name === b.name) return a ?? b;
  return { name: w.node('And', [a.name, b.name]) };
}
