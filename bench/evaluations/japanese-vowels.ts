/**
 * Evaluation 4: who of nine speakers says /ae/? 270 utterances of 7 to 26 steps of 12 numbers train, 370 of 7 to 29
 * test (Kudo, Toyama and Shimbo 1999). A bidirectional LSTM reads each utterance, of its own length, to its end; the
 * recipe is the published one (MathWorks, Sequence Classification Using Deep Learning), which has utterances of about one length
 * in a batch too, with the inputs standardized.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { adam, bidirectional, dense, lstm, sequential } from '../../src/index.js';
import { COMPUTED, type Evaluation } from './evaluation.js';
import { meanAndDeviation } from './statistics.js';

const UNITS = 100;
const EPOCHS = 50;
const BATCH = 27;
const DIMENSIONS = 12;

interface Utterances {
  /** Of each its steps, of each step its dimensions. */
  readonly x: number[][][];
  readonly speakers: number[];
}

/** A file of the UEA archive: a line a case, dimensions behind each other with `:`, the class last. */
async function readUtterances(folder: string, part: 'TRAIN' | 'TEST'): Promise<Utterances> {
  const text = await readFile(join(folder, `JapaneseVowels_${part}.ts`), 'utf8');
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !/^[@#]/.test(line));
  const x: number[][][] = [];
  const speakers: number[] = [];
  for (const line of lines) {
    const parts = line.split(':');
    speakers.push(Number(parts.pop()) - 1);
    const dimensions = parts.map((numbers) => numbers.split(',').map(Number));
    const [first] = dimensions as [number[]];
    x.push(first.map((_, step) => dimensions.map((numbers) => numbers[step] as number)));
  }
  return { x, speakers };
}

/** The numbers of each dimension with the mean and deviation that it has in the training part. */
function standardize(x: number[][][], trained: number[][][]): number[][][] {
  const scales = Array.from({ length: DIMENSIONS }, (_, d) =>
    meanAndDeviation(trained.flatMap((steps) => steps.map((step) => step[d] as number))),
  );
  return x.map((steps) =>
    steps.map((step) =>
      step.map((value, d) => {
        const { mean, deviation } = scales[d] as { mean: number; deviation: number };
        return (value - mean) / deviation;
      }),
    ),
  );
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
    await model.fit(standardize(train.x, train.x), train.speakers, options);
    const { accuracy } = model.evaluate(standardize(test.x, train.x), test.speakers);
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
