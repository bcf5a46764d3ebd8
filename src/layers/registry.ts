/** Layers from what a saved file holds of them: the library's, and those that users register. */
import { ConfigError, FormatError } from '../core/errors.js';
import { describe } from '../core/options.js';
import { activation } from './activation.js';
import type { ActivationName } from './activations.js';
import { bidirectional } from './bidirectional.js';
import { dense } from './dense.js';
import { dropout } from './dropout.js';
import { gru } from './gru.js';
import { input } from './input.js';
import type { Layer, LayerConfig, LayerOptions, SampleShape } from './layer.js';
import { lstm } from './lstm.js';
import { masking } from './masking.js';
import { simpleRnn } from './simple-rnn.js';

type Options = LayerOptions & Record<string, unknown>;

const factories: Record<string, (options: Options) => Layer> = {
  activation: ({ activation: name, ...options }) => activation(name as ActivationName, options),
  bidirectional: ({ layer, backwardLayer, ...options }) => {
    const inner = (config: unknown) => layerFromConfig(config as LayerConfig);
    const backward = backwardLayer === undefined ? {} : { backwardLayer: inner(backwardLayer) };
    return bidirectional(inner(layer), { ...options, ...backward });
  },
  dense: ({ units, ...options }) => dense(units as number, options),
  dropout: ({ rate, ...options }) => dropout(rate as number, options),
  gru: ({ units, ...options }) => gru(units as number, options),
  input: (options) => input(options as Options & { shape: SampleShape }),
  lstm: ({ units, ...options }) => lstm(units as number, options),
  masking: (options) => masking(options),
  simpleRnn: ({ units, ...options }) => simpleRnn(units as number, options),
};

/** The layers of users, by their type. */
const registered = new Map<string, (options: Options) => Layer>();

/**
 * Makes a layer of your own known, so that files, checkpoints and JSON with it load.
 *
 * @param type  the layer's `type`
 * @param make  makes the layer of its options, with `name` and `trainable` among them: what its `options()` gave
 * @throws ConfigError for the type of a layer of this library
 *
 * @example registerLayer('scale', (options) => scale(options));
 */
export function registerLayer(type: string, make: (options: Options) => Layer): void {
  if (typeof type !== 'string' || type === '' || typeof make !== 'function') {
    throw new ConfigError(
      `registerLayer takes a type and a function but got ${describe(type)} and ${describe(make)}`,
    );
  }
  if (Object.hasOwn(factories, type)) {
    throw new ConfigError(`registerLayer: '${type}' is a layer of this library: give yours another type`);
  }
  registered.set(type, make);
}

/** @throws FormatError for a type that is not known; ConfigError for options that are not */
export function layerFromConfig(config: LayerConfig): Layer {
  const type = typeof config === 'object' && config !== null ? config.type : config;
  const make = Object.hasOwn(factories, String(type))
    ? factories[String(type)]
    : registered.get(String(type));
  if (make === undefined) {
    throw new FormatError(
      `the file holds a layer of type ${describe(type)}, which this version does not know; ` +
        'one of your own is made known by registerLayer',
    );
  }
  const { type: _, ...options } = config;
  return make(options);
}
