import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/core/safetensors.js';
import {
  ConfigError,
  checkpoint,
  DataError,
  dense,
  deserializeModel,
  FormatError,
  type Json,
  lstm,
  type Preparation,
  readPreparation,
  sequential,
  serializeModel,
} from '../../src/index.js';

const x = [
  [[1], [2]],
  [[3], [4]],
];

function makeModel() {
  const model = sequential([lstm(2), dense(1)], { seed: 1 });
  model.compile({ loss: 'meanSquaredError' });
  model.trainOnBatch(x, [1, 2]);
  return model;
}

const model = makeModel();
const save = (preparation: Preparation) => serializeModel(model, { preparation });

/** The file with another text in the place of its preparation. */
function withText(text: string): Uint8Array {
  const { tensors, metadata } = readSafetensors(save(0));
  return writeSafetensors(tensors, { ...metadata, 'longhand.preparation': text });
}

describe('what travels with a model', () => {
  it('comes back to the bit, beside the same model', () => {
    const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(json, (json) => {
        const value = [json];
        const bytes = save(value);
        expect(JSON.stringify(readPreparation(bytes))).toBe(JSON.stringify(value));
        expect(deserializeModel(bytes).predict(x)).toEqual(model.predict(x));
      }),
      { numRuns: 50 },
    );
  });

  it('keeps doubles, lone surrogates and names of all kinds', () => {
    const value = { mean: [0.1 + 0.2, 5e-324, 1.7976931348623157e308], text: '\ud800 "é\n', '': { a: [] } };
    expect(readPreparation(save(value))).toEqual(value);
    const strange = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}') as Json;
    const read = readPreparation(save(strange)) as object;
    expect(Object.keys(read)).toEqual(['__proto__', 'constructor']);
    expect(({} as { polluted?: number }).polluted).toBe(undefined);
  });

  it('may be a transform, which says what is written', () => {
    const written = { kind: 'scaler', options: {}, learned: { mean: 2 } };
    const transform = { toJSON: () => written };
    expect(readPreparation(save({ inputs: [transform], outputs: undefined }))).toEqual({ inputs: [written] });
  });

  it('is nothing where there was none', () => {
    expect(readPreparation(serializeModel(model))).toBe(undefined);
    expect(() => save(null)).toThrow("option 'preparation' is null, which says nothing: leave it out");
  });

  it('holds vocabularies of half a million words', () => {
    const words = Array.from({ length: 500_000 }, (_, i) => `word-${i * 7919}`);
    const bytes = save({ inputs: { kind: 'textVectorizer', options: {}, learned: { words } } });
    expect((readPreparation(bytes) as { inputs: { learned: { words: Json } } }).inputs.learned.words).toEqual(
      words,
    );
  });

  it('leaves the weights and the optimizer in the file as they were', () => {
    const { tensors } = readSafetensors(save({ a: 1 }));
    expect(tensors).toEqual(readSafetensors(serializeModel(model)).tensors);
    const again = deserializeModel(save({ a: 1 }));
    expect(again.trainOnBatch(x, [1, 0])).toEqual(makeModel().trainOnBatch(x, [1, 0]));
  });

  it('is missing in a checkpoint, which is a model all the same', async () => {
    let kept: Uint8Array | undefined;
    const save = (bytes: Uint8Array) => {
      kept = bytes;
    };
    const store = checkpoint({ everySteps: 1, save, load: () => kept });
    await makeModel().fit(x, [1, 2], { epochs: 1, checkpoint: store, verbose: 0 });
    expect(readPreparation(kept as Uint8Array)).toBe(undefined);
  });
});

describe('an error names its place', () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  it.each([
    ['a number that JSON has not', { a: [1, Number.NaN] }, 'preparation.a[1] is NaN'],
    ['a function', { a: () => 1 }, 'preparation.a is a function'],
    ['a hole', [undefined], 'preparation[0] is undefined'],
    ['a typed array', new Float32Array(2), 'preparation is a Float32Array'],
    ['a map', new Map(), 'preparation is an object with nothing'],
    ['a big integer', { n: 1n }, 'preparation.n is 1'],
    ['a circle', circle, 'is nested too deeply, or holds itself'],
    ['too much', 'x'.repeat(2 ** 24), 'a file holds no more than 16777216'],
  ])('for %s', (_, value, message) => {
    const error = caught(() => save(value as Json));
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toContain(message);
  });
});

describe('a file whose preparation is damaged', () => {
  it.each([
    ['no JSON', '{', "the file's 'longhand.preparation' is not JSON"],
    ['nothing', '', "the file's 'longhand.preparation' is not JSON"],
    ['brackets', '['.repeat(1e6), "the file's 'longhand.preparation' is nested deeper than 32"],
    ['too long', ' '.repeat(2 ** 24 + 1), 'has 16777217 characters and no more than 16777216 are read'],
  ])('is refused for %s, and the model can be had alone', (_, text, message) => {
    const bytes = withText(text);
    const error = caught(() => readPreparation(bytes));
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toContain(message);
    expect(deserializeModel(bytes).predict(x)).toEqual(model.predict(x));
  });

  it('is refused where it holds no model, and where it is cut short', () => {
    expect(caught(() => readPreparation(writeSafetensors(new Map(), {})))).toBeInstanceOf(FormatError);
    const bytes = save({ a: 1 });
    for (const end of [0, 7, 100, bytes.length - 1]) {
      expect(caught(() => readPreparation(bytes.subarray(0, end)))).toBeInstanceOf(FormatError);
    }
    expect(caught(() => readPreparation('text' as never))).toBeInstanceOf(DataError);
  });

  it('may have brackets in its texts', () => {
    const value = { a: '[[[['.repeat(100), b: ['\\"[', '{'] };
    expect(readPreparation(save(value))).toEqual(value);
  });
});

function caught(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
