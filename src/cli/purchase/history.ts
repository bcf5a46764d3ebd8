/** What a log says of one customer up to a day. */
import type { PurchaseLog } from './purchase-log.js';

export interface History {
  /** Customer-days with a purchase. */
  readonly purchases: number;
  /** Days of the first and the last purchase. */
  readonly first: number;
  readonly last: number;
  /** The sum of all amounts. */
  readonly total: number;
}

/** The place of a customer's first purchase on `day` or later; the place behind the last when there is none. */
export function firstPurchaseFrom(log: PurchaseLog, customer: number, day: number): number {
  let low = log.offsets[customer] as number;
  let high = log.offsets[customer + 1] as number;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((log.days[middle] as number) < day) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many days with a purchase a customer has from day `from` up to, but not with, day `to`. */
export function purchasesBetween(log: PurchaseLog, customer: number, from: number, to: number): number {
  return firstPurchaseFrom(log, customer, to) - firstPurchaseFrom(log, customer, from);
}

/** The day of a customer's first purchase of all. */
export function firstDay(log: PurchaseLog, customer: number): number {
  return log.days[log.offsets[customer] as number] as number;
}

/** A customer's purchases before `day`; there must be one. */
export function historyBefore(log: PurchaseLog, customer: number, day: number): History {
  const start = log.offsets[customer] as number;
  const end = firstPurchaseFrom(log, customer, day);
  let total = 0;
  for (let i = start; i < end; i++) total += log.amounts[i] as number;
  return {
    purchases: end - start,
    first: log.days[start] as number,
    last: log.days[end - 1] as number,
    total,
  };
}
