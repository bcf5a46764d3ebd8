/** A layer's options in the words of Keras, and back. */
import { ConfigError, FormatError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import type { LayerConfig } from '../../layers/layer.js';
import { type Counterpart, counterparts, type OptionPair } from './counterparts.js';
import type { Dialect } from './dialect.js';
import {
  isObject,
  type KerasObject,
  readActivation,
  readConstraint,
  readInitializer,
  readRegularizer,
  writeActivation,
  writeConstraint,
  writeInitializer,
  writeRegularizer,
} from './options.js';

const mergeModes: Readonly<Record<string, string | null>> = {
  concat: 'concat',
  sum: 'sum',
  mul: 'mul',
  ave: 'ave',
  none: null,
};

/** What Keras calls the layer inside a bidirectional one: its weights' names begin with `forward_` and this. */
export const innerName = (name: string) => `${name}_layer`;

function optionsOf(type: string, dialect: Dialect, name: string): Counterpart {
  const found =
    Object.hasOwn(counterparts, type) && !dialect.lacks.includes(type) ? counterparts[type] : undefined;
  if (found) return found;
  throw new ConfigError(`${name} is a layer of type ${type}, which ${dialect.name} has not`);
}

/** @throws ConfigError for what the other system cannot say */
export function writeLayer(config: LayerConfig, dialect: Dialect): KerasObject {
  const { type, name, trainable } = config;
  const common = { name, trainable, dtype: 'float32' };
  if (type === 'bidirectional') return writeBidirectional(config, dialect, common);
  if (type === 'timeDistributed') {
    const layer = config.layer as LayerConfig;
    const inner = writeLayer({ ...layer, name: layer.name || innerName(name) }, dialect);
    return { class_name: 'TimeDistributed', config: { ...common, layer: inner } };
  }
  const { className, options, fixed = {} } = optionsOf(type, dialect, name);
  for (const [option, only] of Object.entries(fixed)) {
    if (config[option] === only || (config[option] ?? undefined) === only) continue;
    throw new ConfigError(
      `${name} has ${option}: ${describe(config[option])}, which ${dialect.name} has not`,
    );
  }
  checkOnly(config, dialect);
  const written = options.flatMap(([ours, theirs, kind]) =>
    config[ours] === undefined
      ? []
      : [[theirs, writeOption(`${name}: ${ours}`, config[ours], kind, dialect)]],
  );
  return {
    class_name: className,
    config: { ...common, ...Object.fromEntries(written), ...more(config, dialect) },
  };
}

/** What only some of the systems have. */
function checkOnly({ type, name, ...config }: LayerConfig, dialect: Dialect): void {
  const refuse = (what: string) => new ConfigError(`${name} has ${what}, which ${dialect.name} has not`);
  if (dialect.name === 'TensorFlow.js' && config.zeroOutputForMask === true)
    throw refuse('zeroOutputForMask');
  if (dialect.name === 'TensorFlow.js' && type === 'gru' && config.resetAfter === true)
    throw refuse('resetAfter: true');
  if (dialect.name === 'TensorFlow.js' && config.activityRegularizer) throw refuse('activityRegularizer');
  if (type === 'attention' && config.scale === 'inverseSqrt') throw refuse("scale: 'inverseSqrt'");
}

/** Options that are one thing here and another there. */
function more(config: LayerConfig, dialect: Dialect): Readonly<Record<string, unknown>> {
  switch (config.type) {
    case 'lstm':
      return typeof config.unitForgetBias === 'boolean' ? {} : { unit_forget_bias: false };
    case 'attention':
      return { use_scale: config.scale === 'learned', score_mode: 'dot' };
    case 'layerNormalization':
    case 'batchNormalization':
      return { axis: -1 };
    case 'simpleRnn':
    case 'gru':
      return dialect.name === 'TensorFlow.js' ? { implementation: 1 } : {};
    default:
      return {};
  }
}

function writeBidirectional(config: LayerConfig, dialect: Dialect, common: { name: string }): KerasObject {
  const { layer, backwardLayer, mergeMode } = config as LayerConfig & Record<string, LayerConfig>;
  if (backwardLayer !== undefined)
    throw new ConfigError(
      `${common.name} has a backwardLayer of its own, which is not written for ${dialect.name}`,
    );
  const inner = writeLayer({ ...(layer as LayerConfig), name: innerName(common.name) }, dialect);
  const mode = mergeModes[mergeMode as unknown as string];
  if (mode === null && dialect.name === 'TensorFlow.js')
    throw new ConfigError(`${common.name} has mergeMode: 'none', which TensorFlow.js cannot read again`);
  return { class_name: 'Bidirectional', config: { ...common, merge_mode: mode, layer: inner } };
}

function writeOption(where: string, value: unknown, kind: OptionPair[2], dialect: Dialect): unknown {
  switch (kind) {
    case 'activation':
      return writeActivation(where.split(':')[0] as string, value, dialect);
    case 'initializer':
      return writeInitializer(value);
    case 'regularizer':
      return writeRegularizer(where, value);
    case 'constraint':
      return writeConstraint(where, value);
    default:
      return value;
  }
}

/** Layers of one number at a time that are activations here; those with a slope have to have ours. */
const activationLayers: Readonly<
  Record<string, readonly [string, Readonly<Record<string, readonly unknown[]>>]>
> = {
  ReLU: [
    'relu',
    { max_value: [undefined, null], negative_slope: [undefined, null, 0], threshold: [undefined, null, 0] },
  ],
  LeakyReLU: ['leakyRelu', { alpha: [undefined, 0.2], negative_slope: [undefined, 0.2] }],
  ELU: ['elu', { alpha: [undefined, 1] }],
  Softmax: ['softmax', { axis: [undefined, -1] }],
};

/** @throws FormatError for a layer, or an option of one, that is not known here */
export function readLayer(given: unknown, dialect: Dialect): LayerConfig {
  if (!isObject(given) || typeof given.class_name !== 'string' || !isObject(given.config))
    throw new FormatError(
      `the file holds a layer that is no object of class_name and config but ${describe(given)}`,
    );
  const { class_name: className, config } = given as unknown as KerasObject;
  const name = typeof config.name === 'string' ? config.name : '';
  const where = `the layer ${describe(name)} (${className.slice(0, 40)})`;
  const common = { name: name.replaceAll('/', '_'), trainable: config.trainable !== false };
  if (className === 'Bidirectional') return readBidirectional(config, dialect, common, where);
  if (className === 'TimeDistributed') {
    const layer = readLayer(config.layer, dialect);
    // A name that was made up on the way out.
    const own = layer.name === innerName(name) ? '' : layer.name;
    return { ...common, type: 'timeDistributed', layer: { ...layer, name: own } };
  }
  if (Object.hasOwn(activationLayers, className)) {
    const [activation, fixed] = activationLayers[className] as (typeof activationLayers)[string];
    if (className === 'LeakyReLU' && config.alpha === undefined && config.negative_slope === undefined)
      throw new FormatError(`${where} has the slope 0.3, where leakyRelu has 0.2`);
    checkFixed(where, config, fixed);
    return { ...common, type: 'activation', activation };
  }
  const type = Object.keys(counterparts).find((one) => counterparts[one]?.className === className);
  if (type === undefined) throw new FormatError(`${where} is of a class that no layer here stands for`);
  const { options, fixedThere = {} } = counterparts[type] as Counterpart;
  checkFixed(where, config, fixedThere);
  checkAxis(where, className, config);
  const read: Record<string, unknown> = {};
  for (const [ours, theirs, kind] of options) {
    const value = Object.hasOwn(config, theirs) ? config[theirs] : undefined;
    const option = readOption(`${where}: ${theirs}`, value, kind, dialect);
    if (option !== undefined) read[ours] = option;
  }
  return { ...common, type, ...read, ...moreOf(type, config, dialect, where) };
}

function checkFixed(
  where: string,
  config: Readonly<Record<string, unknown>>,
  fixed: Readonly<Record<string, readonly unknown[]>>,
): void {
  for (const [option, allowed] of Object.entries(fixed)) {
    const value = config[option];
    const isAllowed = allowed.some(
      (one) => one === value || (typeof one === 'number' && Math.fround(one) === value),
    );
    if (!isAllowed)
      throw new FormatError(`${where} has ${option}: ${describe(value)}, which no layer here has`);
  }
}

/** Only the last axis is normalized; it is named by its number, or as a list. */
function checkAxis(where: string, className: string, { axis }: Readonly<Record<string, unknown>>): void {
  if (!className.endsWith('Normalization') || axis === undefined) return;
  const only = Array.isArray(axis) && axis.length === 1 ? axis[0] : axis;
  if (only === -1 || only === 1 || only === 2) return;
  throw new FormatError(
    `${where} goes over axis ${describe(axis)}, where only the last one is normalized here`,
  );
}

/** What a file leaves out means another thing in each system. */
function moreOf(
  type: string,
  config: Readonly<Record<string, unknown>>,
  dialect: Dialect,
  where: string,
): Readonly<Record<string, unknown>> {
  const gate = (type === 'lstm' || type === 'gru') && config.recurrent_activation === undefined;
  const { recurrentActivation, resetAfter } = dialect;
  switch (type) {
    case 'lstm':
      return {
        ...(gate ? { recurrentActivation } : {}),
        unitForgetBias:
          config.use_bias !== false && config.unit_forget_bias !== false && config.unit_forget_bias !== null,
      };
    case 'gru':
      return {
        ...(gate ? { recurrentActivation } : {}),
        resetAfter: typeof config.reset_after === 'boolean' ? config.reset_after : resetAfter,
      };
    case 'attention':
      return { scale: config.use_scale === true ? 'learned' : 'none' };
    case 'batchNormalization':
      if (config.renorm === true) throw new FormatError(`${where} has renorm, which no layer here has`);
      return {};
    default:
      return {};
  }
}

function readBidirectional(
  config: Readonly<Record<string, unknown>>,
  dialect: Dialect,
  common: { readonly name: string; readonly trainable: boolean },
  where: string,
): LayerConfig {
  const layer = { ...readLayer(config.layer, dialect), name: '' };
  const found = config.merge_mode === undefined ? 'concat' : config.merge_mode;
  const mergeMode = Object.keys(mergeModes).find((mode) => mergeModes[mode] === found);
  if (mergeMode === undefined) throw new FormatError(`${where} has the merge_mode ${describe(found)}`);
  const backward = isObject(config.backward_layer)
    ? { ...readLayer(config.backward_layer, dialect), name: '' }
    : undefined;
  // Keras 3 writes the backward layer always: one that is the forward one turned around says nothing.
  const isAlike =
    backward === undefined || JSON.stringify({ ...backward, goBackwards: false }) === JSON.stringify(layer);
  return {
    ...common,
    type: 'bidirectional',
    layer,
    mergeMode,
    ...(isAlike ? {} : { backwardLayer: backward }),
  };
}

function readOption(where: string, value: unknown, kind: OptionPair[2], dialect: Dialect): unknown {
  if (kind === 'activation') return value === undefined ? undefined : readActivation(where, value, dialect);
  if (value === undefined) return undefined;
  if (kind === 'initializer') return readInitializer(value);
  if (kind === 'regularizer') return readRegularizer(where, value);
  if (kind === 'constraint') return readConstraint(where, value);
  return value === null ? undefined : value;
}
