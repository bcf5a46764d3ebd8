/**
 * `npm start`: learns from customers' purchases who will buy in the next weeks, and compares the answer with four
 * simpler ones. See purchase/arguments.ts for what it takes.
 */
import { mkdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DataError, LonghandError } from '../core/errors.js';
import type { History, Sequential } from '../index.js';
import { serializeModel } from '../index.js';
import { writeFileWhole } from '../node/files.js';
import { type Arguments, HELP, parseArguments } from './purchase/arguments.js';
import { type Prediction, predictBaselines } from './purchase/baselines.js';
import type { ColumnNames } from './purchase/columns.js';
import { predictCustomers, trainNetwork } from './purchase/network.js';
import { calibrationSvg, trainingSvg } from './purchase/plots.js';
import { joinLogs, type PurchaseLog, readPurchaseLog } from './purchase/purchase-log.js';
import {
  calibrationLines,
  customerLines,
  logLines,
  scoreLines,
  scoresCsv,
  windowLines,
} from './purchase/report.js';
import { score } from './purchase/scores.js';
import { sequencesBefore } from './purchase/sequences.js';
import { simulatePurchases } from './purchase/simulate.js';
import { customersKnownAt, type Split, splitLog } from './purchase/split.js';

const EXIT_BAD_INPUT = 2;
/** 128 and the number of SIGINT, as shells have it. */
const EXIT_INTERRUPTED = 130;

async function main(argv: readonly string[]): Promise<void> {
  const options = parseArguments(argv);
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  await checkOutputFolder(options.out);
  const { log, split } = await readData(options);
  print(...logLines(log), '', ...windowLines(log, split), '');

  const { model, history, interrupted } = await train(split, options);
  if (interrupted) {
    await keepInterrupted(model, history, options.out);
    return;
  }
  const network: Prediction = { name: 'LSTM', probabilities: predictCustomers(model, split.test) };
  const models = [network, ...predictBaselines(log, split)].map(({ name, probabilities }) => ({
    name,
    scores: score(split.test.labels, probabilities),
  }));
  print('', `Scores on the ${split.test.rows} test customers`, ...scoreLines(models), '');
  print(...calibrationLines('LSTM', models[0]?.scores.calibration ?? []), '');
  print(...customerLines(log, split, network.probabilities), '');

  const everyone = allCustomers(log, split);
  const calibrations = models
    .filter(({ name }) => name !== 'base rate')
    .map(({ name, scores }) => ({ name, calibration: scores.calibration }));
  await writeResults(options.out, {
    'model.safetensors': serializeModel(model),
    'scores.csv': scoresCsv(log, split, everyone, predictCustomers(model, everyone)),
    'training.svg': trainingSvg({
      loss: history.history.loss ?? [],
      validationLoss: history.history.val_loss ?? [],
    }),
    'calibration.svg': calibrationSvg(calibrations),
  });
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
  const name = basename(path);
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new DataError(`the file ${path} does not exist: give the path of a purchase log`);
  if (found.isDirectory()) throw new DataError(`${path} is a folder: give the path of a purchase log in it`);
  const bytes = await readFile(path);
  if (bytes.length === 0)
    throw new DataError(`the file ${path} is empty: it needs a header and a row a purchase`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DataError(`the file ${path} is not text in UTF-8: save it as CSV in that encoding`);
  }
  return readPurchaseLog(text, name, columns);
}

/** Trains until done or until Ctrl-C, which ends training after the batch at hand. */
async function train(
  split: Split,
  { units, seed, epochs }: Arguments,
): Promise<{ model: Sequential; history: History; interrupted: boolean }> {
  let interrupted = false;
  let stop = () => {};
  const onInterrupt = () => {
    interrupted = true;
    stop();
  };
  process.once('SIGINT', onInterrupt);
  const began = performance.now();
  const result = await trainNetwork(split, {
    units,
    seed,
    epochs,
    verbose: 1,
    onStart: (model) => {
      stop = () => {
        model.stopTraining = true;
      };
      print(`Training an LSTM of ${units} units and ${model.countParams()} weights, seed ${seed}`);
      return [];
    },
  });
  process.off('SIGINT', onInterrupt);
  if (!interrupted) print(`trained in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return { ...result, interrupted };
}

async function keepInterrupted(model: Sequential, history: History, out: string): Promise<void> {
  process.exitCode = EXIT_INTERRUPTED;
  await writeResults(out, { 'model.safetensors': serializeModel(model) });
  const epochs = history.epoch.length;
  print(`Interrupted in epoch ${epochs}: the model so far was kept, scores and plots were not made.`);
}

function allCustomers(log: PurchaseLog, { windows, unit }: Split) {
  return sequencesBefore(log, windows, customersKnownAt(log, windows.cut), windows.cut, unit);
}

/** Finds out before the work, not after it, that there is nowhere to put its results. */
async function checkOutputFolder(out: string): Promise<void> {
  const found = await stat(out).catch(() => undefined);
  if (found && !found.isDirectory()) throw new DataError(`--out ${out} is a file: give a folder to write to`);
}

async function writeResults(
  out: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  await mkdir(out, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFileWhole(join(out, name), content);
  print(`Written to ${out}: ${Object.keys(files).join(', ')}`);
}

function print(...lines: string[]): void {
  for (const line of lines) console.log(line);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof LonghandError || isSystemError(error))) throw error;
  console.error(`longhand: ${error.message.replaceAll('\n', ' ')}`);
  process.exitCode = EXIT_BAD_INPUT;
});

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}
