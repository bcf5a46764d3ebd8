/** Layers from what a saved file holds of them: the library's, and those that users register. */
import { ConfigError, FormatError } from '../core/errors.js';
import { describe } from '../core/options.js';
import { activation } from './activation.js';
import type { ActivationName } from './activations.js';
import { activityRegularization } from './activity-regularization.js';
import { additiveAttention, attention } from './attention.js';
import { attentionPooling1d } from './attention-pooling.js';
import { batchNormalization } from './batch-normalization.js';
import { bidirectional } from './bidirectional.js';
import { dense } from './dense.js';
import { dropout } from './dropout.js';
import { embedding } from './embedding.js';
import { gateRecurrenceLstm } from './gate-recurrence-lstm.js';
import {
  coupledLstm,
  noForgetGateLstm,
  noInputActivationLstm,
  noInputGateLstm,
  noOutputActivationLstm,
  noOutputGateLstm,
} from './greff-lstms.js';
import { gru } from './gru.js';
import { input } from './input.js';
import type { Layer, LayerConfig, LayerOptions, SampleShape } from './layer.js';
import { layerNormLstm } from './layer-norm-lstm.js';
import { layerNormalization } from './layer-normalization.js';
import { lstm } from './lstm.js';
import { masking } from './masking.js';
import { add, concatenate, multiply } from './merging.js';
import { gaussianNoise, spatialDropout1d } from './noise.js';
import { peepholeLstm } from './peephole-lstm.js';
import { globalAveragePooling1d, globalMaxPooling1d } from './pooling.js';
import { projectedLstm } from './projected-lstm.js';
import { flatten, repeatVector, reshape } from './reshape.js';
import { simpleRnn } from './simple-rnn.js';
import { timeDistributed } from './time-distributed.js';
import { zoneoutLstm } from './zoneout-lstm.js';

type Options = LayerOptions & Record<string, unknown>;

const factories: Record<string, (options: Options) => Layer> = {
  activityRegularization: (options) => activityRegularization(options),
  activation: ({ activation: name, ...options }) => activation(name as ActivationName, options),
  add: (options) => add(options),
  additiveAttention: (options) => additiveAttention(options),
  attention: (options) => attention(options),
  attentionPooling1d: ({ units, ...options }) => attentionPooling1d(units as number, options),
  batchNormalization: (options) => batchNormalization(options),
  bidirectional: ({ layer, backwardLayer, ...options }) => {
    const inner = (config: unknown) => layerFromConfig(config as LayerConfig);
    const backward = backwardLayer === undefined ? {} : { backwardLayer: inner(backwardLayer) };
    return bidirectional(inner(layer), { ...options, ...backward });
  },
  concatenate: (options) => concatenate(options),
  coupledLstm: ({ units, ...options }) => coupledLstm(units as number, options),
  dense: ({ units, ...options }) => dense(units as number, options),
  dropout: ({ rate, ...options }) => dropout(rate as number, options),
  embedding: ({ vocabulary, units, ...options }) => embedding(vocabulary as number, units as number, options),
  flatten: (options) => flatten(options),
  gateRecurrenceLstm: ({ units, ...options }) => gateRecurrenceLstm(units as number, options),
  gaussianNoise: ({ stddev, ...options }) => gaussianNoise(stddev as number, options),
  globalAveragePooling1d: (options) => globalAveragePooling1d(options),
  globalMaxPooling1d: (options) => globalMaxPooling1d(options),
  gru: ({ units, ...options }) => gru(units as number, options),
  input: (options) => input(options as Options & { shape: SampleShape }),
  layerNormalization: (options) => layerNormalization(options),
  layerNormLstm: ({ units, ...options }) => layerNormLstm(units as number, options),
  lstm: ({ units, ...options }) => lstm(units as number, options),
  masking: (options) => masking(options),
  multiply: (options) => multiply(options),
  noForgetGateLstm: ({ units, ...options }) => noForgetGateLstm(units as number, options),
  noInputActivationLstm: ({ units, ...options }) => noInputActivationLstm(units as number, options),
  noInputGateLstm: ({ units, ...options }) => noInputGateLstm(units as number, options),
  noOutputActivationLstm: ({ units, ...options }) => noOutputActivationLstm(units as number, options),
  noOutputGateLstm: ({ units, ...options }) => noOutputGateLstm(units as number, options),
  peepholeLstm: ({ units, ...options }) => peepholeLstm(units as number, options),
  projectedLstm: ({ units, projection, ...options }) =>
    projectedLstm(units as number, projection as number, options),
  repeatVector: ({ times, ...options }) => repeatVector(times as number, options),
  reshape: ({ shape, ...options }) => reshape(shape as number[], options),
  simpleRnn: ({ units, ...options }) => simpleRnn(units as number, options),
  spatialDropout1d: ({ rate, ...options }) => spatialDropout1d(rate as number, options),
  timeDistributed: ({ layer, ...options }) => timeDistributed(layerFromConfig(layer as LayerConfig), options),
  zoneoutLstm: ({ units, ...options }) => zoneoutLstm(units as number, options),
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
