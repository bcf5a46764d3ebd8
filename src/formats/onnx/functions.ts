/** The functions that this library writes beside a graph, in its own domain: what layers do and no operator of ONNX. */
import { writeGelu, writeSwish } from './activations.js';
import { attentionDefinitions } from './attention.js';
import { parseRunName, runDefinition } from './cells.js';
import { type Definition, maskDefinitions } from './masks.js';
import { DOMAIN, encodeFunction, type OnnxFunction } from './messages.js';
import { NodeWriter } from './node-writer.js';
import { joinParts } from './protobuf.js';

/** Activations that ONNX has not, or not in all versions. */
const activations: Readonly<Record<string, Definition>> = {
  Swish: { inputs: ['x'], write: (w) => [writeSwish(w, 'x')] },
  Gelu: { inputs: ['x'], write: (w) => [writeGelu(w, 'x')] },
};

const definitions: Readonly<Record<string, Definition>> = {
  ...maskDefinitions,
  ...attentionDefinitions,
  ...activations,
};

/** The function of this name; nothing where there is none. */
export function findFunction(name: string): OnnxFunction | undefined {
  const run = parseRunName(name);
  const definition = run
    ? runDefinition(run)
    : Object.hasOwn(definitions, name)
      ? definitions[name]
      : undefined;
  if (definition === undefined) return undefined;
  const w = new NodeWriter(true);
  for (const input of definition.inputs) w.free(input);
  const outputs = definition.write(w);
  return { name, domain: DOMAIN, inputs: definition.inputs, outputs, nodes: w.nodes };
}

/** These functions and those that they call, each before it is called. */
export function collectFunctions(names: Iterable<string>): OnnxFunction[] {
  const found = new Map<string, OnnxFunction>();
  const visit = (name: string): void => {
    const one = findFunction(name);
    if (one === undefined || found.has(name)) return;
    for (const { domain, operator } of one.nodes) if (domain === DOMAIN) visit(operator);
    found.set(name, one);
  };
  for (const name of names) visit(name);
  return [...found.values()];
}

/** Whether a function of a file is the one of this name that this library writes. */
export function isKnownFunction(one: OnnxFunction): boolean {
  const known = one.domain === DOMAIN ? findFunction(one.name) : undefined;
  if (known === undefined) return false;
  const [a, b] = [one, known].map((each) => joinParts(encodeFunction(each, 0))) as [Uint8Array, Uint8Array];
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
