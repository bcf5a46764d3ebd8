/** Losses and metrics of one's own in files and checkpoints, once they are made known by their names. */
import { describe, expect, it } from 'vitest';
import {
  checkGradients,
  checkpoint,
  dense,
  deserializeModel,
  lstm,
  type OwnLoss,
  registerLoss,
  registerMetric,
  sequential,
  serializeModel,
  type Tensor,
} from '../../src/index.js';
import { bitsOf, errorOf } from '../support/bits.js';

const x = [[1], [2], [3]];
const y = [2, 4, 6];

const cubic: OwnLoss = {
  name: 'cubic',
  forward: ([t = 0], [p = 0]) => Math.abs(p - t) ** 3,
  backward: ([t = 0], [p = 0], gradient) => {
    gradient[0] = 3 * (p - t) ** 2 * Math.sign(p - t);
  },
};
function worst(yTrue: Tensor, yPred: Tensor): number {
  return Math.max(...yTrue.data.map((t, k) => Math.abs(t - (yPred.data[k] as number))));
}
const make = (loss: OwnLoss = cubic) =>
  sequential([dense(1)], { seed: 1 }).compile({ loss, metrics: [worst], optimizer: 'adam' });

describe('a loss and a metric of your own', () => {
  it('are in no file before they are known, and the error says what makes them known', async () => {
    const model = make().build([1]);
    expect(await errorOf(() => serializeModel(model))).toEqual({
      name: 'ConfigError',
      message:
        "loss 'cubic' is your own: make it known by registerLoss, or save the model with { includeOptimizer: false }",
    });
    registerLoss(cubic);
    expect(await errorOf(() => serializeModel(model))).toEqual({
      name: 'ConfigError',
      message:
        "metric 'worst' is a function of your own: make it known by registerMetric, or save the model with { includeOptimizer: false }",
    });
  });

  it('are in files afterwards: training goes on with the same bits', async () => {
    registerLoss(cubic);
    registerMetric(worst);
    const model = make();
    await model.fit(x, y, { epochs: 2 });
    const again = deserializeModel(serializeModel(model));
    expect(again.evaluate(x, y)).toEqual(model.evaluate(x, y));
    await model.fit(x, y, { epochs: 2 });
    await again.fit(x, y, { epochs: 2 });
    expect(bitsOf(again.predict(x).data)).toBe(bitsOf(model.predict(x).data));
    let kept: Uint8Array | undefined;
    const save = (bytes: Uint8Array) => {
      kept = bytes;
    };
    const store = checkpoint({ everySteps: 1, save, load: () => kept });
    await make().fit(x, y, { epochs: 2, checkpoint: store });
    expect((await make().fit(x, y, { epochs: 3, checkpoint: store, resume: true })).epoch).toEqual([0, 1, 2]);
  });

  it('another loss of the same name is not taken for it', async () => {
    registerLoss(cubic);
    registerMetric(worst);
    const model = make({ ...cubic, forward: () => 1 }).build([1]);
    expect((await errorOf(() => serializeModel(model))).message).toContain("loss 'cubic' is your own");
  });

  it.each<[string, () => void, string]>([
    [
      'a loss of the library',
      () => registerLoss({ ...cubic, name: 'huber' }),
      "registerLoss: 'huber' is a loss of this library: give yours another name",
    ],
    [
      'a metric of the library',
      () => registerMetric(Object.defineProperty(() => 1, 'name', { value: 'auc' })),
      "registerMetric: 'auc' is a metric of this library: give yours another name",
    ],
    [
      'no loss',
      () => registerLoss('cubic' as never),
      "registerLoss takes a loss of your own but got 'cubic'",
    ],
    ['no metric', () => registerMetric(3 as never), 'registerMetric takes a function but got 3'],
  ])('%s is a ConfigError', async (_, work, message) => {
    expect(await errorOf(work)).toEqual({ name: 'ConfigError', message });
  });
});

describe('checkGradients of a layer alone', () => {
  it('looks at it without a model', () => {
    const { error, weights } = checkGradients(
      lstm(2),
      [
        [[1], [2]],
        [[0.5], [-1]],
      ],
      [
        [1, 2],
        [0, 1],
      ],
    );
    expect(error).toBeLessThan(1e-6);
    expect(weights.length).toBe(3);
  });

  it('is an error of what is neither', async () => {
    expect(await errorOf(() => checkGradients({} as never, x, y))).toEqual({
      name: 'ConfigError',
      message: 'checkGradients looks at a model or a layer but got an object with nothing',
    });
  });
});
