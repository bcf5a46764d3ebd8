/** Standalone modules: the answers are the library's, to the bit. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeFor, readCode } from '../../../src/cli/standalone/code.js';
import { standaloneModule } from '../../../src/cli/standalone/standalone.js';
import { ConfigError } from '../../../src/core/errors.js';
import { Random } from '../../../src/core/random.js';
import * as longhand from '../../../src/index.js';
import { ROOT } from '../../project/support.js';
import { chromium, openPage } from '../../support/browser.js';

const RUNTIME = join(ROOT, 'dist/bundle/cli/standalone.js');
let runtime = '';

beforeAll(() => {
  expect(existsSync(RUNTIME), 'there is no dist: run `npm run build` first').toBe(true);
  runtime = readFileSync(RUNTIME, 'utf8');
});

interface Standalone {
  predict(rows: unknown): number[][] | number[][][];
  push?(step: readonly number[]): number[];
  reset?(): void;
}

/** Runs the module where there is nothing but the language and what decodes base64. */
function load(text: string): Standalone {
  expect(text).not.toMatch(/^import /m);
  const script = `${text.replaceAll(/^export /gm, '')}; ({ predict, ...(typeof push === 'undefined' ? {} : { push, reset }) })`;
  return runInContext(script, createContext({ atob })) as Standalone;
}

const {
  activation,
  batchNormalization,
  bidirectional,
  dense,
  dropout,
  embedding,
  gru,
  layerNormalization,
  lstm,
} = longhand;
const { globalAveragePooling1d, globalMaxPooling1d, masking, repeatVector, sequential, simpleRnn } = longhand;

const activations = ['tanh', 'sigmoid', 'relu', 'elu', 'gelu', 'hardSigmoid', 'swish', 'softplus'] as const;
const anActivation = fc.constantFrom(...activations);
const units = fc.integer({ min: 1, max: 5 });
const options = fc.record({
  activation: anActivation,
  useBias: fc.boolean(),
  goBackwards: fc.boolean(),
  initialState: fc.constantFrom('zeros' as const, 'learned' as const),
  returnSequences: fc.constant(true),
});

/** A layer of steps that gives steps. */
const stepLayer: fc.Arbitrary<() => longhand.Layer> = fc.oneof(
  fc.tuple(units, options, anActivation).map(
    ([n, given, gate]) =>
      () =>
        lstm(n, { ...given, recurrentActivation: gate, ...(n > 3 ? { cellClip: 0.5 } : {}) }),
  ),
  units.map((n) => () => lstm(n, { returnSequences: true, dropout: 0.2, recurrentDropout: 0.2 })),
  fc.tuple(units, options, fc.boolean()).map(
    ([n, given, resetAfter]) =>
      () =>
        gru(n, { ...given, resetAfter }),
  ),
  fc.tuple(units, options).map(
    ([n, given]) =>
      () =>
        simpleRnn(n, given),
  ),
  fc.tuple(units, fc.constantFrom('concat' as const, 'sum' as const, 'ave' as const, 'mul' as const)).map(
    ([n, mergeMode]) =>
      () =>
        bidirectional(n % 2 === 0 ? lstm(n, { returnSequences: true }) : gru(n, { returnSequences: true }), {
          mergeMode,
        }),
  ),
  fc.tuple(units, anActivation).map(
    ([n, name]) =>
      () =>
        dense(n, { activation: name }),
  ),
  fc.constant(() => dropout(0.3)),
  fc.constant(() => batchNormalization()),
  fc.constant(() => layerNormalization()),
  fc.constant(() => activation('softmax')),
);

const lastLayers: fc.Arbitrary<() => longhand.Layer[]> = fc.constantFrom(
  () => [],
  () => [globalAveragePooling1d(), dense(2, { activation: 'softmax' })],
  () => [globalMaxPooling1d()],
  () => [lstm(3), dense(1, { activation: 'sigmoid' })],
  () => [lstm(3, { zeroOutputForMask: true, returnSequences: true })],
  () => [
    gru(2, { goBackwards: true }),
    repeatVector(3),
    simpleRnn(2, { returnSequences: true }),
    dense(1, { useBias: false }),
  ],
);

/** Moves every weight from what it began with, statistics and biases too, and variances to what is above 0. */
function shake(model: longhand.Sequential, seed: number): void {
  const random = new Random(seed);
  const weights = Object.entries(model.getWeights()).map(([name, { data, shape }]) => {
    const moved = data.map((value) => value + 0.3 * random.normal());
    return [
      name,
      longhand.tensor(name.endsWith('Variance') ? moved.map((v) => 0.1 + v * v) : moved, shape),
    ] as const;
  });
  model.setWeights(Object.fromEntries(weights));
}

/** The outputs of each row by itself, in nested arrays. */
function expected(
  model: longhand.Sequential,
  rows: readonly (readonly number[][] | readonly number[])[],
): unknown[] {
  return rows.map((row) => {
    const { data, shape } = model.predict([row] as never);
    if (shape.length === 2) return Array.from(data);
    const [, steps, width] = shape as [number, number, number];
    return Array.from({ length: steps }, (_, t) => Array.from(data.subarray(t * width, (t + 1) * width)));
  });
}

