/** Layers models of TensorFlow.js: what it saves and computes, and models that go out and come in again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromTfjs, type TfjsFiles, toTfjs } from '../../src/formats/index.js';
import {
  activation,
  bidirectional,
  ConfigError,
  concatenate,
  DataError,
  dense,
  FormatError,
  type Functional,
  flatten,
  gru,
  input,
  type Layer,
  lstm,
  masking,
  model,
  peepholeLstm,
  sequential,
  simpleRnn,
  type Tensor,
  tensor,
} from '../../src/index.js';
import goldenCases from '../fixtures/tfjs/tensorflowjs.json' with { type: 'json' };
import { canSayInTfjs, chainChoice, makeMaskingChain } from '../support/exchange.js';

interface Numbers {
  shape: number[];
  data: number[];
}

/** Written by `npm run interop -- --only tfjs --fixtures`. */
const golden = goldenCases as unknown as {
  files: Record<string, string>;
  x: Numbers[];
  outputs: Numbers[];
}[];

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
const filesOf = (one: (typeof golden)[number]): TfjsFiles =>
  Object.fromEntries(Object.entries(one.files).map(([name, base64]) => [name, bytesOf(base64)]));

describe('what TensorFlow.js saves', () => {
  it.each(golden.map((one, i) => [i, one] as const))(
    'gives the numbers that it gives there: case %i',
    (_, one) => {
      const read = fromTfjs<Functional>(filesOf(one)) as unknown as {
        predict(x: unknown): Tensor | Tensor[];
      };
      const x = one.x.map(({ data, shape }) => tensor(data, shape));
      const found = [read.predict(x.length === 1 ? x[0] : x)].flat();
      expect(found.map(({ shape }) => shape)).toEqual(one.outputs.map(({ shape }) => shape));
      one.outputs.forEach(({ data }, i) => {
        data.forEach(
          (value, k) => void expect(Math.abs(value - Number(found[i]?.data[k]))).toBeLessThan(1e-5),
        );
      });
    },
  );

  it('has its own defaults: hard gates, and normal first weights', () => {
    const [first] = fromTfjs(filesOf(golden[0] as (typeof golden)[number])).layers.filter(
      ({ type }) => type === 'lstm',
    );
    expect(first?.config()).toMatchObject({
      recurrentActivation: 'hardSigmoidLegacy',
      kernelInitializer: { name: 'glorotNormal' },
    });
  });
});

/** The model's description, changed, with the other files as they are. */
function changed(files: TfjsFiles, change: (json: Record<string, never>) => void): TfjsFiles {
  const json = JSON.parse(new TextDecoder().decode(files['model.json']));
  change(json);
  return { ...files, 'model.json': new TextEncoder().encode(JSON.stringify(json)) };
}

const built = (...layers: Layer[]) => sequential(layers).build([null, 2]);

describe('toTfjs and fromTfjs', () => {
  it('give the same bits again', () => {
    fc.assert(
      fc.property(chainChoice(canSayInTfjs), (choice) => {
        const { built: source, x } = makeMaskingChain(choice);
        const again = fromTfjs(toTfjs(source));
        expect(again.predict(x)).toEqual(source.predict(x));
        expect(Object.keys(again.getWeights())).toEqual(Object.keys(source.getWeights()));
      }),
      { numRuns: 40 },
    );
  });

  it('carry graphs: several inputs and outputs, states handed on, a layer used twice', () => {
    const [steps, still] = [input({ shape: [null, 2], name: 'steps' }), input({ shape: [3], name: 'still' })];
    const [y, h, c] = lstm(3, { returnSequences: true, returnState: true }).on(steps);
    const last = lstm(3).on(y as never, h as never, c as never);
    const head = dense(2, { activation: 'sigmoid' });
    const source = model({
      inputs: [steps, still],
      outputs: [head.on(last), head.on(still), concatenate().on(last, still)],
    });
    const x = [tensor([1, 2, 3, 4, 5, 6], [1, 3, 2]), tensor([1, 2, 3], [1, 3])];
    const again = fromTfjs<typeof source>(toTfjs(source as never));
    expect(again.predict(x as never)).toEqual(source.predict(x as never));
  });

  it('carry options of training', () => {
    const layer = lstm(2, {
      dropout: 0.1,
      kernelRegularizer: 'l1l2',
      recurrentConstraint: 'maxNorm',
      unitForgetBias: false,
    });
    const again = fromTfjs(toTfjs(built(layer, dense(1, { trainable: false }))));
    expect(again.layers[1]?.config()).toEqual(layer.config());
    expect(again.layers[2]?.trainable).toBe(false);
  });

  it('split weights into shards, which are read in any number', () => {
    const source = built(dense(600), dense(2000));
    const files = toTfjs(source);
    expect(Object.keys(files)).toEqual(['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin']);
    expect(fromTfjs(files).getWeights()).toEqual(source.getWeights());
  });

  it('read quantized weights: whole * scale + min, and half precision', () => {
    const files = changed(toTfjs(built(dense(1))), (json) => {
      json.weightsManifest = [
        {
          paths: ['a.bin'],
          weights: [
            {
              name: 'dense_1/kernel',
              shape: [2, 1],
              dtype: 'float32',
              quantization: { dtype: 'uint16', scale: 0.5, min: -1 },
            },
            { name: 'dense_1/bias', shape: [1], dtype: 'float32', quantization: { dtype: 'float16' } },
          ],
        },
      ] as never;
    });
    // 3 and 256 in two bytes each; 1.5 in half precision is 0x3e00.
    const weights = fromTfjs({ ...files, 'a.bin': Uint8Array.of(3, 0, 0, 1, 0, 0x3e) }).getWeights();
    expect([...(weights['dense_1/kernel']?.data ?? [])]).toEqual([0.5, 127]);
    expect([...(weights['dense_1/bias']?.data ?? [])]).toEqual([1.5]);
  });
});

