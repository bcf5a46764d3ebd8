/** The sums of a pass over the data that is not over yet, as a checkpoint keeps them. */
import type { Metric } from './metrics/metric.js';
import type { Totals } from './run.js';

export interface TotalsState {
  readonly sums: readonly number[];
  /** Those of each output's metrics, one after the other. */
  readonly metrics: readonly Float64Array[];
}

/** All that has been added up. */
export function totalsState(totals: Totals): TotalsState {
  const sums = totals.sums.flatMap(({ loss, count }) => [loss, count]);
  const metrics = metricsOf(totals).map((metric) => metric.state());
  return { sums: [totals.penalty, totals.count, ...sums], metrics };
}

/** Goes on from what `totalsState` gave, after a `reset`. */
export function restoreTotals(
  totals: Totals,
  { sums: [penalty, count, ...sums], metrics }: TotalsState,
): void {
  totals.penalty = penalty as number;
  totals.count = count as number;
  totals.sums.forEach((own, i) => {
    own.loss = sums[2 * i] as number;
    own.count = sums[2 * i + 1] as number;
  });
  metricsOf(totals).forEach((metric, i) => void metric.restore(metrics[i] as Float64Array));
}

function metricsOf({ reports }: Totals): Metric[] {
  return reports.flatMap(({ metrics }) => metrics);
}
