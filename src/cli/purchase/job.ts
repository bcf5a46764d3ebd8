/**
 * `longhand purchase`, and `npm start`: learns from customers' purchases who will buy in the next weeks, and compares the
 * answer with four simpler ones. See arguments.ts for what it takes.
 */
import type { Stats } from 'node:fs';
import { access, constants, mkdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DataError } from '../../core/errors.js';
import type { History, Sequential } from '../../index.js';
import { serializeModel } from '../../index.js';
import { isSystemError, writeFileWhole } from '../../node/files.js';
import type { Given } from '../command.js';
import { EXIT_INTERRUPTED, endAtOnce, onInterrupt } from '../interrupt.js';
import { type Arguments, readArguments } from './arguments.js';
import { type Prediction, predictBaselines } from './baselines.js';
import type { ColumnNames } from './columns.js';
import { predictCustomers, recipeFor, trainNetwork } from './network.js';
import { calibrationSvg } from './plots.js';
import { joinLogs, type PurchaseLog, readPurchaseLog } from './purchase-log.js';
import {
  calibrationLines,
  customerLines,
  interruptedLines,
  logLines,
  resultLines,
  scoreLines,
  scoresCsv,
  trainingLines,
  windowLines,
} from './report.js';
import { score } from './scores.js';
import { simulatePurchases } from './simulate.js';
import { type Split, sequencesAtCut, sequencesAtEnd, splitLog } from './split.js';

/** A text of more characters does not fit one string of this engine. */
const MOST_BYTES = 2 ** 29 - 24;

export async function run(given: Given): Promise<void> {
  const options = readArguments(given);
  await checkOutputFolder(options.out);
  const { log, split } = await readData(options);
  print(...logLines(log), '', ...windowLines(log, split), '');

  const { model, history, interrupted } = await train(split, options);
  onInterrupt(() => {}); // what is left takes a moment, and half of it would be of no use
  if (interrupted) {
    process.exitCode = EXIT_INTERRUPTED;
    await writeResults(options.out, { 'model.safetensors': serializeModel(model) });
    print(...interruptedLines(history.epoch.length, join(options.out, 'model.safetensors')));
    return;
  }
  const network: Prediction = { name: 'LSTM', probabilities: predictCustomers(model, split.test) };
  const models = [network, ...predictBaselines(log, split)].map(({ name, probabilities }) => ({
    name,
    scores: score(split.test.labels, probabilities),
  }));
  print('', ...scoreLines(models, split.test.rows), '');
  print(...calibrationLines('LSTM', models[0]?.scores.calibration ?? []), '');
  print(...customerLines(log, split, network.probabilities), '');

  const atCut = sequencesAtCut(log, split);
  const calibrations = models
    .filter(({ name }) => name !== 'base rate')
    .map(({ name, scores }) => ({ name, calibration: scores.calibration }));
  await writeResults(options.out, {
    'scores.csv': scoresCsv(
      log,
      split,
      predictCustomers(model, sequencesAtEnd(log, split)),
      atCut,
      predictCustomers(model, atCut),
    ),
    'calibration.svg': calibrationSvg(calibrations),
    'training.svg': history.toSVG({ title: 'Training: log-loss, lower is better' }),
    'model.safetensors': serializeModel(model),
  });
  print(...resultLines(log, split, options.out, options.file === undefined));
}

/** The log, read or simulated, and who of it is learned from and tested on. */
async function readData(options: Arguments): Promise<{ log: PurchaseLog; split: Split }> {
  const { file, test, columns, horizon, seed } = options;
  const learned = file === undefined ? simulatePurchases(seed) : await readLog(file, columns);
  const tested = test === undefined ? undefined : await readLog(test, columns);
  const log = tested ? joinLogs(learned, tested) : learned;
  const cut = options.cut === undefined ? undefined : options.cut - log.firstDate;
  return { log, split: splitLog(log, { horizon, cut, seed, testCustomers: tested?.customers }) };
}

async function readLog(path: string, columns: ColumnNames | undefined): Promise<PurchaseLog> {
  const found = await statOrNothing(path);
  if (!found) throw new DataError(`the file ${path} does not exist: give the path of a purchase log`);
  if (found.isDirectory()) throw new DataError(`${path} is a folder: give the path of a purchase log in it`);
  if (found.size > MOST_BYTES) {
    const megabytes = Math.ceil(found.size / 1e6);
    throw new DataError(
      `the file ${path} has ${megabytes} MB and 536 can be read: leave out columns or customers`,
    );
  }
  const bytes = await readFile(path);
  if (bytes.length === 0)
    throw new DataError(`the file ${path} is empty: it needs a header and a row a purchase`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DataError(`the file ${path} is not text in UTF-8: save it as CSV in that encoding`);
  }
  return readPurchaseLog(text, basename(path), columns);
}

/** Trains until done or until Ctrl-C, which ends training after the batch at hand, and at once the second time. */
async function train(
  split: Split,
  { units, seed, epochs }: Arguments,
): Promise<{ model: Sequential; history: History; interrupted: boolean }> {
  let interrupted = false;
  const began = performance.now();
  const result = await trainNetwork(split, {
    units,
    seed,
    recipe: recipeFor(split.train.rows, epochs),
    verbose: 1,
    onStart: (model) => {
      onInterrupt(() => {
        interrupted = true;
        model.stopTraining = true;
        onInterrupt(endAtOnce);
      });
      print(...trainingLines(units, model.countParams(), seed));
    },
  });
  if (!interrupted) print(`trained in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return { ...result, interrupted };
}

/** Finds out before the work, not after it, that there is nowhere to put its results. */
async function checkOutputFolder(out: string): Promise<void> {
  let folder = resolve(out);
  let found = await statOrNothing(folder);
  while (!found) {
    folder = dirname(folder);
    found = await statOrNothing(folder);
  }
  if (found.isDirectory()) return access(folder, constants.W_OK);
  throw new DataError(`--out ${out}: ${folder} is a file: give a folder to write to`);
}

async function statOrNothing(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw error;
  }
}

async function writeResults(
  out: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  await mkdir(out, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFileWhole(join(out, name), content);
}

function print(...lines: string[]): void {
  for (const line of lines) console.log(line);
}