describe('what TensorFlow.js has not', () => {
  it.each<[string, Layer[]]>([
    ['peepholeLstm_1 is a layer of type peepholeLstm', [peepholeLstm(2)]],
    ["activation_1 has the activation 'hardSigmoid'", [activation('hardSigmoid')]],
    ['lstm_1 has cellClip: 1', [lstm(2, { cellClip: 1 })]],
    ["lstm_1 has initialState: 'learned'", [lstm(2, { initialState: 'learned' })]],
    ['gru_1 has resetAfter: true', [gru(2)]],
    ["bidirectional_1 has mergeMode: 'none'", [bidirectional(simpleRnn(2), { mergeMode: 'none' })]],
    [
      'simpleRnn_1 comes behind masked steps',
      [masking(), simpleRnn(2, { goBackwards: true, returnSequences: true })],
    ],
  ])('%s', (message, layers) => {
    const inputs = input({ shape: [null, 2] });
    const last = layers.reduce<never>((x, layer) => [...layer.on(x)][0] as never, inputs as never);
    const source = model({ inputs, outputs: last });
    expect(() => toTfjs(source as never)).toThrow(ConfigError);
    expect(() => toTfjs(source as never)).toThrow(message);
  });

  it('flatten behind a mask, rows beside a sequence, a model that is not built', () => {
    const masked = sequential([input({ shape: [3, 2] }), masking(), flatten()]);
    masked.build([3, 2]);
    expect(() => toTfjs(masked)).toThrow('flatten_1 comes behind masked steps');
    const [steps, still] = [input({ shape: [null, 2] }), input({ shape: [2] })];
    const beside = model({ inputs: [steps, still], outputs: concatenate().on(steps, still) });
    beside.getWeights();
    expect(() => toTfjs(beside as never)).toThrow('rows beside a sequence');
    expect(() => toTfjs(sequential([lstm(2)]))).toThrow('call model.build([steps, features]) first');
  });
});

describe('files that are not sound', () => {
  const files = toTfjs(built(bidirectional(lstm(2)), dense(1)));
  const layersOf = (json: Record<string, never>) =>
    (json.modelTopology as { config: { layers: { class_name: string; config: Record<string, unknown> }[] } })
      .config.layers;

  it.each<[string, (json: Record<string, never>) => void]>([
    [
      'of a class that no layer here stands for',
      (json) => Object.assign(layersOf(json)[1] as object, { class_name: 'ConvLSTM2D' }),
    ],
    [
      'of a class that no layer here stands for',
      (json) => Object.assign(layersOf(json)[1] as object, { class_name: '__proto__' }),
    ],
    [
      'is not known here',
      (json) => Object.assign(layersOf(json)[2]?.config as object, { activation: 'constructor' }),
    ],
    [
      'must be a whole number',
      (json) => Object.assign(layersOf(json)[2]?.config as object, { units: 1e300 }),
    ],
    [
      'lacks the kernel',
      (json) =>
        Object.assign((json.weightsManifest as never as { weights: object[] }[])[0]?.weights[0] as object, {
          name: 'no/kernel',
        }),
    ],
    [
      'describes a model of',
      (json) => Object.assign(layersOf(json)[2]?.config as object, { units: 2 ** 30 }),
    ],
    [
      'bytes of its file are left',
      (json) =>
        Object.assign((json.weightsManifest as never as { weights: object[] }[])[0]?.weights[0] as object, {
          shape: [2 ** 26, 2 ** 26],
        }),
    ],
    [
      'is missing, which model.json names',
      (json) => Object.assign(json.weightsManifest[0] as object, { paths: ['../secret'] }),
    ],
    ['is a graph model', (json) => Object.assign(json, { format: 'graph-model' })],
  ])('%s', (message, change) => {
    const read = () => fromTfjs(changed(files, change));
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
  });

  it('no files, no JSON, JSON without end', () => {
    expect(() => fromTfjs({})).toThrow(DataError);
    expect(() => fromTfjs({ 'model.json': Uint8Array.of(1) })).toThrow('is not JSON');
    const deep = new TextEncoder().encode('['.repeat(5e5) + ']'.repeat(5e5));
    expect(() => fromTfjs({ 'model.json': deep })).toThrow(FormatError);
  });

  it('whatever is changed or cut, it is a FormatError or a model', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(files)),
        fc.nat(),
        fc.nat(255),
        fc.boolean(),
        (name, place, byte, isCut) => {
          const bytes = (files[name] as Uint8Array).slice();
          const at = place % bytes.length;
          bytes[at] = byte;
          try {
            fromTfjs({ ...files, [name]: isCut ? bytes.slice(0, at) : bytes });
          } catch (error) {
            if (!(error instanceof FormatError)) throw error;
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
