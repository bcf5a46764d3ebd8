/**
 * How a model's inputs and outputs are handed over: one by itself, several as an array in order, or several as an
 * object by name. It is the form in which `model({ inputs, outputs })` was given them, and all data has that form.
 */
import { ConfigError, DataError } from '../core/errors.js';
import { describe, nearestName } from '../core/options.js';
import type { SymbolicTensor } from '../layers/layer.js';

/** What a model's inputs or outputs are given as. */
export type SymbolicPorts =
  | SymbolicTensor
  | readonly SymbolicTensor[]
  | Readonly<Record<string, SymbolicTensor>>;

/** A `T` for each of the ports, in their form. */
export type Each<P, T> = P extends SymbolicTensor ? T : { readonly [K in keyof P]: T };

/** A `T` for each of the ports that wants one. */
export type Some<P, T> = P extends SymbolicTensor ? T : { readonly [K in keyof P]?: T };

/** A `T` for all ports at once, or one for each that wants one. */
export type AllOrSome<P, T> = T | Some<P, T>;

const forms = ['one', 'array', 'object'] as const;

/** What a file holds of ports. */
export interface PortNames {
  readonly form: (typeof forms)[number];
  /** In order. Of a port that stands alone the name is never seen. */
  readonly names: readonly string[];
}

export interface Ports extends PortNames {
  /** What stands behind `x`, `y` or `loss` to name a port: nothing where it stands alone, else `.price` or `[1]`. */
  suffix(index: number): string;
  /**
   * What the user gave for each port, in order; undefined where nothing.
   *
   * @throws DataError when it has another form, or a name that no port has
   */
  read(what: string, given: unknown): unknown[];
  /** A value for each port in the form of the ports. */
  write<T>(values: readonly T[]): unknown;
}

/** The only port of a model that has one. */
export const ONE_PORT: Ports = {
  form: 'one',
  names: [''],
  suffix: () => '',
  read: (_what, given) => [given],
  write: ([value]) => value,
};

export function createPorts({ form, names }: PortNames): Ports {
  if (form === 'one') return { ...ONE_PORT, names };
  const ports = form === 'array' ? portsInOrder(names) : portsByName(names);
  return { form, names, ...ports };
}

function portsInOrder(names: readonly string[]): Omit<Ports, keyof PortNames> {
  return {
    suffix: (index) => `[${index}]`,
    read: (what, given) => {
      if (Array.isArray(given) && given.length === names.length) return given;
      const found = Array.isArray(given) ? `${given.length}` : describe(given);
      throw new DataError(
        `${what} is an array of ${names.length}, one each for ${list(names)}, but got ${found}`,
      );
    },
    write: (values) => values,
  };
}

function portsByName(names: readonly string[]): Omit<Ports, keyof PortNames> {
  return {
    suffix: (index) => `.${names[index]}`,
    read: (what, given) => {
      if (typeof given !== 'object' || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) {
        throw new DataError(`${what} is an object with ${list(names)} but got ${describe(given)}`);
      }
      const strange = Object.keys(given).find((name) => !names.includes(name));
      if (strange !== undefined) {
        const nearest = nearestName(strange, names);
        const mend = nearest === undefined ? `it has ${list(names)}` : `did you mean '${nearest}'?`;
        throw new DataError(`${what} holds '${strange}', which the model has not: ${mend}`);
      }
      return names.map((name) => (Object.hasOwn(given, name) ? given[name as never] : undefined));
    },
    write: (values) => Object.fromEntries(names.map((name, i) => [name, values[i]])),
  };
}

/** Names as a list for a message. */
export function list(names: readonly string[]): string {
  return names.join(', ');
}

/** @throws ConfigError unless it is what a file holds of ports */
export function checkPorts(what: string, ports: PortNames): Ports {
  const { form, names } = ports ?? {};
  const isRight =
    forms.includes(form) &&
    Array.isArray(names) &&
    names.length > 0 &&
    names.every((name) => typeof name === 'string') &&
    new Set(names).size === names.length &&
    (form !== 'one' || names.length === 1);
  if (!isRight) throw new ConfigError(`${what} are not named as those of a model are`);
  return createPorts({ form, names });
}
