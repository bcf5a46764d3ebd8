/**
 * How the recipe of the purchase job was chosen: `npx tsc -p bench && node .build/bench/evaluations/cdnow-choice.js
 * [FOLDER]` trains each candidate on four fifths of CDNOW's training customers, on weeks 0 to 16, and asks about the
 * others at week 26, whose labels end before day 273: half as far again as it was trained, as in the test. The test
 * customers and all days from 273 on are left out of it. Means over two seeds.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { predictCustomers, type Recipe, trainNetwork } from '../../src/cli/purchase/network.js';
import { readPurchaseLog } from '../../src/cli/purchase/purchase-log.js';
import { score } from '../../src/cli/purchase/scores.js';
import { labeledSequences, sequencesBefore } from '../../src/cli/purchase/sequences.js';
import type { Windows } from '../../src/cli/purchase/windows.js';
import { Random } from '../../src/core/random.js';

const CANDIDATES: readonly Recipe[] = [
  { epochs: 8, batchSize: 256, learningRate: 3e-3 },
  { epochs: 8, batchSize: 256, learningRate: 1e-2 },
  { epochs: 8, batchSize: 64, learningRate: 3e-3 },
  { epochs: 8, batchSize: 64, learningRate: 1e-2 },
  { epochs: 16, batchSize: 256, learningRate: 3e-3 },
  { epochs: 16, batchSize: 128, learningRate: 3e-3 },
  { epochs: 16, batchSize: 256, learningRate: 1e-2 },
  { epochs: 32, batchSize: 256, learningRate: 3e-3 },
];
const SEEDS = [1, 2];
const UNITS = 32;
/** The day and week at which the held-out customers are asked about. */
const ASKED_DAY = 182;
const ASKED_WEEK = 26;
const TRAIN_WEEKS = 17;
const WINDOWS: Windows = {
  horizon: 13,
  start: 0,
  trainOrigin: 7 * TRAIN_WEEKS,
  cut: ASKED_DAY,
  end: 273,
  trainWeeks: TRAIN_WEEKS,
  testWeeks: ASKED_WEEK,
  firstLabelWeek: 8,
};

const folder = process.argv[2] ?? join('..', 'shared', 'data', 'cdnow');
const log = readPurchaseLog(await readFile(join(folder, 'CDNOW_master.txt'), 'utf8'), 'CDNOW_master.txt');
const testList = new Set((await readFile(join(folder, 'test_customers.txt'), 'utf8')).trim().split(/\s+/));
const learned = Int32Array.from(log.customers.keys()).filter(
  (c) => !testList.has(log.customers[c] as string),
);
new Random(7).shuffle(learned);
const heldOutCount = Math.floor(learned.length / 5);
const heldOut = learned.slice(0, heldOutCount).sort();
const train = labeledSequences(log, WINDOWS, learned.slice(heldOutCount).sort(), 1);
const validation = labeledSequences(log, WINDOWS, heldOut, 1);
const asked = sequencesBefore(log, WINDOWS, heldOut, ASKED_DAY, 1);
const bought = asked.labels.reduce((sum, label) => sum + label, 0) / asked.rows;
console.log(`${asked.rows} customers held out, of whom ${(100 * bought).toFixed(1)} % bought`);

for (const recipe of CANDIDATES) {
  const scores = [];
  let predicted = 0;
  for (const seed of SEEDS) {
    const { model } = await trainNetwork({ train, validation }, { units: UNITS, seed, recipe, verbose: 0 });
    const probabilities = predictCustomers(model, asked);
    scores.push(score(asked.labels, probabilities));
    predicted += probabilities.reduce((sum, p) => sum + p, 0) / asked.rows / SEEDS.length;
  }
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  console.log(
    `epochs ${recipe.epochs}, batch ${recipe.batchSize}, learning rate ${recipe.learningRate}: ` +
      `auc=${mean(scores.map(({ auc }) => auc)).toFixed(4)} log-loss=${mean(scores.map(({ logLoss }) => logLoss)).toFixed(4)} ` +
      `predicted=${(100 * predicted).toFixed(1)} %`,
  );
}
