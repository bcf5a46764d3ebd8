/** Dropout: how much is dropped, what is left, when it is off, and where a mask stays the same. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import {
  dense,
  dropout,
  type Layer,
  lstm,
  masking,
  sequential,
  sgd,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { drawDropoutMask } from '../../src/layers/dropout.js';
import type { Network } from '../../src/model/network.js';
import { bitsOf, errorOf, randomSequences } from '../support/bits.js';
import { inputOf, outputOf } from '../support/models.js';

/** What comes out of one layer in training, [batch, steps, features] time-major, for an input of ones. */
function trainingOutput(layers: Layer[], batch: number, steps: number, features: number): FloatArray {
  const model = sequential(layers, { seed: 4, precision: 'float64' });
  model.compile({ loss: 'meanSquaredError' });
  model.build([null, features]);
  const network = model.internals.network as Network;
  const pass = network.pass(batch, [steps], true);
  inputOf(pass).value.array.fill(1);
  inputOf(pass).mask.array.fill(1);
  pass.rowMask.array.fill(1);
  pass.forward(true);
  return outputOf(pass).value.array;
}

describe('a dropout mask', () => {
  it.each([0.1, 0.5, 0.9])(
    'at rate %d drops that share and scales the rest, so that the mean stays',
    (rate) => {
      const mask = new Float64Array(100_000);
      drawDropoutMask(new Random(1), mask, rate);
      const dropped = mask.filter((m) => m === 0).length / mask.length;
      expect(Math.abs(dropped - rate)).toBeLessThan(0.006);
      expect(new Set(mask)).toEqual(new Set([0, 1 / (1 - rate)]));
      expect(Math.abs(mask.reduce((sum, m) => sum + m, 0) / mask.length - 1)).toBeLessThan(0.06);
    },
  );

  it('drops neighbours independently', () => {
    const mask = new Float64Array(100_000);
    drawDropoutMask(new Random(2), mask, 0.3);
    let both = 0;
    for (let k = 1; k < mask.length; k++) if (mask[k] === 0 && mask[k - 1] === 0) both++;
    expect(Math.abs(both / mask.length - 0.09)).toBeLessThan(0.005);
  });
});

describe('a dropout layer', () => {
  it('draws for every row, step and feature anew', () => {
    const output = trainingOutput([dropout(0.4)], 50, 40, 10);
    const dropped = output.filter((y) => y === 0).length / output.length;
    expect(Math.abs(dropped - 0.4)).toBeLessThan(0.02);
    expect(new Set(output)).toEqual(new Set([0, 1 / 0.6]));
    const steps = new Set(Array.from({ length: 40 }, (_, t) => bitsOf(output.slice(t * 500, (t + 1) * 500))));
    expect(steps.size).toBe(40);
  });

  it('draws anew for every batch', () => {
    const model = sequential([dropout(0.5), dense(1)], { seed: 1 });
    model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0 }) });
    const x = [Array.from({ length: 64 }, (_, k) => k)];
    const losses = Array.from({ length: 20 }, () => model.trainOnBatch(x, [1]).loss);
    expect(new Set(losses).size).toBe(20);
  });

  it('is off in predict, evaluate, testOnBatch and the validation of fit', async () => {
    const x = randomSequences(1, [3, 3, 3, 3], 4);
    const y = [[1], [2], [3], [4]];
    const make = (rate: number) => {
      const layers = [
        dropout(rate),
        lstm(5, { returnSequences: true, dropout: rate, recurrentDropout: rate }),
        lstm(3, { dropout: rate }),
        dropout(rate),
        dense(1),
      ];
      const model = sequential(layers, { seed: 2 });
      model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0 }) });
      return model;
    };
    const plain = make(0);
    const dropping = make(0.5);
    expect(bitsOf(dropping.predict(x).data)).toBe(bitsOf(plain.predict(x).data));
    expect(dropping.evaluate(x, y)).toEqual(plain.evaluate(x, y));
    expect(dropping.testOnBatch(x, y)).toEqual(plain.testOnBatch(x, y));
    const { history } = await dropping.fit(x, y, { validationData: [x, y] });
    expect(history.val_loss?.[0]).toBe(plain.evaluate(x, y).loss);
    expect(history.loss?.[0]).not.toBe(history.val_loss?.[0]);
  });

  it('at rate 0 changes nothing', async () => {
    const x = randomSequences(1, [2, 2], 2);
    const y = [[1], [2]];
    const make = (layers: Layer[]) => {
      const model = sequential(layers, { seed: 2 });
      model.compile({ loss: 'meanSquaredError' });
      return model;
    };
    const a = make([lstm(2), dropout(0), dense(1)]);
    const b = make([lstm(2), dense(1)]);
    const [one, two] = [await a.fit(x, y, { epochs: 3 }), await b.fit(x, y, { epochs: 3 })];
    expect(one.history).toEqual(two.history);
  });
});

