/**
 * A log of purchases, drawn from the Pareto/NBD model (Schmittlein, Morrison and Colombo, "Counting Your
 * Customers: Who Are They and What Will They Do Next?", Management Science 33, 1987):
 *
 *   purchases  a customer buys as a Poisson process of rate lambda a week, with exponential gaps,
 *   lifetime   until a time, exponential with rate mu, after which the customer never buys again;
 *   rates      lambda ~ Gamma(r, alpha) and mu ~ Gamma(s, beta) over customers, independently.
 *
 * Spending is log-normal around each customer's own level, and independent of the two rates, which Schmittlein and
 * Peterson ("Customer Base Analysis: An Industrial Purchase Process Application", Marketing Science 13, 1994)
 * assume too. Every number comes from one seed and from arithmetic that is the same on every machine.
 *
 * Published: a customer who is new makes r beta / (alpha (s - 1)) (1 - (beta / (beta + t))^(s - 1)) purchases more in t weeks
 * (the paper of 1987), which with the parameters below is 1.21 in 39 weeks and 1.47 in 52.
 */
import { exp, log } from '../../core/math.js';
import { checkInteger, checkOptions } from '../../core/options.js';
import { Random } from '../../core/random.js';
import { MILLISECONDS_A_DAY } from '../calendar.js';
import type { DatasetOptions } from './dataset.js';

/**
 * The Pareto/NBD model as estimated on the CDNOW log, in weeks (Fader, Hardie and Lee, "Counting Your Customers the
 * Easy Way", Marketing Science 24, 2005).
 */
export const PURCHASE_RATE = { shape: 0.553, rate: 10.578 } as const;
export const DEATH_RATE = { shape: 0.606, rate: 11.669 } as const;

/** Logarithm of the amounts, measured on the CDNOW log: the mean, and the deviation between and within customers. */
export const SPENDING = { mean: 3.22, between: 0.45, within: 0.59 } as const;

/** As in CDNOW, whose customers were all new in the first twelve weeks of its log. */
const ARRIVAL_WEEKS = 12;
/** The first of January 2024, a Monday. */
const START = Date.UTC(2024, 0, 1);
/** The generator's stream, unlike those of other users of the same seed. */
const STREAM = 101;

export interface PurchaseLogOptions extends DatasetOptions {
  /** How long the log is, from Monday, the first of January 2024; 52 by default. */
  readonly weeks?: number;
}

export interface Purchase {
  /** `C00001` and so on. */
  readonly customer: string;
  /** The day, in milliseconds since 1970-01-01T00:00Z. */
  readonly date: number;
  /** In dollars, with whole cents. */
  readonly amount: number;
}

/**
 * Draws the purchases of customers who are all new in the first twelve weeks.
 *
 * @param customers  how many
 * @returns the purchases, customer by customer and each one's in order of time
 * @throws ConfigError for sizes that make no sense
 *
 * @example
 * const log = await groupEvents(purchaseLog(4000, { seed: 1 }), {
 *   entity: 'customer', time: 'date', period: 'week', cut: new Date('2024-09-30'), horizon: 13,
 *   features: { purchases: { take: 'count', map: 'log1p' } }, label: { ask: 'occurs' },
 * });
 */
export function purchaseLog(customers: number, options: PurchaseLogOptions = {}): Purchase[] {
  checkOptions('purchaseLog', options, ['seed', 'weeks']);
  checkInteger('purchaseLog: customers', customers);
  const weeks = checkInteger('purchaseLog: weeks', options.weeks ?? 52);
  const random = new Random(checkInteger('purchaseLog: seed', options.seed ?? 0, { min: 0 }), STREAM);
  const purchases: Purchase[] = [];
  for (let number = 1; number <= customers; number++) {
    const customer = `C${String(number).padStart(5, '0')}`;
    const level = SPENDING.mean + SPENDING.between * random.normal();
    for (const week of purchaseTimes(random, weeks)) {
      const date = START + Math.floor(7 * week) * MILLISECONDS_A_DAY;
      purchases.push({ customer, date, amount: amountAround(random, level) });
    }
  }
  return purchases;
}

/** The times of one customer's purchases, in weeks, up to the end of the log or of the customer. */
function purchaseTimes(random: Random, weeks: number): number[] {
  const purchaseRate = gamma(random, PURCHASE_RATE.shape) / PURCHASE_RATE.rate;
  const deathRate = gamma(random, DEATH_RATE.shape) / DEATH_RATE.rate;
  const first = Math.min(ARRIVAL_WEEKS, weeks) * random.uniform();
  const end = Math.min(weeks, first + exponential(random, deathRate));
  const times = [];
  for (let time = first; time < end; time += exponential(random, purchaseRate)) times.push(time);
  return times;
}

/** An amount in whole cents. */
function amountAround(random: Random, level: number): number {
  return Math.round(100 * exp(level + SPENDING.within * random.normal())) / 100;
}

/** Exponential with the given rate, by inversion. */
export function exponential(random: Random, rate: number): number {
  return -log(1 - random.uniform()) / rate;
}

/**
 * Gamma with the given shape and rate 1: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables",
 * ACM Transactions on Mathematical Software 26, 2000. As they advise, a shape below 1 takes a draw of shape + 1
 * times uniform^(1 / shape).
 */
export function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * exp(log(1 - random.uniform()) / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const root = 1 + c * x;
    const v = root * root * root;
    if (v <= 0) continue;
    if (log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * log(v)) return d * v;
  }
}
