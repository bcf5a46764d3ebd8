/** The default purchase log: the generated data set of that name, as the job has its logs. */
import { MILLISECONDS_A_DAY } from '../../data/calendar.js';
import { purchaseLog } from '../../data/datasets/purchase-log.js';
import { addPurchase, groupPurchases, newPurchases, type PurchaseLog } from './purchase-log.js';

export interface SimulationSize {
  readonly customers: number;
  readonly weeks: number;
}

export const DEFAULT_SIZE: SimulationSize = { customers: 4000, weeks: 52 };
const FIRST_DATE = Date.UTC(2024, 0, 1) / MILLISECONDS_A_DAY;

/** A log of `size.customers` over `size.weeks` weeks; the same seed gives the same log. */
export function simulatePurchases(seed: number, size: SimulationSize = DEFAULT_SIZE): PurchaseLog {
  const raw = newPurchases();
  for (const { customer, date, amount } of purchaseLog(size.customers, { seed, weeks: size.weeks })) {
    addPurchase(raw, customer, date / MILLISECONDS_A_DAY, amount);
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
