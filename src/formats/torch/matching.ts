/**
 * Which module of a state dict is which layer of a model. Modules that are named are taken by their names, the others
 * by what they hold: a layer takes the first that has its tensors in its shapes and is not taken yet.
 *
 * Where several modules could be a layer's, guessing would give a model that runs and is wrong. They are told apart
 * where their names differ in numbers alone (`fc1`, `fc2`; `layers.0`, `layers.10`) or where the state dict is in the
 * order of the module, as PyTorch writes it. A safetensors file is in the order of the names, which says nothing: then
 * the names have to be given.
 */
import { ConfigError, FormatError } from '../../core/errors.js';
import { describe, unknownName } from '../../core/options.js';
import { formatShape, type Shape } from '../../core/tensor.js';
import type { Counterpart } from './counterpart.js';
import { describePart, type ModulePart, tensorName } from './modules.js';

/** For each layer of ours, the name of its module; layers of one name are the layers of one recurrent module. */
export type ModuleNames = Readonly<Record<string, string>>;

/**
 * The part of each counterpart, in their order.
 *
 * @throws ConfigError for a name that is not known, and where several modules could be meant
 * @throws FormatError when a layer has no module, or a module no layer
 */
export function match(
  counterparts: readonly Counterpart[],
  parts: readonly ModulePart[],
  names: ModuleNames,
): ModulePart[] {
  checkNames(counterparts, names);
  const left = new Set(parts);
  const found = new Map<Counterpart, ModulePart>();
  const take = (counterpart: Counterpart, part: ModulePart) => {
    left.delete(part);
    found.set(counterpart, part);
  };
  for (const counterpart of counterparts) {
    const name = nameOf(names, counterpart.layer);
    if (name !== undefined) take(counterpart, namedPart(counterpart, name, parts, left));
  }
  const isOrdered = !isAlphabetical(parts);
  for (const counterpart of counterparts) {
    if (found.has(counterpart)) continue;
    take(counterpart, fittingPart(counterpart, left, isOrdered));
  }
  for (const part of left) {
    throw new FormatError(
      `the state dict holds ${describePart(part)}, which no layer of the model takes: ` +
        'make the layer, or leave its tensors out of the Map',
    );
  }
  return counterparts.map((counterpart) => found.get(counterpart) as ModulePart);
}

export function nameOf(names: ModuleNames, layer: string): string | undefined {
  return Object.hasOwn(names, layer) ? names[layer] : undefined;
}

/** @throws ConfigError for names of what is no layer with weights, or that are no text */
export function checkNames(counterparts: readonly Counterpart[], names: ModuleNames): void {
  if (typeof names !== 'object' || names === null) {
    throw new ConfigError(`names maps layers to modules, { lstm_1: 'encoder' }, but is ${describe(names)}`);
  }
  const layers = counterparts.map(({ layer }) => layer);
  for (const [layer, name] of Object.entries(names)) {
    if (!layers.includes(layer)) throw unknownName('names: the layer', layer, layers);
    if (typeof name !== 'string') throw new ConfigError(`names: ${layer} is ${describe(name)} and not text`);
  }
}

/** The next part of the module of that name that is not taken yet. */
function namedPart(
  counterpart: Counterpart,
  name: string,
  parts: readonly ModulePart[],
  left: ReadonlySet<ModulePart>,
): ModulePart {
  const there = parts.filter(({ module }) => module === name);
  if (there.length === 0) {
    throw unknownName('names: the module', name, [...new Set(parts.map(({ module }) => module))]);
  }
  const part = there.find((candidate) => left.has(candidate));
  if (!part) {
    throw new ConfigError(
      `names: ${counterpart.layer} is '${name}', but that module has ${there.length === 1 ? 'one layer' : `${there.length} layers`} ` +
        'and other layers took them',
    );
  }
  const misfit = whyNot(counterpart, part);
  if (misfit !== undefined) throw new FormatError(`${counterpart.layer} cannot be '${name}': ${misfit}`);
  return part;
}

function fittingPart(
  counterpart: Counterpart,
  left: ReadonlySet<ModulePart>,
  isOrdered: boolean,
): ModulePart {
  const fitting = [...left].filter((part) => whyNot(counterpart, part) === undefined);
  const modules = [...new Set(fitting.map(({ module }) => module))];
  const [first] = fitting;
  if (first === undefined) throw noneFits(counterpart, left);
  if (modules.length === 1 || isOrdered) return first;
  const patterns = new Set(modules.map((module) => module.replace(/\d+/g, '#')));
  if (patterns.size === 1) {
    const [module] = modules.sort(byNumbers);
    return fitting.find((part) => part.module === module) as ModulePart;
  }
  throw new ConfigError(
    `${counterpart.layer} could be any of the modules ${modules.map((name) => `'${name}'`).join(', ')}, which are alike, and ` +
      `the state dict is in the order of its names: say which with { names: { ${counterpart.layer}: '${modules[0]}' } }`,
  );
}

function noneFits(counterpart: Counterpart, left: ReadonlySet<ModulePart>): FormatError {
  const needed = counterpart.tensors
    .filter(({ isOptional }) => !isOptional)
    .map(({ name, shape }) => `${name} ${formatShape(shape)}`);
  const there = [...left].slice(0, 4).map(describePart);
  const rest =
    left.size === 0
      ? 'none is left'
      : `left are ${there.join('; ')}${left.size > 4 ? `; and ${left.size - 4} more` : ''}`;
  return new FormatError(
    `${counterpart.layer} is an nn.${counterpart.type} with ${needed.join(', ')}, and the state dict has none such: ${rest}`,
  );
}

/** Why a part cannot be a layer's; nothing where it can. */
function whyNot({ tensors, layer, stack }: Counterpart, part: ModulePart): string | undefined {
  if (!stack && part.layer !== undefined) return 'that is a layer of a recurrent module';
  for (const { name, shape, isOptional } of tensors) {
    const there = part.tensors.get(name);
    if (there === undefined && isOptional) continue;
    const full = tensorName(part, name);
    if (there === undefined) return `${full} ${formatShape(shape)} is missing`;
    if (!isSameShape(there.shape, shape)) {
      return `${full} is ${formatShape(there.shape)} where ${layer} needs ${formatShape(shape)}`;
    }
  }
  const strange = [...part.tensors.keys()].find((name) => !tensors.some((tensor) => tensor.name === name));
  return strange === undefined ? undefined : `${layer} has nothing for ${tensorName(part, strange)}`;
}

function isSameShape(left: Shape, right: Shape): boolean {
  return left.length === right.length && left.every((axis, i) => axis === right[i]);
}

/** Whether the modules stand in the order of their names, as in a safetensors file. */
function isAlphabetical(parts: readonly ModulePart[]): boolean {
  return parts.every(({ module }, i) => i === 0 || (parts[i - 1] as ModulePart).module <= module);
}

/** Names that differ in numbers alone, in the order of these. */
function byNumbers(left: string, right: string): number {
  const numbers = (name: string) => (name.match(/\d+/g) ?? []).map(Number);
  const [a, b] = [numbers(left), numbers(right)];
  const differs = a.findIndex((number, i) => number !== b[i]);
  return differs === -1 ? 0 : (a[differs] as number) - (b[differs] as number);
}
