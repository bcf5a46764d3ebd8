/** The mean of the weights over the end of training, and when it begins. */
import { describe, expect, it } from 'vitest';
import {
  type Callback,
  dense,
  sequential,
  sgd,
  type Tensor,
  type TrainedModel,
  type Training,
  tensor,
  type WeightAveragingOptions,
  weightAveraging,
} from '../../src/index.js';
import { errorOf, weightBits } from '../support/bits.js';

const x = [[1], [2], [3], [4]];
const y = [2, 3, 6, 9];

function make() {
  const model = sequential([dense(1)], { seed: 2, precision: 'float64' });
  model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.02 }) });
  return model.build([1]);
}

/** The first epoch whose end begins averaging, given the watched values; nothing where none does. */
function beginning(options: WeightAveragingOptions, values: readonly number[], name = 'val_loss') {
  const callback = weightAveraging(options);
  const model: TrainedModel = {
    stopTraining: false,
    learningRate: 1,
    getWeights: () => ({ w: tensor([0], [1]) }),
    setWeights: () => {},
  };
  const training: Training = { model, epochs: values.length, batches: 1, values: ['loss', name] };
  callback.onTrainBegin?.(training);
  return values.findIndex((value, epoch) => {
    callback.onEpochEnd?.(epoch, { [name]: value }, training);
    return (callback.state?.() as { count: number } | undefined)?.count !== 0;
  });
}

describe('weightAveraging begins', () => {
  it('when a value is worse than the best one of more than n epochs ago', () => {
    // With n = 2 epoch t is compared with the epochs before t - 2.
    expect(beginning({ nonMonotonic: 2 }, [5, 4, 3, 4.5, 3.5, 2, 3.5])).toBe(6);
    expect(beginning({ nonMonotonic: 2 }, [5, 4, 4.5, 4.5, 4.5])).toBe(4);
    expect(beginning({ nonMonotonic: 2 }, [5, 6, 6, 6])).toBe(3);
    expect(beginning({ nonMonotonic: 1 }, [1, 2, 3])).toBe(2);
  });

  it('never while all becomes better, and not before n epochs are over', () => {
    expect(beginning({}, [9, 8, 7, 6, 5, 4, 3, 2, 1])).toBe(-1);
    expect(beginning({}, [1, 2, 3, 4, 5, 6, 7])).toBe(6);
    expect(beginning({}, [1, 2, 3, 4, 5, 6])).toBe(-1);
    expect(beginning({ nonMonotonic: 1 }, [2, Number.NaN, Number.NaN])).toBe(-1);
  });

  it('by the name of the value, where more is better too', () => {
    expect(beginning({ nonMonotonic: 1, monitor: 'val_auc' }, [0.5, 0.6, 0.7], 'val_auc')).toBe(-1);
    expect(beginning({ nonMonotonic: 1, monitor: 'val_auc' }, [0.5, 0.6, 0.4], 'val_auc')).toBe(2);
  });
});

/** Fits with the callback, and what the weight was after each batch. */
async function fitWith(callbacks: Callback[], epochs = 4) {
  const model = make();
  const seen: number[] = [];
  const kernel = () => (model.getWeights()['dense_1/kernel'] as Tensor).data[0] as number;
  const watch = { onBatchEnd: () => void seen.push(kernel()) };
  const { history } = await model.fit(x, y, {
    epochs,
    batchSize: 2,
    shuffle: false,
    validationData: [x, y],
    callbacks: [...callbacks, watch],
  });
  return { model, seen, last: kernel(), history };
}

describe('the mean of the weights', () => {
  it('is what the model is validated with and has after fit, and training goes on without it', async () => {
    const plain = await fitWith([]);
    const averaged = await fitWith([weightAveraging({ startFromEpoch: 2 })]);
    expect(averaged.seen).toEqual(plain.seen);
    const taken = plain.seen.slice(3);
    const mean = taken.reduce((sum, w) => sum + w, 0) / taken.length;
    expect(averaged.last).toBeCloseTo(mean, 14);
    expect(averaged.last).not.toBe(plain.last);
    expect(averaged.history.val_loss?.at(-1)).toBeCloseTo(averaged.model.evaluate(x, y).loss, 12);
    expect(averaged.history.val_loss?.slice(0, 2)).toEqual(plain.history.val_loss?.slice(0, 2));
  });

  it('of no weights at all is what they are', async () => {
    const [plain, averaged] = [await fitWith([]), await fitWith([weightAveraging()])];
    expect(weightBits(averaged.model)).toEqual(weightBits(plain.model));
  });
});

const wrong: [string, () => unknown, string][] = [
  [
    'two ways to begin',
    () => weightAveraging({ startFromEpoch: 3, monitor: 'loss' }),
    'weightAveraging: monitor has no say where startFromEpoch decides when it begins: give one of the two',
  ],
  [
    'no epochs to compare with',
    () => weightAveraging({ nonMonotonic: 0 }),
    'weightAveraging: nonMonotonic must be a number at least 1 but is 0',
  ],
  [
    'a value that is not there',
    () => make().fit(x, y, { callbacks: [weightAveraging()] }),
    "weightAveraging watches 'val_loss' but fit reports loss: give fit validationData or a validationSplit, " +
      'or watch another value',
  ],
];

it.each(wrong)('%s', async (_, work, message) => {
  expect(await errorOf(work)).toEqual({ name: 'ConfigError', message });
});
