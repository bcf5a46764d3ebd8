/** Files of functional models that are not what they say: refused by name, whatever they are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/core/safetensors.js';
import { dense, deserializeModel, FormatError, input, lstm, model, serializeModel } from '../../src/index.js';

function fileOf(): Uint8Array {
  const [x, still] = [input({ shape: [null, 2] }), input({ shape: [3] })];
  const first = dense(4).on(still);
  const read = lstm(4).on(x, first, first);
  const two = model(
    { inputs: { x, still }, outputs: { a: dense(1).on(read), b: dense(2).on(first) } },
    { seed: 1, backend: 'reference' },
  );
  two.compile({ loss: { a: 'huber', b: 'meanSquaredError' }, metrics: { a: ['meanSquaredError'] } });
  return serializeModel(two);
}

const bytes = fileOf();

/** The file with a value put at a place of its description. */
function tamper(path: string, value: unknown): Uint8Array {
  const { tensors, metadata } = readSafetensors(bytes);
  const [part, ...places] = path.split('.') as [string, ...string[]];
  const described = JSON.parse(metadata[`longhand.${part}`] as string);
  const last = places.pop() as string;
  let at = described;
  for (const place of places) at = at[place];
  at[last] = value;
  return writeSafetensors(tensors, { ...metadata, [`longhand.${part}`]: JSON.stringify(described) });
}

it('is read as it was written', () => {
  const data = {
    x: [
      [
        [1, 2],
        [0, 1],
      ],
      [[0.5, 1]],
    ],
    still: [
      [1, 2, 3],
      [3, 2, 1],
    ],
  };
  type Two = ReturnType<typeof model<{ x: never; still: never }, { a: never; b: never }>>;
  const [one, other] = [
    deserializeModel<Two>(bytes),
    deserializeModel<Two>(serializeModel(deserializeModel(bytes))),
  ];
  expect(other.predict(data as never)).toEqual(one.predict(data as never));
});

describe('a file of a functional model', () => {
  // Nodes: the inputs 0 and 1, dense 2, lstm 3, dense 4 and 5; the values are two more.
  it.each<[string, string, unknown]>([
    ['below 4', 'model.nodes.2.inputs', [4]], // itself
    ['below 4', 'model.nodes.2.inputs', [7]], // what comes behind it
    ['at least 0', 'model.nodes.3.inputs.0', -1],
    ['must be a whole number', 'model.nodes.3.inputs.0', 0.5],
    ['reads nothing', 'model.nodes.3.inputs', []],
    ['reads nothing', 'model.nodes.3.inputs', 'x'],
    ['lstm_1 takes a sequence', 'model.nodes.3.inputs', [2, 4]],
    ['takes one input but is used on 2', 'model.nodes.2.inputs', [3, 3]],
    ['below 6', 'model.nodes.3.layer', 6],
    ['the layer of use 3', 'model.nodes.3.layer', '__proto__'],
    ['an input where none can be', 'model.nodes.3.layer', 0],
    ['no input where none can be', 'model.nodes.0.layer', 3],
    ['an input where none can be', 'model.nodes.1.inputs', [0]],
    ['holds no list of up to 1000 uses', 'model.nodes', 'x'],
    ['holds no list of up to 1000 uses', 'model.nodes', Array(1001).fill({ layer: 0, inputs: [0] })],
    ['the layer of use 2', 'model.nodes.2', null],
    ['below 8', 'model.outputs.values.0', 8],
    ['names 2 outputs of a model that has 1', 'model.outputs.values', [6]],
    ['the list of outputs', 'model.outputs.values', 1],
    ['are not named as those of a model are', 'model.outputs.names', ['a', 'a']],
    ['are not named as those of a model are', 'model.outputs.form', 'list'],
    ['are not named as those of a model are', 'model.inputs', null],
    ['are not named as those of a model are', 'model.inputs.names', [1, 2]],
    ["holds 'c', which the model has not", 'training.loss', { c: { name: 'huber' } }],
    ['has no loss', 'training.loss', { a: null, b: null }],
    ['lossWeights', 'training.lossWeights', { a: -1 }],
    ['metrics', 'training.metrics', { a: 1 }],
  ])('is refused: %s, for %s', (message, path, value) => {
    expect(() => deserializeModel(tamper(path, value))).toThrow(FormatError);
    expect(() => deserializeModel(tamper(path, value))).toThrow(message);
  });

  it('is refused or read, whatever stands in it', () => {
    const places = [
      'nodes',
      'nodes.2',
      'nodes.3.inputs',
      'nodes.3.layer',
      'inputs',
      'inputs.names',
      'outputs',
      'outputs.values',
      'layers',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 3 }), (place, value) => {
        try {
          deserializeModel(tamper(`model.${place}`, value));
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 400 },
    );
  });
});
