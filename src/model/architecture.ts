/** What a model is made of, without its weights, as plain JSON: what files hold of it, and `model.toJSON()` gives. */
import type { Precision } from '../backend/memory.js';
import type { FloatArray } from '../core/tensor.js';
import type { Layer, LayerConfig, SampleShape } from '../layers/layer.js';
import type { Model } from './model.js';
import { ONE_PORT, type PortNames } from './ports.js';

export interface ChainArchitecture {
  readonly type: 'sequential';
  /** In order. One that stands twice is used twice. */
  readonly layers: readonly LayerConfig[];
  /** The shape of a row; null where the model is not built yet. */
  readonly inputShape: SampleShape | null;
}

export interface GraphArchitecture {
  readonly type: 'functional';
  /** Each once. */
  readonly layers: readonly LayerConfig[];
  /** The uses of the layers in order; the values are numbered as in graph.ts. */
  readonly nodes: readonly { readonly layer: number; readonly inputs: readonly number[] }[];
  readonly inputs: PortNames;
  readonly outputs: PortNames & { readonly values: readonly number[] };
}

export type Architecture = ChainArchitecture | GraphArchitecture;

/** What `model.toJSON()` gives and `modelFromJSON` takes. */
export type ModelJSON = Architecture & {
  /** The version of the layout. */
  readonly format: string;
  readonly seed: number;
  readonly precision: Precision;
};

/** The version of the layout of what files and JSON say of a model. */
export const FORMAT = '1';

export function describeArchitecture(model: Model<FloatArray>): Architecture {
  const { layers } = model;
  const { graph, inputPorts, outputPorts, network } = model.internals;
  const configs = layers.map((layer) => layer.config());
  if (inputPorts === ONE_PORT) {
    return { type: 'sequential', layers: configs, inputShape: network?.inputShapes[0] ?? null };
  }
  return {
    type: 'functional',
    layers: configs,
    nodes: graph.nodes.map(({ layer, inputs }) => ({ layer: layers.indexOf(layer as Layer), inputs })),
    inputs: namesOf(inputPorts),
    outputs: { ...namesOf(outputPorts), values: graph.outputs },
  };
}

function namesOf({ form, names }: PortNames): PortNames {
  return { form, names };
}

/** What the model is made of, its seed and its precision: what makes one with the same first weights. */
export function toModelJSON(model: Model<FloatArray>): ModelJSON {
  const { seed, precision } = model;
  return { format: FORMAT, ...describeArchitecture(model), seed, precision };
}
