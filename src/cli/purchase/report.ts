/**
 * What the purchase job prints and writes: pure functions from results to lines of text, none wider than 100
 * columns, and to the content of scores.csv.
 */
import { formatDay } from '../../data/calendar.js';
import { historyBefore, purchasesBetween } from './history.js';
import type { PurchaseLog } from './purchase-log.js';
import type { CalibrationBin, Scores } from './scores.js';
import type { Sequences } from './sequences.js';
import type { Split } from './split.js';

export interface ScoredModel {
  readonly name: string;
  readonly scores: Scores;
}

/** What was read. */
export function logLines(log: PurchaseLog): string[] {
  const { customer, date, amount } = log.columns;
  const span = `${dateOf(log, 0)} to ${dateOf(log, log.length - 1)}`;
  const lines = [
    `${whole(log.days.length)} purchases of ${whole(log.customers.length)} customers from ${span}, in ${log.name}`,
    `  ${whole(log.records)} rows (${customer}, ${date}, ${amount}); what one customer buys on one day is one purchase`,
  ];
  if (log.returns > 0)
    lines.push(`  left out as returns, the rows with a negative amount: ${whole(log.returns)}`);
  return lines.map((line) => clip(line, 100));
}

/** The windows and how many customers and purchases fall in each, so that a reader sees that nothing leaks. */
export function windowLines(log: PurchaseLog, split: Split): string[] {
  const { windows, train, validation, test } = split;
  const leftOut = log.customers.length - train.rows - validation.rows - test.rows;
  return [
    `Who buys in the next ${weeks(windows.horizon)}? Learned from some customers, tested on others and on later weeks:`,
    '              what is known                       what is asked: who buys?',
    '              until       customers  purchases    from        to          purchases   buyers',
    windowLine(log, split, 'training', train, windows.trainOrigin),
    windowLine(log, split, 'validation', validation, windows.trainOrigin),
    windowLine(log, split, 'test', test, windows.cut),
    `Training sees no purchase after ${dateOf(log, windows.cut - 1)} and no test customer at all; the validation`,
    'customers are not learned from either, but show how training goes.',
    ...(leftOut > 0
      ? [`Customers who take no part, since their first purchase came too late: ${whole(leftOut)}`]
      : []),
  ];
}

function windowLine(log: PurchaseLog, split: Split, name: string, part: Sequences, origin: number): string {
  const end = origin + 7 * split.windows.horizon;
  const purchases = (from: number, to: number) =>
    part.customers.reduce((sum, customer) => sum + purchasesBetween(log, customer, from, to), 0);
  const cells = [
    name.padEnd(14),
    dateOf(log, origin - 1),
    whole(part.rows).padStart(11),
    whole(purchases(0, origin)).padStart(11),
    '    ',
    dateOf(log, origin),
    '  ',
    dateOf(log, end - 1),
    whole(purchases(origin, end)).padStart(11),
    percent(part.labels.reduce((sum, label) => sum + label, 0) / part.rows).padStart(9),
  ];
  return cells.join('');
}

/** What stands above the lines of the epochs. */
export function trainingLines(units: number, weights: number, seed: number): string[] {
  return [
    `Training an LSTM of ${whole(units)} units and ${whole(weights)} weights, seed ${seed}`,
    '(loss: log-loss on the training customers; val_loss: on the validation customers; lower is better)',
  ];
}

/** What an interruption leaves behind. */
export function interruptedLines(epoch: number, model: string): string[] {
  return [
    `Interrupted in epoch ${epoch}: scores and plots were not made.`,
    `Kept: the model as it was then, in ${model}`,
  ];
}