describe('a standalone module', () => {
  it('answers as the model does on the reference backend, to the bit: predict and push', () => {
    fc.assert(
      fc.property(
        fc.array(stepLayer, { minLength: 0, maxLength: 3 }),
        lastLayers,
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
        fc.nat(),
        (middle, last, masks, lengths, seed) => {
          const random = new Random(seed);
          const first = masks ? [masking({ maskValue: 0 })] : [];
          const layers = [
            ...first,
            lstm(3, { returnSequences: true }),
            ...middle.map((make) => make()),
            ...last(),
          ];
          const model = sequential(layers, { seed, backend: 'reference' }).build([null, 2]);
          shake(model, seed);
          const rows = lengths.map((length) =>
            Array.from({ length }, (_, t) =>
              [random.normal(), random.normal()].map((v) => (masks && t % 3 === 1 ? 0 : v)),
            ),
          );
          const module = load(standaloneModule(model, runtime));
          expect(module.predict(rows)).toEqual(expected(model, rows));
          let live: longhand.Stream | undefined;
          try {
            live = model.stream();
          } catch {}
          if (layers.some(({ type }) => type === 'repeatVector' || type.startsWith('global'))) return;
          expect(module.push !== undefined).toBe(live !== undefined);
          for (const step of rows[0] as number[][]) {
            expect(module.push?.(step)).toEqual(live && Array.from(live.push(step)));
          }
          module.reset?.();
          live?.reset();
          expect(module.push?.([1, 2])).toEqual(live && Array.from(live.push([1, 2])));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('takes ids, and refuses what is none', () => {
    const layers = [embedding(7, 3, { maskZero: true }), lstm(4), dense(2, { activation: 'softmax' })];
    const model = sequential(layers, { seed: 3, backend: 'reference' }).build([null, 1]);
    const module = load(standaloneModule(model, runtime));
    const rows = [[1, 0, 6], [5]];
    expect(module.predict(rows)).toEqual(expected(model, rows));
    expect(() => module.predict([[7]])).toThrow('ids are whole numbers from 0 to 6');
  });

  it('takes rows without steps', () => {
    const model = sequential([dense(3, { activation: 'relu' }), dense(1)], {
      seed: 1,
      backend: 'reference',
    }).build([4]);
    const module = load(standaloneModule(model, runtime));
    expect(module.predict([[1, 2, 3, 4]])).toEqual(expected(model, [[1, 2, 3, 4]]));
    expect(module.push).toBeUndefined();
  });

  it('says where its input is wrong', () => {
    const model = sequential([lstm(2)], { seed: 1 }).build([null, 2]);
    const { predict } = load(standaloneModule(model, runtime));
    expect(() => predict([[[1, 2], [3]]])).toThrow('row 0, step 1 needs 2 numbers but has 1');
    expect(() => predict([[[1, 2]], [[1, Number.NaN]]])).toThrow('row 1, step 0 holds NaN at 1');
    expect(() => predict([[]])).toThrow('row 0 has no steps');
  });

  it('holds no more than it needs', () => {
    const model = sequential([lstm(2), dense(1)], { seed: 1 }).build([null, 2]);
    const text = standaloneModule(model, runtime);
    expect(text).toContain('function lstmForward(');
    for (const other of [
      'gruForward',
      'lstmActivationsForward',
      'softmaxForward',
      'lstmBackward',
      'embedding',
      'erf',
    ]) {
      expect(text).not.toContain(other);
    }
  });

  it('is refused where it could not be true to the model', () => {
    const refusal = (model: unknown) => {
      try {
        return standaloneModule(model, runtime);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        return (error as Error).message;
      }
    };
    expect(refusal(sequential([longhand.peepholeLstm(2)]).build([null, 1]))).toContain(
      'peepholeLstm_1 is peepholeLstm',
    );
    expect(refusal(sequential([lstm(2, { stateful: true })]).build([null, 1]))).toContain(
      'lstm_1 has stateful: true',
    );
    expect(refusal(sequential([lstm(2)], { precision: 'float64' }).build([null, 1]))).toContain('in float64');
    expect(refusal(sequential([lstm(2)]))).toContain('no weights yet');
    const x = longhand.input({ shape: [null, 1] });
    expect(refusal(longhand.model({ inputs: x, outputs: lstm(2).on(x) }))).toContain('the model is a graph');
  });
});

describe.skipIf(chromium === undefined)('in Chromium', () => {
  it('a module is imported as it is, and answers to the bit', async () => {
    const layers = [
      bidirectional(lstm(4, { returnSequences: true })),
      gru(3),
      dense(2, { activation: 'softmax' }),
    ];
    const model = sequential(layers, { seed: 5, backend: 'reference' }).build([null, 2]);
    const rows = [
      [
        [0.5, -1],
        [2, 0.25],
      ],
      [[-3, 1]],
    ];
    const page = await openPage('about:blank');
    try {
      const url = `data:text/javascript;base64,${Buffer.from(standaloneModule(model, runtime)).toString('base64')}`;
      const ask = `import('${url}').then(({ predict }) => predict(${JSON.stringify(rows)}))`;
      expect(await page.evaluate(ask)).toEqual(expected(model, rows));
      expect(page.errors).toEqual([]);
    } finally {
      await page.close();
    }
  });
});

describe('the code that a text needs', () => {
  const script = [
    '// src/a.ts',
    'var A = 1;',
    'function b(x) {\n  return A + x;\n}',
    '// src/c.ts',
    'function c() {\n  return b(2);\n}',
    'var unused = c;',
    'export {\n  b,\n  c as see\n};\n',
  ].join('\n');

  it('is what it names, and what that names', () => {
    const code = readCode(script);
    expect([...code.exports]).toEqual([
      ['b', 'b'],
      ['see', 'c'],
    ]);
    expect(codeFor(code, 'see = c()')).toBe(
      '// src/a.ts\nvar A = 1;\nfunction b(x) {\n  return A + x;\n}\n\n// src/c.ts\nfunction c() {\n  return b(2);\n}',
    );
    expect(codeFor(code, 'b')).not.toContain('function c');
    expect(codeFor(code, 'nothing')).toBe('');
  });
});
