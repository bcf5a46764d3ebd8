/**
 * Evaluation 4: who of nine speakers says /ae/? 270 utterances of 7 to 26 steps of 12 numbers train, 370 of 7 to 29
 * test (Kudo, Toyama and Shimbo 1999). A bidirectional LSTM reads each utterance, of its own length, to its end; the
 * recipe is the published one (MathWorks, Sequence Classification Using Deep Learning), which has utterances of about one length
 * in a batch too, with the inputs standardized.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  adam,
  bidirectional,
  dense,
  lstm,
  readTimeSeries,
  sequential,
  standardScaler,
  type TimeSeries,
} from '../../src/index.js';
import { COMPUTED, type Evaluation } from './evaluation.js';

const UNITS = 100;
const EPOCHS = 50;
const BATCH = 27;

async function readUtterances(folder: string, part: 'TRAIN' | 'TEST'): Promise<TimeSeries> {
  const name = `JapaneseVowels_${part}.ts`;
  return readTimeSeries(await readFile(join(folder, name)), { name });
}

export const japaneseVowels: Evaluation = {
  name: 'japanese-vowels',
  about: 'Who of nine speakers says /ae/, utterances of 7 to 29 steps: accuracy on 370 of them',
  recipe:
    'bidirectional LSTM 100 on standardized inputs, Adam, clip 1, batches of 27 of about one length, 50 epochs',
  data: {
    folder: 'japanese-vowels',
    files: ['JapaneseVowels_TRAIN.ts', 'JapaneseVowels_TEST.ts'],
    source: 'Kudo, Toyama and Shimbo 1999, timeseriesclassification.com',
  },
  bars: [{ metric: 'accuracy', bar: 0.9541, better: 'higher' }],
  run: async (seed, { folder, backend, onProgress }) => {
    const train = await readUtterances(folder, 'TRAIN');
    const test = await readUtterances(folder, 'TEST');
    const model = sequential([bidirectional(lstm(UNITS)), dense(9, { activation: 'softmax' })], {
      seed,
      backend,
    });
    model.compile({
      optimizer: adam({ globalClipNorm: 1 }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    });
    const options = { epochs: EPOCHS, batchSize: BATCH, bucketByLength: true, onProgress };
    const scaler = standardScaler().fit(train.x);
    await model.fit(scaler.transform(train.x), train.labels, options);
    const { accuracy } = model.evaluate(scaler.transform(test.x), test.labels);
    return { accuracy: accuracy as number };
  },
  comparisons: [
    {
      model: 'nearest neighbor on padded series',
      figures: { accuracy: 0.9514 },
      kind: 'baseline',
      source: COMPUTED,
    },
    {
      model: 'bidirectional LSTM 100, 8.5 s on a CPU',
      figures: { accuracy: 0.9541 },
      kind: 'published',
      source: 'MathWorks, "Sequence Classification Using Deep Learning"',
    },
  ],
};