/** The lstm with input dropout: each step's input is x times one mask, which can be read off an identity. */
describe("an lstm's dropout", () => {
  it('drops the same inputs at every step of a sequence, and others in another row', () => {
    // Every gate is half open and the candidate is the input: c_t = c_{t-1} / 2 + x_t / 2, so x can be read off c.
    const features = 30;
    const layer = lstm(features, {
      returnSequences: true,
      activation: 'linear',
      dropout: 0.5,
      useBias: false,
      kernelInitializer: 'zeros',
      recurrentInitializer: 'zeros',
    });
    const model = sequential([layer], { seed: 3, precision: 'float64' });
    model.compile({ loss: 'meanSquaredError' });
    model.build([null, features]);
    const kernel = new Float64Array(features * 4 * features);
    for (let k = 0; k < features; k++) kernel[k * 4 * features + 2 * features + k] = 1;
    const weights = model.getWeights();
    model.setWeights({ ...weights, 'lstm_1/kernel': tensor(kernel, [features, 4 * features]) });
    const network = model.internals.network as Network;
    const [batch, steps] = [6, 5];
    const pass = network.pass(batch, [steps], true);
    inputOf(pass).value.array.fill(1);
    inputOf(pass).mask.array.fill(1);
    pass.forward(true);
    const h = outputOf(pass).value.array;
    const size = batch * features;
    const inputs = Array.from({ length: steps }, (_, t) =>
      Array.from({ length: size }, (_, k) => {
        const before = t === 0 ? 0 : 2 * (h[(t - 1) * size + k] as number);
        return 2 * (2 * (h[t * size + k] as number) - before / 2);
      }),
    );
    const first = inputs[0] as number[];
    expect(new Set(first.map((x) => Math.round(x)))).toEqual(new Set([0, 2]));
    for (const step of inputs) step.forEach((x, k) => void expect(x).toBeCloseTo(first[k] as number, 12));
    const rows = new Set(
      Array.from({ length: batch }, (_, b) => first.slice(b * features, (b + 1) * features).join()),
    );
    expect(rows.size).toBe(batch);
  });
});

describe("an lstm's recurrentDropout", () => {
  it('drops the same of the previous h at every step and for all gates', () => {
    // h is 1 from the first step on; with a mask r, the candidate of unit j is r_j h_j, the gates are all half open.
    const units = 40;
    const layer = lstm(units, {
      returnSequences: true,
      activation: 'linear',
      recurrentActivation: 'linear',
      recurrentDropout: 0.5,
      unitForgetBias: false,
    });
    const model = sequential([layer], { seed: 5, precision: 'float64' });
    model.compile({ loss: 'meanSquaredError' });
    model.build([null, 1]);
    // i = 1 + u, f = 0, g = 1, o = 1: h_t = 1 + r h_{t-1}, so r = (h_t - 1) / h_{t-1}.
    const recurrent = new Float64Array(units * 4 * units);
    for (let k = 0; k < units; k++) recurrent[k * 4 * units + k] = 1;
    const bias = new Float64Array(4 * units).fill(1).fill(0, units, 2 * units);
    model.setWeights({
      'lstm_1/kernel': tensor(new Float64Array(4 * units), [1, 4 * units]),
      'lstm_1/recurrentKernel': tensor(recurrent, [units, 4 * units]),
      'lstm_1/bias': tensor(bias, [4 * units]),
    });
    const network = model.internals.network as Network;
    const [batch, steps] = [4, 6];
    const masks = [0, 1].map(() => {
      const pass = network.pass(batch, [steps], true);
      inputOf(pass).mask.array.fill(1);
      pass.forward(true);
      const h = outputOf(pass).value.array;
      const size = batch * units;
      const r = (t: number, k: number) =>
        ((h[t * size + k] as number) - 1) / (h[(t - 1) * size + k] as number);
      const first = Array.from({ length: size }, (_, k) => r(1, k));
      for (let t = 2; t < steps; t++) first.forEach((m, k) => void expect(r(t, k)).toBeCloseTo(m, 10));
      const dropped = first.filter((m) => Math.abs(m) < 1e-12).length / size;
      expect(dropped).toBeGreaterThan(0.3);
      expect(dropped).toBeLessThan(0.7);
      for (const m of first) expect(Math.min(Math.abs(m), Math.abs(m - 2))).toBeLessThan(1e-10);
      return first.map(Math.round).join('');
    });
    expect(masks[0]).not.toBe(masks[1]);
  });
});

describe('rates', () => {
  it.each([1, -0.1, 1.5, Number.NaN, '0.5', null])('of %s are ConfigErrors', async (rate) => {
    const shown = typeof rate === 'string' ? `'${rate}'` : rate;
    const message = (where: string) => `${where} must be a number at least 0 and below 1 but is ${shown}`;
    expect(await errorOf(() => dropout(rate as number))).toEqual({
      name: 'ConfigError',
      message: message('dropout: rate'),
    });
    if (rate === null) return; // an option that is null is left out
    expect(await errorOf(() => lstm(2, { dropout: rate as number }))).toEqual({
      name: 'ConfigError',
      message: message('lstm: dropout'),
    });
    expect(await errorOf(() => lstm(2, { recurrentDropout: rate as number }))).toEqual({
      name: 'ConfigError',
      message: message('lstm: recurrentDropout'),
    });
  });

  it("TensorFlow.js's dropout({ rate }) says what to write", async () => {
    expect(await errorOf(() => dropout({ rate: 0.2 } as never))).toEqual({
      name: 'ConfigError',
      message: 'dropout takes the rate first: write dropout(0.2) instead of dropout({ rate: 0.2 })',
    });
    expect(await errorOf(() => dropout(0.2, { seed: 3 } as never))).toEqual({
      name: 'ConfigError',
      message: "dropout has no option 'seed': give it to the model, sequential(layers, { seed })",
    });
  });
});

describe('dropout and masks', () => {
  it('keep a masked step out of training, whatever is dropped beside it', async () => {
    const run = async (maskValue: number) => {
      const model = sequential(
        [masking({ maskValue }), lstm(3, { dropout: 0.4, recurrentDropout: 0.4 }), dropout(0.3), dense(1)],
        { seed: 9 },
      );
      model.compile({ loss: 'meanSquaredError' });
      const x = randomSequences(2, [4, 4, 4], 2).map((row) => [[maskValue, maskValue], ...row]);
      await model.fit(x, [[1], [2], [3]], { epochs: 3, batchSize: 2 });
      return bitsOf((model.getWeights()['lstm_1/kernel'] as Tensor).data);
    };
    expect(await run(1e30)).toBe(await run(-1));
  });
});
