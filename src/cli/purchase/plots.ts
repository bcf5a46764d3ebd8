/** The two pictures of the purchase job: how training went, and whether the probabilities mean what they say. */
import { COLORS, type Point, renderChart, roundAxis, roundStep, type Series } from '../../core/chart.js';
import type { CalibrationBin } from './scores.js';

/** The losses after each epoch. */
export interface TrainingHistory {
  readonly loss: readonly number[];
  readonly validationLoss: readonly number[];
}

export interface CalibrationSeries {
  readonly name: string;
  readonly calibration: readonly CalibrationBin[];
}

/** Loss and validation loss by epoch, the best validation loss marked. */
export function trainingSvg({ loss, validationLoss }: TrainingHistory): string {
  const losses = [...loss, ...validationLoss].filter(Number.isFinite);
  // A single epoch stands in the middle.
  const [first, last] = loss.length > 1 ? [1, loss.length] : [0, 2];
  const best = indexOfLeast(validationLoss);
  const bestLoss = validationLoss[best];
  return renderChart({
    title: 'Training',
    subtitle: 'Log-loss, lower is better; that of training is the mean over each epoch, with dropout',
    height: 460,
    x: {
      label: 'epoch',
      min: first,
      max: last,
      step: Math.max(1, roundStep((last - first) / 12)),
      percent: false,
    },
    y: roundAxis('log-loss', ...range(losses)),
    series: [
      { name: 'training customers', color: COLORS[1], strong: false, points: byEpoch(loss) },
      { name: 'validation customers', color: COLORS[0], strong: true, points: byEpoch(validationLoss) },
    ],
    callouts:
      bestLoss === undefined
        ? []
        : [
            {
              x: best + 1,
              y: bestLoss,
              text: `best: ${bestLoss.toFixed(4)} after epoch ${best + 1}`,
              color: COLORS[0],
            },
          ],
    diagonal: undefined,
  });
}

/** Predicted probability against the real share in ten bins, one line for each model; the first is the main one. */
export function calibrationSvg(models: readonly CalibrationSeries[]): string {
  const values = models.flatMap(({ calibration }) =>
    calibration.flatMap((bin) => [bin.meanPredicted, bin.share]),
  );
  const highest = values.reduce((most, value) => Math.max(most, value), 0);
  const rows = models[0]?.calibration.reduce((sum, bin) => sum + bin.count, 0) ?? 0;
  return renderChart({
    title: 'Calibration',
    subtitle: `Each point is a tenth of the ${rows.toLocaleString('en-US')} test customers, in order of prediction`,
    height: 620,
    x: roundAxis('predicted probability of buying', 0, highest, true),
    y: roundAxis('share that bought', 0, highest, true),
    series: models.map(calibrationLine),
    callouts: [],
    diagonal: 'as predicted',
  });
}

function calibrationLine({ name, calibration }: CalibrationSeries, index: number): Series {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const points = calibration.map(({ meanPredicted, share, count }) => ({
    x: meanPredicted,
    y: share,
    note: `${percent(meanPredicted)} predicted, ${percent(share)} of ${count} bought`,
  }));
  return { name, color: COLORS[index % COLORS.length] as string, strong: index === 0, points };
}

function byEpoch(losses: readonly number[]): Point[] {
  return losses.map((loss, epoch) => ({
    x: epoch + 1,
    y: loss,
    note: `${loss.toFixed(4)} after epoch ${epoch + 1}`,
  }));
}

function indexOfLeast(values: readonly number[]): number {
  return values.reduce(
    (best, value, i) => (value < (values[best] ?? Number.POSITIVE_INFINITY) ? i : best),
    -1,
  );
}

function range(values: readonly number[]): [number, number] {
  return [
    values.reduce((least, value) => Math.min(least, value), values[0] ?? 0),
    values.reduce((most, value) => Math.max(most, value), values[0] ?? 1),
  ];
}
