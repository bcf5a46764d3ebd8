/** What layers are told beside numbers, in Keras's words and in ours: activations, initializers, penalties, bounds. */
import { ConfigError, FormatError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import type { ActivationName } from '../../layers/activations.js';
import type { Dialect } from './dialect.js';

/** An object of Keras: its class and how it was made. */
export interface KerasObject {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly [more: string]: unknown;
}

type Named = Readonly<Record<string, unknown>> & { readonly name: string };

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object with a class and options, where the file has its name alone too. */
function asObject(value: unknown): KerasObject | undefined {
  if (typeof value === 'string') return { class_name: value, config: {} };
  if (!isObject(value) || typeof value.class_name !== 'string') return undefined;
  return { class_name: value.class_name, config: isObject(value.config) ? value.config : {} };
}

/** A name as it is compared: Keras has GlorotUniform and glorot_uniform. */
const plain = (name: string) => name.replaceAll('_', '').toLowerCase();

export function readActivation(where: string, value: unknown, dialect: Dialect): ActivationName {
  if (value === null || value === undefined) return 'linear';
  const { class_name: className, config } = asObject(value) ?? { class_name: '', config: {} };
  // Keras 3 can write a function as an object, whose config is its name.
  const given =
    isObject(value) && typeof value.config === 'string'
      ? value.config
      : String(config.activation ?? className);
  const name = given === 'swish' || given === 'silu' ? 'swish' : undefined;
  const found = Object.entries(dialect.activations).find(([, theirs]) => theirs === given);
  const activation = name ?? found?.[0];
  if (activation !== undefined) return activation as ActivationName;
  throw new FormatError(`${where} has the activation ${describe(value)}, which is not known here`);
}

export function writeActivation(
  where: string,
  name: unknown,
  { activations, name: system }: Dialect,
): string {
  const found = activations[name as ActivationName];
  if (found !== undefined) return found;
  throw new ConfigError(
    `${where} has the activation '${name}', which ${system} has not: it has ${Object.keys(activations).join(', ')}`,
  );
}

/** Initializers, with what their options are called there. */
const initializers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  zeros: {},
  ones: {},
  constant: { value: 'value' },
  randomUniform: { min: 'minval', max: 'maxval', seed: 'seed' },
  randomNormal: { mean: 'mean', stddev: 'stddev', seed: 'seed' },
  truncatedNormal: { mean: 'mean', stddev: 'stddev', seed: 'seed' },
  glorotUniform: { seed: 'seed' },
  glorotNormal: { seed: 'seed' },
  heUniform: { seed: 'seed' },
  heNormal: { seed: 'seed' },
  lecunUniform: { seed: 'seed' },
  lecunNormal: { seed: 'seed' },
  orthogonal: { gain: 'gain', seed: 'seed' },
};

/** VarianceScaling is what Glorot's, He's and LeCun's are cases of. */
const scalings: Readonly<Record<string, string>> = {
  '1 fan_avg': 'glorot',
  '2 fan_in': 'he',
  '1 fan_in': 'lecun',
};

/** The initializer; nothing for one that there is not here, since a file holds what the weights are by now. */
export function readInitializer(value: unknown): Named | undefined {
  const given = asObject(value);
  if (given === undefined) return undefined;
  const { class_name: className, config } = given;
  const name = className === 'VarianceScaling' ? scalingName(config) : className.replace(/Initializer$/, '');
  const found = Object.keys(initializers).find((known) => plain(known) === plain(name));
  if (found === undefined) return undefined;
  const options = Object.entries(initializers[found] as Record<string, string>).flatMap(([ours, theirs]) => {
    const option = config[theirs];
    return typeof option === 'number' && (ours !== 'seed' || (Number.isSafeInteger(option) && option >= 0))
      ? [[ours, option]]
      : [];
  });
  return { name: found, ...Object.fromEntries(options) };
}

function scalingName({ scale, mode, distribution }: Readonly<Record<string, unknown>>): string {
  return `${scalings[`${scale} ${mode}`] ?? ''}${distribution === 'uniform' ? 'Uniform' : 'Normal'}`;
}

const upperFirst = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

export function writeInitializer(value: unknown): KerasObject {
  const { name, ...options } = value as Named;
  const names = initializers[name] ?? {};
  const config = Object.entries(names).map(([ours, theirs]) => [theirs, options[ours] ?? null]);
  return { class_name: upperFirst(name), config: Object.fromEntries(config) };
}

export function readRegularizer(where: string, value: unknown): Named | null {
  if (value === null || value === undefined) return null;
  const given = asObject(value);
  const strength = (name: string) => {
    const found = given?.config[name];
    return typeof found === 'number' ? found : found === undefined ? undefined : Number(found);
  };
  switch (plain(given?.class_name ?? '')) {
    case 'l1':
      return { name: 'l1', strength: strength('l1') ?? 0.01 };
    case 'l2':
      return { name: 'l2', strength: strength('l2') ?? 0.01 };
    case 'l1l2':
      return { name: 'l1l2', l1: strength('l1') ?? 0, l2: strength('l2') ?? 0 };
  }
  throw new FormatError(
    `${where} is the penalty ${describe(given?.class_name ?? value)}, which is not known here`,
  );
}

export function writeRegularizer(where: string, value: unknown): KerasObject | null {
  if (value === null || value === undefined) return null;
  const { name, strength, l1, l2 } = value as Named & Record<string, number>;
  const strengths = { l1: [strength, 0], l2: [0, strength], l1l2: [l1, l2] }[name];
  if (strengths === undefined)
    throw new ConfigError(`${where} is a penalty of your own, which no other system knows`);
  return { class_name: 'L1L2', config: { l1: strengths[0], l2: strengths[1] } };
}

const constraints: Readonly<Record<string, readonly [string, Readonly<Record<string, string>>]>> = {
  maxNorm: ['MaxNorm', { maxValue: 'max_value', axis: 'axis' }],
  minMaxNorm: ['MinMaxNorm', { minValue: 'min_value', maxValue: 'max_value', rate: 'rate', axis: 'axis' }],
  unitNorm: ['UnitNorm', { axis: 'axis' }],
  nonNegative: ['NonNeg', {}],
};

export function readConstraint(where: string, value: unknown): Named | null {
  if (value === null || value === undefined) return null;
  const given = asObject(value);
  const found = Object.entries(constraints).find(
    ([, [theirs]]) => plain(theirs) === plain(given?.class_name ?? ''),
  );
  if (found === undefined || given === undefined)
    throw new FormatError(
      `${where} is the bound ${describe(given?.class_name ?? value)}, which is not known here`,
    );
  const [name, [, options]] = found;
  const known = Object.entries(options).flatMap(([ours, theirs]) =>
    given.config[theirs] === undefined ? [] : [[ours, given.config[theirs]]],
  );
  return { name, ...Object.fromEntries(known) };
}

export function writeConstraint(where: string, value: unknown): KerasObject | null {
  if (value === null || value === undefined) return null;
  const { name, ...given } = value as Named;
  const found = Object.hasOwn(constraints, name) ? constraints[name] : undefined;
  if (found === undefined)
    throw new ConfigError(`${where} is a bound of your own, which no other system knows`);
  const config = Object.entries(found[1]).map(([ours, theirs]) => [theirs, given[ours]]);
  return { class_name: found[0], config: Object.fromEntries(config) };
}
