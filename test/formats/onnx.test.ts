/** Models that go out as ONNX and come in again: the same bits, masked steps anywhere among them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onnxModel } from '../../bench/peers/adapters/onnx-model.js';
import { fromOnnx, toOnnx } from '../../src/formats/index.js';
import { encodeModel } from '../../src/formats/onnx/messages.js';
import { int, NodeWriter } from '../../src/formats/onnx/node-writer.js';
import { BOOL, FLOAT, INT32 } from '../../src/formats/onnx/tensors.js';
import {
  bidirectional,
  ConfigError,
  DataError,
  dense,
  FormatError,
  type Functional,
  flatten,
  gru,
  type Layer,
  lstm,
  sequential,
  type Tensor,
  tensor,
  timeDistributed,
} from '../../src/index.js';
import goldenCases from '../fixtures/onnx/onnxruntime.json' with { type: 'json' };
import pytorchCases from '../fixtures/onnx/pytorch.json' with { type: 'json' };
import publishedCases from '../fixtures/onnx-lstm.json' with { type: 'json' };
import { canSayInOnnx, chainChoice, graphChoiceOf, makeChain, makeGraph } from '../support/exchange.js';
import { swapAxes } from '../support/layer-run.js';

interface Golden {
  model: string;
  masks: 'none' | 'lengths' | 'anywhere';
  x: { shape: number[]; data: (number | null)[] };
  mask: number[];
  output: { shape: number[]; data: number[] };
}

/** Written by `npm run interop -- --only onnx --fixtures`. */
const golden = goldenCases as Golden[];

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

interface Exported {
  name: string;
  model: string;
  x: { shape: number[]; data: number[] };
  lengths: number[] | null;
  y: { shape: number[]; data: number[] };
}

/** Written by test/fixtures/onnx-from-pytorch.py. */
const fromPytorch = pytorchCases as Exported[];

interface PublishedTensor {
  name: string;
  shape: number[];
  data: number[];
}

const published = publishedCases as unknown as Record<
  string,
  {
    attributes: { hidden_size: number; layout?: number };
    inputs: PublishedTensor[];
    outputs: PublishedTensor[];
  }
>;

/** A graph of one LSTM, all of whose inputs but X are constants. */
function lstmFile(
  attributes: Readonly<Record<string, number>>,
  inputs: readonly PublishedTensor[],
  outputs: readonly PublishedTensor[],
): Uint8Array {
  const w = new NodeWriter(false);
  const names = ['X', 'W', 'R', 'B', 'sequence_lens', 'initial_h', 'initial_c', 'P'];
  const found = names.map((name) => inputs.find((one) => one.name === name));
  for (const one of found.slice(1)) {
    if (!one) continue;
    const type = one.name === 'sequence_lens' ? INT32 : FLOAT;
    w.shared({ ...one, type, data: Float64Array.from(one.data) });
  }
  const all = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, int(value)]));
  const wanted = ['Y', 'Y_h'].map((name) => (outputs.some((one) => one.name === name) ? name : ''));
  w.nodeOf(
    'LSTM',
    found.map((one) => one?.name ?? ''),
    all,
    { outputs: wanted },
  );
  const info = ({ name, shape }: PublishedTensor) => ({ name, type: FLOAT, shape });
  return encodeModel({
    opset: 14,
    graph: {
      name: '',
      nodes: w.nodes,
      initializers: w.initializers,
      inputs: [info(found[0] as PublishedTensor)],
      outputs: outputs.map(info),
    },
    functions: [],
  });
}

const chains = fc.record({ chain: chainChoice(canSayInOnnx), opset: fc.constantFrom(17, 18, 21) });

describe('a model out and in', () => {
  it('predicts the same bits, whatever is masked', () => {
    fc.assert(
      fc.property(chains, ({ chain, opset }) => {
        const { built, given } = makeChain(chain);
        const again = fromOnnx(toOnnx(built, { masks: chain.masks, opset }));
        const [a, b] = [built, again].map((one) => one.predict(given.x, { missing: 'mask' })) as [
          Tensor,
          Tensor,
        ];
        expect(b).toEqual(a);
      }),
      { numRuns: 60 },
    );
  });

  it('so does a graph of several inputs and outputs', () => {
    fc.assert(
      fc.property(graphChoiceOf(canSayInOnnx), (choice) => {
        const { built, given, names } = makeGraph(choice);
        const again = fromOnnx<Functional>(toOnnx(built as never, { masks: 'anywhere' }));
        const x = given.map((one) => one.x);
        const named = Object.fromEntries(names.map((name, i) => [name, x[i]]));
        const a = built.predict(x as never, { missing: 'mask' }) as unknown as Tensor[];
        const b = again.predict(named as never, { missing: 'mask' }) as unknown as Record<string, Tensor>;
        built.internals.outputPorts.names.forEach((name, i) => void expect(b[name]).toEqual(a[i]));
      }),
      { numRuns: 40 },
    );
  });
});

