/**
 * Evaluation 1: who of CDNOW's customers buys in the 13 weeks after day 273? Trained on the 21,213 customers
 * outside the test list, on weeks 0 to 25 with a label at every week, none of which looks at day 273 or later;
 * tested on the 2,357 others, on weeks 0 to 38. The recipe is that of the purchase job.
 *
 * Data: CDNOW_master.txt and test_customers.txt (Fader and Hardie, brucehardie.com/datasets).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { predictBaselines } from '../../src/cli/purchase/baselines.js';
import { predictCustomers, recipeFor, trainNetwork } from '../../src/cli/purchase/network.js';
import { readPurchaseLog } from '../../src/cli/purchase/purchase-log.js';
import { score } from '../../src/cli/purchase/scores.js';
import { splitLog } from '../../src/cli/purchase/split.js';
import { COMPUTED, type Evaluation } from './evaluation.js';

const HORIZON = 13;
const CUT = 273;
const UNITS = 32;

async function readSplit(folder: string, seed: number) {
  const log = readPurchaseLog(await readFile(join(folder, 'CDNOW_master.txt'), 'utf8'), 'CDNOW_master.txt');
  const list = await readFile(join(folder, 'test_customers.txt'), 'utf8');
  const testCustomers = list.trim().split(/\s+/);
  const split = splitLog(log, { horizon: HORIZON, cut: CUT, seed, testCustomers, validationShare: 0 });
  return { log, split };
}

export const cdnow: Evaluation = {
  name: 'cdnow',
  about:
    'Who of 2,357 customers of CDNOW buys in the 13 weeks after day 273: area under the ROC curve, and log-loss',
  recipe:
    'LSTM 32, a label at every week from the eighth on, dropout .2 before the output, Adam .01 on a cosine, batches of 256, 16 epochs',
  data: {
    folder: 'cdnow',
    files: ['CDNOW_master.txt', 'test_customers.txt'],
    source: 'Fader and Hardie, brucehardie.com/datasets',
  },
  bars: [
    { metric: 'auc', bar: 0.797, better: 'higher' },
    { metric: 'log-loss', bar: 0.3635, better: 'lower' },
  ],
  comparisons: [
    { model: 'BG/NBD', figures: { auc: 0.7889 }, kind: 'baseline', source: COMPUTED },
    { model: 'Pareto/NBD', figures: { auc: 0.7953 }, kind: 'baseline', source: COMPUTED },
    {
      model: 'this recipe in PyTorch, two seeds',
      figures: { auc: 0.7974, 'log-loss': 0.3631 },
      kind: 'baseline',
      source: COMPUTED,
    },
  ],
  run: async (seed, { folder, backend }) => {
    const { split } = await readSplit(folder, seed);
    const recipe = recipeFor(split.train.rows);
    const { model } = await trainNetwork(split, { units: UNITS, seed, recipe, verbose: 0, backend });
    const { auc, logLoss } = score(split.test.labels, predictCustomers(model, split.test));
    return { auc, 'log-loss': logLoss };
  },
  baselines: async (folder) => {
    const { log, split } = await readSplit(folder, 1);
    return predictBaselines(log, split).map(({ name, probabilities }) => {
      const { auc, logLoss } = score(split.test.labels, probabilities);
      return {
        model: name,
        figures: { auc, 'log-loss': logLoss },
        kind: 'baseline',
        source: 'computed by this command',
      };
    });
  },
};