/** AUC, log-loss and lift of all models side by side, the best figures marked, and what they mean. */
export function scoreLines(models: readonly ScoredModel[], customers: number): string[] {
  const width = Math.max(...models.map(({ name }) => name.length)) + 2;
  const auc = markBest(models, 4, Math.max, (scores) => scores.auc);
  const logLoss = markBest(models, 4, Math.min, (scores) => scores.logLoss);
  const lift = markBest(models, 2, Math.max, (scores) => scores.lift);
  return [
    `Scores on the ${whole(customers)} test customers (* the best)`,
    `${' '.repeat(width)}    AUC   log-loss   first-decile lift`,
    ...models.map(({ name }, i) =>
      `${name.padEnd(width)}${auc[i]?.padStart(8)}${logLoss[i]?.padStart(11)}${lift[i]?.padStart(20)}`.trimEnd(),
    ),
    'AUC: how often someone who buys is ranked above someone who does not; 0.5 is chance, 1 perfect.',
    'Log-loss: how far the probabilities are from what happened; lower is better.',
    `First-decile lift: how many times more of the ${whole(Math.ceil(customers / 10))} ranked highest buy than of all customers.`,
    'Base rate: everybody gets the share of buyers in training.',
  ];
}

/** One figure of every model, a star behind the best of them; what reads the same is as good. */
function markBest(
  models: readonly ScoredModel[],
  digits: number,
  better: (...values: number[]) => number,
  figureOf: (scores: Scores) => number,
): string[] {
  const figures = models.map(({ scores }) => decimals(figureOf(scores), digits));
  const best = better(...figures.map(Number).filter(Number.isFinite));
  return figures.map((figure) => `${figure}${Number(figure) === best ? '*' : ' '}`);
}

/** Predicted and real share in the ten bins. */
export function calibrationLines(name: string, calibration: readonly CalibrationBin[]): string[] {
  return [
    `Calibration of the ${name}: test customers in ${calibration.length} equal groups, least likely first`,
    '(where 20 % is predicted, about 20 % should have bought)',
    'group  customers  predicted   bought',
    ...calibration.map(
      ({ count, meanPredicted, share }, bin) =>
        String(bin + 1).padStart(5) +
        whole(count).padStart(11) +
        percent(meanPredicted).padStart(11) +
        percent(share).padStart(9),
    ),
  ];
}

const SHOWN = 10;
const SPARKS = 40;

/** The test customers most and least likely to come back, a line each. */
export function customerLines(log: PurchaseLog, split: Split, probabilities: ArrayLike<number>): string[] {
  const order = byProbability(probabilities);
  const shown = Math.min(SHOWN, Math.floor(order.length / 2));
  const line = (row: number) => customerLine(log, split, row, probabilities[row] as number);
  const asked = `${dateOf(log, split.windows.cut)} to ${dateOf(log, split.windows.end - 1)}`;
  const heading = `customer       chance  bought  ${'history'.padEnd(SPARKS)}  buys  last            spent`;
  return [
    `The ${shown} test customers most likely to buy from ${asked}, by the LSTM`,
    heading,
    ...order.slice(0, shown).map(line),
    '',
    `The ${shown} least likely`,
    heading,
    ...order.slice(order.length - shown).map(line),
    'chance: of buying then; bought: whether they did; spent: in all purchases before.',
    `history: purchases in each ${weeks(weeksPerSpark(split))} up to ${dateOf(log, split.windows.cut - 1)}, · for none and + for more than 9.`,
  ];
}

function customerLine(log: PurchaseLog, split: Split, row: number, probability: number): string {
  const customer = split.test.customers[row] as number;
  const { purchases, last, total } = historyBefore(log, customer, split.windows.cut);
  const cells = [
    clip(log.customers[customer] as string, 14).padEnd(14),
    percent(probability).padStart(7),
    (split.test.labels[row] === 1 ? 'yes' : 'no').padStart(8),
    '  ',
    sparks(log, split, customer).padEnd(SPARKS),
    whole(purchases).padStart(6),
    '  ',
    dateOf(log, last),
    (total < 1e8 ? total.toFixed(2) : total.toExponential(2)).padStart(11),
  ];
  return cells.join('');
}

function weeksPerSpark({ windows }: Split): number {
  return Math.ceil(windows.testWeeks / SPARKS);
}

/** A character for each week or few weeks: blank before the first purchase, then the number of purchases. */
function sparks(log: PurchaseLog, split: Split, customer: number): string {
  const { cut, testWeeks } = split.windows;
  const width = weeksPerSpark(split);
  const { first } = historyBefore(log, customer, cut);
  const count = Math.ceil(testWeeks / width);
  return Array.from({ length: count }, (_, i) => {
    const end = cut - 7 * width * (count - 1 - i);
    const purchases = purchasesBetween(log, customer, end - 7 * width, end);
    if (end <= first) return ' ';
    return purchases === 0 ? '·' : purchases > 9 ? '+' : String(purchases);
  }).join('');
}