describe('what other systems make of it', () => {
  it.each(golden.map((one, i) => [i, one] as const))(
    'onnxruntime gave the same numbers: case %i',
    (_, one) => {
      const { x, mask, masks, output } = one;
      const model = fromOnnx(bytesOf(one.model));
      const data = Float32Array.from(x.data, (value) => value ?? Number.NaN);
      const [batch, steps] = x.shape as [number, number];
      const lengths = Array.from({ length: batch }, (__, row) =>
        mask.slice(row * steps, (row + 1) * steps).reduce((sum, real) => sum + real, 0),
      );
      const given = tensor(data, x.shape, masks === 'lengths' ? { lengths } : {});
      const ours = model.predict(given, { missing: 'mask' });
      expect(ours.shape).toEqual(output.shape);
      ours.data.forEach((value, k) => {
        const step = Math.floor(k / 2);
        if (ours.shape.length === 3 && mask[step] === 0) return;
        expect(Math.abs(value - (output.data[k] as number))).toBeLessThan(1e-5);
      });
    },
  );

  it.each(fromPytorch.map((one) => [one.name, one] as const))('PyTorch exported it: %s', (_, one) => {
    const { x, lengths, y } = one;
    const model = fromOnnx(bytesOf(one.model));
    const found = model.predict(tensor(x.data, x.shape, lengths ? { lengths } : {}));
    expect(found.shape).toEqual(y.shape);
    const steps = x.shape[1] as number;
    found.data.forEach((value, k) => {
      const step = Math.floor(k / 2);
      if (lengths && step % steps >= (lengths[Math.floor(step / steps)] as number)) return;
      expect(Math.abs(value - (y.data[k] as number))).toBeLessThan(1e-5);
    });
  });

  it.each(Object.entries(published))(
    'the LSTM of its own tests: %s',
    (_, { attributes, inputs, outputs }) => {
      const model = fromOnnx(lstmFile(attributes, inputs, outputs));
      const { data, shape } = inputs.find(({ name }) => name === 'X') as PublishedTensor;
      const isBatchFirst = attributes.layout === 1;
      const [first, second, features] = shape as [number, number, number];
      const rows = isBatchFirst ? data : swapAxes(data, first, second);
      const x = tensor(rows, isBatchFirst ? shape : [second, first, features]);
      const found = [model.predict(x)].flatMap((one) =>
        'data' in one ? [one] : Object.values(one as Record<string, Tensor>),
      );
      found.forEach((one, i) => {
        expect(one.data.length).toBe(outputs[i]?.data.length);
        one.data.forEach((value, k) => void expect(value).toBeCloseTo(outputs[i]?.data[k] as number, 6));
      });
    },
  );

  it('the model of the bench, which is written by hand: time first, initial state and all', () => {
    const size = { name: '', batch: 2, steps: 3, inputs: 2, units: [3, 2], outputs: 4, everyStep: true };
    const source = sequential([
      lstm(3, { returnSequences: true }),
      lstm(2, { returnSequences: true }),
      dense(4, { activation: 'softmax' }),
    ]).build([null, 2]);
    const model = fromOnnx(onnxModel({ size, weights: source.getWeights() as never, streamed: false }));
    const x = tensor(
      Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
      [2, 3, 2],
    );
    expect(model.predict(x)).toEqual(source.predict(x));
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
    ['toOnnx: lstm_1 has stateful: true', lstm(2, { stateful: true })],
    ['toOnnx: timeDistributed_1 has a flatten inside', timeDistributed(flatten())],
    [
      'toOnnx: bidirectional_1 has directions that differ in units',
      bidirectional(lstm(2), { backwardLayer: lstm(3, { goBackwards: true }) }),
    ],
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

  it('is soon done with graphs that grow out of themselves', () => {
    const file = (operator: string, inputs: (name: string) => string[], count: number) => {
      const w = new NodeWriter(false);
      w.nodeOf('Identity', ['mask'], {}, { outputs: ['step 0'] });
      for (let i = 1; i <= count; i++) {
        const attributes = operator === 'Concat' ? { axis: int(1) } : {};
        w.nodeOf(operator, inputs(`step ${i - 1}`), attributes, { outputs: [`step ${i}`] });
      }
      const inputsOf = [
        {
          name: 'mask',
          type: operator === 'Concat' ? BOOL : FLOAT,
          shape: operator === 'Concat' ? ['b', 's'] : ['b', 2],
        },
      ];
      const outputs = [{ name: `step ${count}`, type: FLOAT, shape: [] }];
      const graph = { name: '', nodes: w.nodes, initializers: [], inputs: inputsOf, outputs };
      return encodeModel({ opset: 17, graph, functions: [] });
    };
    // Twice as much with every node, and more nodes than can be followed.
    expect(() => fromOnnx(file('Concat', (name) => [name, name], 60))).toThrow(
      'more masks than any model has',
    );
    expect(() => fromOnnx(file('Tanh', (name) => [name], 5000))).toThrow('more than 4000 nodes');
    expect(fromOnnx(file('Tanh', (name) => [name], 3000)).layers.length).toBe(3001);
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
