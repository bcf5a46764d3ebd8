/** Layers from what a saved file holds of them. */
import { FormatError } from '../core/errors.js';
import { describe } from '../core/options.js';
import { activation } from './activation.js';
import type { ActivationName } from './activations.js';
import { bidirectional } from './bidirectional.js';
import { dense } from './dense.js';
import { dropout } from './dropout.js';
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
import { lstm } from './lstm.js';
import { masking } from './masking.js';
import { peepholeLstm } from './peephole-lstm.js';
import { projectedLstm } from './projected-lstm.js';
import { simpleRnn } from './simple-rnn.js';
import { zoneoutLstm } from './zoneout-lstm.js';

type Options = LayerOptions & Record<string, unknown>;

const factories: Record<string, (options: Options) => Layer> = {
  activation: ({ activation: name, ...options }) => activation(name as ActivationName, options),
  bidirectional: ({ layer, backwardLayer, ...options }) => {
    const inner = (config: unknown) => layerFromConfig(config as LayerConfig);
    const backward = backwardLayer === undefined ? {} : { backwardLayer: inner(backwardLayer) };
    return bidirectional(inner(layer), { ...options, ...backward });
  },
  coupledLstm: ({ units, ...options }) => coupledLstm(units as number, options),
  dense: ({ units, ...options }) => dense(units as number, options),
  dropout: ({ rate, ...options }) => dropout(rate as number, options),
  gru: ({ units, ...options }) => gru(units as number, options),
  input: (options) => input(options as Options & { shape: SampleShape }),
  layerNormLstm: ({ units, ...options }) => layerNormLstm(units as number, options),
  lstm: ({ units, ...options }) => lstm(units as number, options),
  masking: (options) => masking(options),
  noForgetGateLstm: ({ units, ...options }) => noForgetGateLstm(units as number, options),
  noInputActivationLstm: ({ units, ...options }) => noInputActivationLstm(units as number, options),
  noInputGateLstm: ({ units, ...options }) => noInputGateLstm(units as number, options),
  noOutputActivationLstm: ({ units, ...options }) => noOutputActivationLstm(units as number, options),
  noOutputGateLstm: ({ units, ...options }) => noOutputGateLstm(units as number, options),
  peepholeLstm: ({ units, ...options }) => peepholeLstm(units as number, options),
  projectedLstm: ({ units, projection, ...options }) =>
    projectedLstm(units as number, projection as number, options),
  simpleRnn: ({ units, ...options }) => simpleRnn(units as number, options),
  zoneoutLstm: ({ units, ...options }) => zoneoutLstm(units as number, options),
};

/** @throws FormatError for a type that is not known; ConfigError for options that are not */
export function layerFromConfig(config: LayerConfig): Layer {
  if (typeof config !== 'object' || config === null || !Object.hasOwn(factories, String(config.type))) {
    const type = typeof config === 'object' && config !== null ? config.type : config;
    throw new FormatError(
      `the file holds a layer of type ${describe(type)}, which this version does not know`,
    );
  }
  const { type, ...options } = config;
  return (factories[type] as (options: Options) => Layer)(options);
}
