/** The picture of whether the probabilities of the purchase job mean what they say. */
import { COLORS, renderChart, roundAxis, type Series } from '../../core/chart.js';
import type { CalibrationBin } from './scores.js';

export interface CalibrationSeries {
  readonly name: string;
  readonly calibration: readonly CalibrationBin[];
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
