/** Models that go out as ONNX and come in again: the same bits, masked steps anywhere among them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { fromOnnx } from '../../src/formats/onnx/from-onnx.js';
import { type OnnxOptions, toOnnx } from '../../src/formats/onnx/to-onnx.js';
import {
  bidirectional,
  ConfigError,
  DataError,
  dense,
  type ElementwiseActivationName,
  FormatError,
  type Functional,
  globalAveragePooling1d,
  globalMaxPooling1d,
  gru,
  type Layer,
  layerNormLstm,
  lstm,
  type Model,
  model,
  type Sequential,
  sequential,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { drawGraphData, type GraphChoice, graphChoice, growGraph } from '../support/graphs.js';
import { holes, type LayerChoice, layerChoice, normals, toLayer } from '../support/models.js';

/** What ONNX lets gates go through. */
const gateActivations: readonly ElementwiseActivationName[] = [
  'linear',
  'sigmoid',
  'tanh',
  'relu',
  'leakyRelu',
  'elu',
  'softplus',
  'hardSigmoid',
  'hardSigmoidLegacy',
];

function canSay(choice: LayerChoice): boolean {
  const { kind, cell, variant, activation: squash, recurrentActivation, cellClip } = choice;
  const inner = kind === 'bidirectional' ? cell : kind;
  if (inner === 'variant') return variant === 'peepholeLstm' || variant === 'coupledLstm';
  if (inner === 'lstm' && cellClip !== undefined) return false;
  if (!['lstm', 'gru', 'simpleRnn'].includes(inner)) return true;
  return (
    choice.isPlain || (gateActivations.includes(squash) && gateActivations.includes(recurrentActivation))
  );
}

const choice = fc.record({
  layers: fc.array(layerChoice.filter(canSay), { minLength: 1, maxLength: 3 }),
  end: fc.constantFrom('sequence', 'lstm', 'max', 'average'),
  masks: fc.constantFrom<OnnxOptions['masks']>('none', 'lengths', 'anywhere'),
  opset: fc.constantFrom(17, 18, 21),
  batch: fc.integer({ min: 1, max: 3 }),
  steps: fc.integer({ min: 1, max: 5 }),
  features: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(),
});

const ends: Readonly<Record<string, () => Layer[]>> = {
  sequence: () => [dense(2)],
  lstm: () => [lstm(2), dense(2, { activation: 'softmax' })],
  max: () => [globalMaxPooling1d(), dense(2, { activation: 'gelu' })],
  average: () => [globalAveragePooling1d(), dense(2, { activation: 'swish' })],
};

/** Gives every weight a random value. */
function shake(built: Model | Sequential, seed: number): void {
  const random = new Random(seed, 21);
  const weights = built.getWeights();
  for (const [name, { data }] of Object.entries(weights)) {
    const isVariance = name.endsWith('Variance');
    for (let k = 0; k < data.length; k++)
      data[k] = isVariance ? 0.5 + random.uniform() : 0.5 * random.normal();
  }
  built.setWeights(weights);
}

