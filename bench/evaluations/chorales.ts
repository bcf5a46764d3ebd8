/**
 * Evaluation 3: Bach's chorales, quarter by quarter. The next frame of 88 keys is foretold as 88 chances; their binary
 * cross-entropies are added up, and the mean is over all frames but the first of all test chorales (4,648 frames).
 *
 * The recipe is given: LSTM 200, dropout .4 before the output, Adam .002, clip 1, batches of 16, stopped when the
 * validation part has not become better for 30 epochs, the weights of the best epoch kept.
 *
 * Data: jsb-chorales-quarter.json (Boulanger-Lewandowski, Bengio and Vincent 2012).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  adam,
  type Dataset,
  dense,
  dropout,
  earlyStopping,
  lstm,
  readPianoRolls,
  sequential,
} from '../../src/index.js';
import { COMPUTED, type Evaluation } from './evaluation.js';

const FILE = 'jsb-chorales-quarter.json';
const KEYS = 88;
const EPOCHS = 400;

export const chorales: Evaluation = {
  name: 'chorales',
  about:
    "The next frame of Bach's chorales, 88 keys: cross-entropy of a frame in nats, over 4,648 test frames",
  recipe:
    'LSTM 200, dropout .4 before the output, Adam .002, clip 1, batches of 16, stopped after 30 epochs without a better validation loss',
  data: { folder: 'jsb-chorales', files: [FILE], source: 'Boulanger-Lewandowski, Bengio and Vincent 2012' },
  bars: [{ metric: 'nats', bar: 8.43, better: 'lower' }],
  run: async (seed, { folder, backend, onProgress }) => {
    const parts = readPianoRolls(await readFile(join(folder, FILE), 'utf8'), { name: FILE });
    const { train, valid, test } = parts as Readonly<Record<'train' | 'valid' | 'test', Dataset>>;
    const model = sequential(
      [lstm(200, { returnSequences: true }), dropout(0.4), dense(KEYS, { activation: 'sigmoid' })],
      { seed, backend },
    );
    const optimizer = adam({ learningRate: 2e-3, globalClipNorm: 1 });
    model.compile({ optimizer, loss: 'binaryCrossentropy' });
    const { epoch } = await model.fit(train.x, train.y, {
      epochs: EPOCHS,
      batchSize: 16,
      onProgress,
      validationData: [valid.x, valid.y],
      callbacks: [earlyStopping({ monitor: 'val_loss', patience: 30, restoreBestWeights: true })],
    });
    // The loss is the mean over the keys.
    return { nats: KEYS * model.evaluate(test.x, test.y).loss, epochs: epoch.length };
  },
  comparisons: [
    { model: 'a Markov chain for each note', figures: { nats: 10.49 }, kind: 'baseline', source: COMPUTED },
    {
      model: 'this recipe in PyTorch, two seeds',
      figures: { nats: 8.41 },
      kind: 'baseline',
      source: COMPUTED,
    },
    { model: 'tanh RNN', figures: { nats: 9.19 }, kind: 'published', source: 'Chung and others 2014' },
    { model: 'LSTM 36', figures: { nats: 8.67 }, kind: 'published', source: 'Chung and others 2014' },
    { model: 'LSTM', figures: { nats: 8.45 }, kind: 'published', source: 'Bai, Kolter and Koltun 2018' },
    { model: 'TCN', figures: { nats: 8.1 }, kind: 'published', source: 'Bai, Kolter and Koltun 2018' },
  ],
};
