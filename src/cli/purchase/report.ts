/**
 * What the purchase job prints and writes: pure functions from results to lines of text, none wider than 100
 * columns, and to the content of scores.csv.
 */
import { formatDay } from './calendar.js';
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
    `${log.name}: ${whole(log.days.length)} purchases of ${whole(log.customers.length)} customers, ${span}`,
    `  in ${whole(log.records)} rows (${customer}, ${date}, ${amount}); those of one customer and day are one purchase`,
  ];
  if (log.returns > 0)
    lines.push(`  ${whole(log.returns)} rows with a negative amount are returns and left out`);
  return lines.map((line) => clip(line, 100));
}

/** The windows and how many customers and purchases fall in each, so that a reader sees that nothing leaks. */
export function windowLines(log: PurchaseLog, split: Split): string[] {
  const { windows, train, validation, test } = split;
  const leftOut = log.customers.length - train.rows - validation.rows - test.rows;
  const lastSeen = dateOf(log, windows.cut - 1);
  return [
    '               known until  customers  purchases    asked from  to          purchases    buy',
    windowLine(log, split, 'training', train, windows.trainOrigin),
    windowLine(log, split, 'validation', validation, windows.trainOrigin),
    windowLine(log, split, 'test', test, windows.cut),
    `Training sees no purchase after ${lastSeen} and no test customer at all.`,
    ...(leftOut > 0 ? [`${whole(leftOut)} customers first bought after their window and are left out.`] : []),
  ];
}

function windowLine(log: PurchaseLog, split: Split, name: string, part: Sequences, origin: number): string {
  const end = origin + 7 * split.windows.horizon;
  const purchases = (from: number, to: number) =>
    part.customers.reduce((sum, customer) => sum + purchasesBetween(log, customer, from, to), 0);
  const cells = [
    name.padEnd(16),
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

/** AUC, log-loss and lift of all models side by side. */
export function scoreLines(models: readonly ScoredModel[]): string[] {
  const width = Math.max(...models.map(({ name }) => name.length)) + 2;
  return [
    `${' '.repeat(width)}    AUC  log-loss  first-decile lift`,
    ...models.map(
      ({ name, scores }) =>
        name.padEnd(width) +
        decimals(scores.auc, 4).padStart(7) +
        decimals(scores.logLoss, 4).padStart(10) +
        decimals(scores.lift, 2).padStart(19),
    ),
  ];
}

/** Predicted and real share in the ten bins. */
export function calibrationLines(name: string, calibration: readonly CalibrationBin[]): string[] {
  return [
    `${name}: test customers in ${calibration.length} equal groups by predicted probability`,
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
  const weeks = weeksPerSpark(split);
  const line = (row: number) => customerLine(log, split, row, probabilities[row] as number);
  const asked = `${dateOf(log, split.windows.cut)} to ${dateOf(log, split.windows.end - 1)}`;
  const heading = `customer       chance  bought  ${'history'.padEnd(SPARKS)}  buys  last            spent`;
  return [
    `The ${shown} test customers most likely to buy from ${asked}`,
    heading,
    ...order.slice(0, shown).map(line),
    '',
    `The ${shown} least likely`,
    heading,
    ...order.slice(order.length - shown).map(line),
    `History: purchases in each ${weeks === 1 ? 'week' : `${weeks} weeks`} up to ${dateOf(log, split.windows.cut - 1)}, with + for more than 9.`,
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
 * The content of scores.csv for the rows of `sequences`, most likely first. `group` says how a customer was used:
 * 'test', 'training' and 'validation', or 'later' when first seen between the end of the training window and the cut.
 * `frequency` counts purchases, the first one too, and `monetary` sums their amounts.
 */
export function scoresCsv(
  log: PurchaseLog,
  split: Split,
  sequences: Sequences,
  probabilities: ArrayLike<number>,
): string {
  const groups = groupsOf(log, split);
  const lines = byProbability(probabilities).map((row) => {
    const customer = sequences.customers[row] as number;
    const { purchases, last, total } = historyBefore(log, customer, split.windows.cut);
    const cells = [
      quoted(log.customers[customer] as string),
      groups[customer],
      (probabilities[row] as number).toFixed(6),
      sequences.labels[row],
      ((split.windows.cut - last) / 7).toFixed(2),
      purchases,
      Number(total.toPrecision(12)),
    ];
    return cells.join(',');
  });
  const header = 'customer,group,probability,bought,recency_weeks,frequency,monetary';
  return `${[header, ...lines].join('\n')}\n`;
}

function groupsOf(log: PurchaseLog, { train, validation, test }: Split): string[] {
  const groups = new Array<string>(log.customers.length).fill('later');
  for (const customer of train.customers) groups[customer] = 'training';
  for (const customer of validation.customers) groups[customer] = 'validation';
  for (const customer of test.customers) groups[customer] = 'test';
  return groups;
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