describe('a model out and in', () => {
  it('predicts the same bits, whatever is masked', () => {
    fc.assert(
      fc.property(choice, ({ layers, end, masks, opset, batch, steps, features, seed }) => {
        const hidden = layers.map((layer) => toLayer(layer, true, true));
        const built = sequential([...hidden, ...(ends[end] as () => Layer[])()], { seed });
        built.build([null, features]);
        shake(built, seed);
        const random = new Random(seed, 22);
        const data = Float32Array.from(normals(random, batch * steps * features));
        const mask = masks === 'anywhere' ? holes(random, batch, steps) : undefined;
        mask?.forEach((real, step) => {
          if (real === 0) data.fill(Number.NaN, step * features, (step + 1) * features);
        });
        const lengths =
          masks === 'lengths' ? Array.from({ length: batch }, () => 1 + random.below(steps)) : undefined;
        const x = tensor(data, [batch, steps, features], lengths ? { lengths } : {});
        const again = fromOnnx(toOnnx(built, { masks: masks as 'none', opset }));
        const [a, b] = [built, again].map((one) => (one as Sequential).predict(x, { missing: 'mask' })) as [
          Tensor,
          Tensor,
        ];
        expect(b.shape).toEqual(a.shape);
        expect(b.data).toEqual(a.data);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a graph out and in', () => {
  const canSayAll = ({ steps }: GraphChoice) => steps.every(({ layer }) => canSay(layer));

  it('predicts the same bits, whatever is masked', () => {
    fc.assert(
      fc.property(graphChoice.filter(canSayAll), (choice) => {
        const built = model(growGraph(choice), { seed: choice.seed });
        shake(built, choice.seed);
        const samples = drawGraphData(choice, new Random(choice.seed, 23));
        const x = samples.map(({ data, rows, steps, features, sequence }) =>
          tensor(Float32Array.from(data), sequence ? [rows, steps, features] : [rows, features]),
        );
        const again = fromOnnx(toOnnx(built, { masks: 'anywhere' })) as unknown as Functional;
        const named = Object.fromEntries(built.internals.inputPorts.names.map((name, i) => [name, x[i]]));
        const a = built.predict(x as never, { missing: 'mask' }) as Tensor[];
        const b = again.predict(named as never, { missing: 'mask' }) as unknown as Record<string, Tensor>;
        built.internals.outputPorts.names.forEach((name, i) => void expect(b[name]).toEqual(a[i]));
      }),
      { numRuns: 40 },
    );
  });
});

const built = (...layers: Layer[]) => sequential(layers).build([null, 2]);

describe('toOnnx', () => {
  it('keeps the names of layers and weights', () => {
    const model = built(
      bidirectional(lstm(3), { name: 'both' }),
      dense(1, { name: 'chance', activation: 'sigmoid' }),
    );
    const again = fromOnnx(toOnnx(model));
    expect(Object.keys(again.getWeights())).toEqual(Object.keys(model.getWeights()));
  });

  it.each<[string, Layer]>([
    ["toOnnx: lstm_1 has the activation 'swish' inside", lstm(2, { activation: 'swish' })],
    ['toOnnx: lstm_1 has stateful: true', lstm(2, { stateful: true })],
    ['toOnnx: lstm_1 has cellClip', lstm(2, { cellClip: 1 })],
    ['toOnnx: layerNormLstm_1 has the type layerNormLstm', layerNormLstm(2)],
  ])('%s, which ONNX cannot say', (message, layer) => {
    const model = built(layer);
    expect(() => toOnnx(model)).toThrow(ConfigError);
    expect(() => toOnnx(model)).toThrow(message);
  });

  it('refuses what is no built model, and options that it has not', () => {
    expect(() => toOnnx(sequential([lstm(2)]))).toThrow('call model.build([steps, features]) first');
    expect(() => toOnnx({} as never)).toThrow('toOnnx takes a model');
    expect(() => toOnnx(built(lstm(2)), { opset: 16 })).toThrow('at least 17');
    expect(() => toOnnx(built(lstm(2)), { masks: 'length' as 'lengths' })).toThrow("did you mean 'lengths'?");
  });
});

describe('fromOnnx', () => {
  it('refuses what is no file of ONNX', () => {
    expect(() => fromOnnx('model.onnx' as never)).toThrow(DataError);
    expect(() => fromOnnx(new Uint8Array(0))).toThrow('holds no graph');
    expect(() => fromOnnx(Uint8Array.of(255, 255, 255))).toThrow(FormatError);
  });

  it('ends with a FormatError, wherever a file is cut or changed', () => {
    const bytes = toOnnx(built(bidirectional(gru(2)), dense(1)), { masks: 'anywhere' });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, byte, isCut) => {
        const bad = isCut ? bytes.slice(0, at) : bytes.slice();
        if (!isCut) bad[at] = byte;
        try {
          fromOnnx(bad);
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
        }
      }),
      { numRuns: 150 },
    );
  });
});
