/**
 * The default purchase log, drawn from the Pareto/NBD model (Schmittlein, Morrison and Colombo, "Counting Your
 * Customers: Who Are They and What Will They Do Next?", Management Science 33, 1987):
 *
 *   purchases  a customer buys as a Poisson process of rate lambda a week, with exponential gaps,
 *   lifetime   until a time, exponential with rate mu, after which the customer never buys again;
 *   rates      lambda ~ Gamma(r, alpha) and mu ~ Gamma(s, beta) over customers, independently.
 *
 * Spending is log-normal around each customer's own level, and independent of the two rates, which Schmittlein and
 * Peterson ("Customer Base Analysis: An Industrial Purchase Process Application", Marketing Science 13, 1994)
 * assume too. Every number comes from one seed and from arithmetic that is the same on every machine.
 */
import { exp, log } from '../../core/math.js';
import { Random } from '../../core/random.js';
import { parseDay } from '../../data/calendar.js';
import { addPurchase, groupPurchases, newPurchases, type PurchaseLog } from './purchase-log.js';

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
const FIRST_DATE = parseDay('2024-01-01') as number;
/** The generator's stream, unlike those of other users of the same seed. */
const STREAM = 101;

export interface SimulationSize {
  readonly customers: number;
  readonly weeks: number;
}

export const DEFAULT_SIZE: SimulationSize = { customers: 4000, weeks: 52 };

/** A log of `size.customers` over `size.weeks` weeks; the same seed gives the same log. */
export function simulatePurchases(seed: number, size: SimulationSize = DEFAULT_SIZE): PurchaseLog {
  const random = new Random(seed, STREAM);
  const raw = newPurchases();
  for (let customer = 1; customer <= size.customers; customer++) {
    const id = `C${String(customer).padStart(5, '0')}`;
    const level = SPENDING.mean + SPENDING.between * random.normal();
    for (const week of purchaseTimes(random, size.weeks)) {
      addPurchase(raw, id, FIRST_DATE + Math.floor(7 * week), amountAround(random, level));
    }
  }
  const columns = { customer: 'customer', date: 'date', amount: 'amount' };
  const drawn = groupPurchases(raw, { name: 'the simulated log', columns, returns: 0 });
  const missing = drawn.firstDate - FIRST_DATE;
  return {
    ...drawn,
    days: drawn.days.map((day) => day + missing),
    firstDate: FIRST_DATE,
    length: 7 * size.weeks,
  };
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
