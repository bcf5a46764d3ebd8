/** `longhand train FILE --entity COLUMN --time COLUMN`: who comes back, or stays away, within some weeks. */
import { DataError } from '../../core/errors.js';
import {
  adam,
  dense,
  dropout,
  type EventSequences,
  lastSteps,
  lstm,
  pipeline,
  type Sequential,
  sequential,
  serializePipeline,
  splitByGroup,
} from '../../index.js';
import { logLoss } from '../../training/metrics/probability.js';
import { auc } from '../../training/metrics/ranked.js';
import { type Given, UsageError } from '../command.js';
import { STANDARD_INPUT } from '../input.js';
import { tell } from '../progress.js';
import { type Score, scoreLines } from '../table/scores.js';
import type { Trained, TrainingSettings } from '../training.js';
import { cutOf, type EventColumns, endOf, groupLog } from './log.js';

/** Fewer entities than this are nobody to learn from and to measure on. */
const FEWEST = 20;
const HORIZON = 4;

/** What the file says beside the model. */
export interface EventsAbout extends EventColumns {
  readonly job: 'events';
  /** How often the answer was yes in what was learned from. */
  readonly share: number;
}

export async function trainOnEvents(
  path: string,
  given: Given,
  settings: TrainingSettings,
): Promise<Trained> {
  if (path === STANDARD_INPUT) {
    throw new UsageError(
      'an event log is read twice, which the standard input cannot be: give the path of a file',
    );
  }
  const columns = readColumns(given);
  const end = await endOf(path, columns);
  const log = await groupLog(path, columns, cutOf(end, columns.horizon), end);
  const { seed, testShare, onStart, onProgress } = settings;
  const known = log.test().entities;
  if (known.length < FEWEST) {
    throw new DataError(
      `${path} has ${known.length} of ${columns.entity} before the last ${columns.horizon} weeks, and to learn and to measure takes ${FEWEST}`,
    );
  }
  const tested = new Set(Array.from(splitByGroup(known, { testShare, seed }).test, (row) => known[row]));
  const train = log.train({ entities: (id) => !tested.has(id) });
  const test = log.test({ entities: (id) => tested.has(id) });
  const does = columns.ask === 'occurs' ? 'has another event' : 'has no event';
  tell(
    `${path}: ${log.events} events of ${log.entities.length}, by ${columns.entity}; ${tested.size} of them are kept to measure with`,
    `question: who ${does} within ${columns.horizon} weeks, asked after every week before the last ${columns.horizon}`,
    `features a week: ${log.featureNames.join(', ')}`,
  );
  const { units = 32, epochs = 20, learningRate = 0.005 } = settings;
  const layers = [lstm(units, { returnSequences: true }), dropout(0.2), dense(1, { activation: 'sigmoid' })];
  const model = sequential(layers, { seed });
  model.compile({ optimizer: adam({ learningRate, globalClipNorm: 1 }), loss: 'binaryCrossentropy' });
  onStart(model);
  await model.fit(train.x, train.y, { epochs, batchSize: 64, sampleWeight: train.weights, onProgress });
  const about: EventsAbout = { job: 'events', ...columns, share: shareOf(train) };
  const scores = scoreEvents(model, test, about.share);
  return {
    bytes: serializePipeline(pipeline({ model }), { about: { ...about } }),
    lines: [
      `on ${test.entities.length} that it has not seen, in weeks that it has not seen:`,
      ...scoreLines(scores).map((line) => `  ${line}`),
    ],
    facts: { events: log.events, entities: log.entities.length, ...columns, scores },
  };
}

function readColumns(given: Given): EventColumns {
  const time = given.text('time');
  if (time === undefined) throw new UsageError('an event log needs --time COLUMN beside --entity');
  return {
    entity: given.text('entity') as string,
    time,
    amount: given.text('amount') ?? null,
    horizon: given.whole('horizon', 1, 520) ?? HORIZON,
    ask: given.has('absent') ? 'absent' : 'occurs',
  };
}

/** The chance of each entity at the end of its sequence. */
export function chances(model: Sequential, { x, lengths }: EventSequences): ArrayLike<number> {
  return lastSteps(model.predict(x), lengths).data;
}

/**
 * Beside the share of yes and, for the order, how lately each was there.
 *
 * @throws DataError where all have the same answer
 */
export function scoreEvents(model: Sequential, test: EventSequences, share: number): Score[] {
  const rows = [...test.labels.keys()].filter((row) => !Number.isNaN(test.labels[row]));
  const labels = rows.map((row) => test.labels[row] as number);
  if (new Set(labels).size < 2) {
    throw new DataError('all that are measured with have the same answer: take another --horizon');
  }
  const said = chances(model, test);
  const probabilities = rows.map((row) => said[row] as number);
  const lately = rows.map((row) => recency(test, row));
  const byRecency = auc(labels, lately);
  const shares = labels.map(() => share);
  return [
    {
      metric: 'area under the curve',
      value: auc(labels, probabilities),
      baseline: Math.max(byRecency, 1 - byRecency),
      simplest: 'how lately each was there',
      better: 'higher',
    },
    {
      metric: 'log-loss',
      value: logLoss(labels, probabilities),
      baseline: logLoss(labels, shares),
      simplest: 'the share of all',
      better: 'lower',
    },
  ];
}

/** How often the answer is yes, of those that are known. */
function shareOf({ y, weights }: EventSequences): number {
  let [yes, known] = [0, 0];
  for (const [i, weight] of weights.data.entries()) {
    yes += weight * (y.data[i] as number);
    known += weight;
  }
  return yes / known;
}

/** The last week with an event, counted from the end: 0 is the last one, less is earlier. */
function recency({ x, lengths }: EventSequences, row: number): number {
  const [, steps, features] = x.shape as [number, number, number];
  const length = lengths[row] as number;
  for (let t = length - 1; t >= 0; t--) {
    if ((x.data[(row * steps + t) * features] as number) > 0) return t - length + 1;
  }
  return -length;
}