/**
 * The content of scores.csv: every customer, whoever is most likely to buy after the log first.
 *
 *   group                 how the customer was used: 'training', 'validation' or 'test'; else when the customer was
 *                         first seen: 'later', between the training window and the cut, or 'new', after the cut
 *   next_probability      that the customer buys in the horizon after the end of the log
 *   probability, bought   that the customer buys in the horizon after the cut, and whether it came so; not of the new
 *   recency_weeks, frequency, monetary   at the end of the log: weeks since the last purchase, the number of
 *                         purchases, the first one too, and the sum of their amounts
 *
 * `next` is by customer of the log, `probabilities` by row of `atCut`.
 */
export function scoresCsv(
  log: PurchaseLog,
  split: Split,
  next: ArrayLike<number>,
  atCut: Sequences,
  probabilities: ArrayLike<number>,
): string {
  const groups = groupsOf(log, split, atCut);
  const rows = new Map(Array.from(atCut.customers, (customer, row) => [customer, row]));
  const lines = byProbability(next).map((customer) => {
    const row = rows.get(customer);
    const { purchases, last, total } = historyBefore(log, customer, log.length);
    const cells = [
      quoted(log.customers[customer] as string),
      groups[customer],
      (next[customer] as number).toFixed(6),
      row === undefined ? '' : (probabilities[row] as number).toFixed(6),
      row === undefined ? '' : atCut.labels[row],
      ((log.length - last) / 7).toFixed(2),
      purchases,
      Number(total.toPrecision(12)),
    ];
    return cells.join(',');
  });
  const header = 'customer,group,next_probability,probability,bought,recency_weeks,frequency,monetary';
  return `${[header, ...lines].join('\n')}\n`;
}

function groupsOf(log: PurchaseLog, { train, validation, test }: Split, atCut: Sequences): string[] {
  const groups = new Array<string>(log.customers.length).fill('new');
  for (const customer of atCut.customers) groups[customer] = 'later';
  for (const customer of train.customers) groups[customer] = 'training';
  for (const customer of validation.customers) groups[customer] = 'validation';
  for (const customer of test.customers) groups[customer] = 'test';
  return groups;
}

/** Which files there are now and what each is for. */
export function resultLines(log: PurchaseLog, split: Split, out: string, isSimulated: boolean): string[] {
  const lines = [
    `Written to ${out}`,
    `  scores.csv         every customer's chance to buy in the ${weeks(split.windows.horizon)} from ${dateOf(log, log.length)}, highest first`,
    '  calibration.svg    what was predicted against what came; open it in a browser',
    '  training.svg       how training went; open it in a browser',
    '  model.safetensors  the model, for loadModel of longhand/node',
  ];
  if (!isSimulated) return lines;
  return [
    ...lines,
    'These customers were simulated. For your own: npm start -- FILE; npm start -- --help says more.',
  ];
}

/** The rows, highest probability first, those with equal ones in their order. */
function byProbability(probabilities: ArrayLike<number>): number[] {
  const rows = Array.from({ length: probabilities.length }, (_, row) => row);
  return rows.sort((a, b) => (probabilities[b] as number) - (probabilities[a] as number));
}

/** A field of a CSV file, in quotes where it needs them (RFC 4180). */
function quoted(text: string): string {
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function dateOf(log: PurchaseLog, day: number): string {
  return formatDay(log.firstDate + day);
}

function whole(count: number): string {
  return count.toLocaleString('en-US');
}

function weeks(count: number): string {
  return count === 1 ? 'week' : `${count} weeks`;
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : 'n/a';
}

function decimals(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : 'n/a';
}

function clip(text: string, width: number): string {
  const plain = text.replace(/\p{Cc}+/gu, ' ');
  return plain.length > width ? `${plain.slice(0, width - 1)}…` : plain;
}
