/**
 * Files of pipelines that were damaged or made to do harm: a FormatError, or a pipeline that works; nothing else, and
 * soon. `HOSTILE_FILES=10000 npx vitest run test/data/hostile-pipeline-file.test.ts` tries more of them.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/core/safetensors.js';
import {
  classLabels,
  concatenate,
  dense,
  deserializePipeline,
  embedding,
  FormatError,
  input,
  LonghandError,
  lstm,
  model,
  oneHot,
  oneHotLabels,
  type Pipeline,
  pipeline,
  readPreparation,
  serializePipeline,
  standardScaler,
  table,
  tableEncoder,
  textVectorizer,
} from '../../src/index.js';

const numRuns = Number(process.env.HOSTILE_FILES ?? 200);

// biome-ignore lint/suspicious/noExplicitAny: what a hostile file says has no type
type Anything = any;

const x = {
  words: ['good film', 'a bad one 👎', '悪い'],
  rows: table({ age: [30, 40, 50], city: ['Oslo', 'Rome', 'Oslo'] }),
};
const y = { mood: ['+', '-', '-'], kind: ['a', 'b', 'c'], price: [1, 2, 4] };

async function makePipeline() {
  const words = input({ shape: [null, 1] });
  const rows = input({ shape: [3] });
  const both = concatenate().on(lstm(2).on(embedding(12, 2, { maskZero: true }).on(words)), rows);
  const network = model(
    {
      inputs: { words, rows },
      outputs: {
        mood: dense(1, { activation: 'sigmoid' }).on(both),
        kind: dense(3, { activation: 'softmax' }).on(both),
        price: dense(1).on(both),
      },
    },
    { seed: 1 },
  );
  network.compile({
    loss: { mood: 'binaryCrossentropy', kind: 'categoricalCrossentropy', price: 'meanSquaredError' },
  });
  const encoder = tableEncoder({ columns: { age: standardScaler(), city: oneHot() } });
  const pipe = pipeline({
    inputs: {
      words: textVectorizer({ vocabularySize: 12, startToken: '<', maxSequenceLength: 5 }),
      rows: encoder,
    },
    model: network,
    outputs: { mood: classLabels(), kind: oneHotLabels(), price: standardScaler() },
  });
  await pipe.fit(x, y);
  return pipe;
}

const pipe = await makePipeline();
const bytes = serializePipeline(pipe);
const answers = pipe.predict(x);

/** A file is refused, or holds a pipeline that answers, or says why not, and is saved again as it was read. */
function check(file: Uint8Array): 'refused' | 'works' {
  let read: Pipeline<Anything, Anything>;
  try {
    read = deserializePipeline(file);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    expect(error.message).not.toContain('\n');
    expect(error.message.length).toBeLessThan(2000);
    return 'refused';
  } finally {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Anything).polluted).toBe(undefined);
  }
  expect(readPreparation(serializePipeline(read))).toHaveProperty('pipeline', 1);
  try {
    read.predict(x);
  } catch (error) {
    if (!(error instanceof LonghandError)) throw error;
  }
  return 'works';
}

/** The file with other JSON beside its weights. */
function withPreparation(json: Anything): Uint8Array {
  const { tensors, metadata } = readSafetensors(bytes);
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  return writeSafetensors(tensors, { ...metadata, 'longhand.preparation': text });
}

/** The ways to all values inside. */
function waysInto(value: Anything, way: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [way];
  return [way, ...Object.keys(value).flatMap((key) => waysInto(value[key], [...way, key]))];
}

const original = readPreparation(bytes) as Anything;
const ways = waysInto(original).slice(1);

const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      true,
      '',
      '__proto__',
      'constructor',
      'textVectorizer',
      'chain',
      'tableEncoder',
      'x'.repeat(5000),
    ],
    ...[0, -1, 0.5, 1e308, 2 ** 53, 2 ** 31, 1e7, [], {}, [[]], [null], ['a', 'a'], [1e308, -1e308, 0]],
    { kind: 'textVectorizer', options: {} },
    { kind: 'chain', options: { scalers: [] } },
    { toJSON: 1, fit: 1 },
    { each: [['a', null]] },
    { length: 1e9 },
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(...ways).map((way) => way.reduce((value: Anything, key) => value[key], original)),
);

describe('a file of a pipeline', () => {
  it('works as it is', () => {
    expect(check(bytes)).toBe('works');
    expect(deserializePipeline<typeof pipe>(bytes).predict(x)).toEqual(answers);
    expect(check(withPreparation(original))).toBe('works');
  });

  it('is refused or works, whatever value in it is another', () => {
    const seen = { refused: 0, works: 0 };
    const change = fc.tuple(fc.constantFrom(...ways), hostileValue, fc.constantFrom('put', 'drop', 'add'));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const json = structuredClone(original);
        for (const [way, value, what] of changes) {
          let holder = json;
          for (const key of way.slice(0, -1)) holder = holder?.[key];
          if (typeof holder !== 'object' || holder === null) continue;
          const key = what === 'add' ? '__proto__' : (way.at(-1) as string);
          if (what === 'drop') Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key];
          else
            Object.defineProperty(holder, key, {
              value,
              enumerable: true,
              configurable: true,
              writable: true,
            });
        }
        seen[check(withPreparation(json))]++;
      }),
      { numRuns },
    );
    expect(seen.refused).toBeGreaterThan(numRuns / 10);
    expect(seen.works).toBeGreaterThan(numRuns / 100);
  });

  it('is refused or works, whatever bytes in it are others', () => {
    const headerEnd = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const place = fc.oneof(fc.nat(bytes.length - 1), fc.nat(headerEnd - 1));
    const edit = fc.tuple(place, fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.option(place), (edits, end) => {
        const file = bytes.slice(0, end ?? bytes.length);
        for (const [at, byte] of edits) if (at < file.length) file[at] = byte;
        check(file);
      }),
      { numRuns },
    );
  });

  it('is refused or works, whatever characters in what travels with the model are others', () => {
    const text = JSON.stringify(original);
    const piece = fc.oneof(
      fc.constantFrom(...'[]{}",:0-\\', 'null', '1e9', '"__proto__":'),
      fc.string({ maxLength: 3 }),
    );
    const edit = fc.tuple(fc.nat(text.length - 1), fc.nat(4), piece);
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 2 }), (edits) => {
        let changed = text;
        for (const [at, count, put] of edits)
          changed = changed.slice(0, at) + put + changed.slice(at + count);
        check(withPreparation(changed));
      }),
      { numRuns },
    );
  });

  it.each([
    ['deep brackets', '['.repeat(100_000)],
    ['deep transforms', `${'{"kind":"chain","options":{"scalers":['.repeat(2000)}`],
    ['a million columns', JSON.stringify({ ...original, inputs: { each: Array(1e5).fill(['a', null]) } })],
    ['a row that is padded without end', { path: 'maxSequenceLength', value: 2 ** 31 }],
  ])('is refused at once for %s', (_, what) => {
    if (typeof what === 'string') return expect(check(withPreparation(what))).toBe('refused');
    const json = structuredClone(original);
    json.inputs.each[0][1].options[what.path] = what.value;
    return expect(check(withPreparation(json))).toBe('refused');
  });
});
