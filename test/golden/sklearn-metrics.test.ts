/** Metrics against scikit-learn's, as functions of arrays and in a model, in double precision. */
import { describe, expect, it } from 'vitest';
import * as api from '../../src/index.js';
import { toMetric } from '../../src/training/metrics.js';
import fixture from '../fixtures/sklearn-metrics.json' with { type: 'json' };
import { isClose } from '../support/bits.js';

type Given = {
  yTrue: number[] | number[][];
  yPred: number[] | number[][];
  sampleWeight: number[];
} & Record<string, unknown>;

/** The metric over arrays, and over a model that hands its input on, in batches of 7. */
function values(
  name: string,
  options: object,
  given: Given,
  loss: api.LossName | api.Loss,
  outputs = given.yPred,
) {
  const { yTrue, yPred, sampleWeight } = given;
  const all: Record<string, unknown> = { ...api };
  const isLoss = name === 'meanSquaredError' || name === 'meanAbsoluteError';
  const metric = all[isLoss ? `${name}Metric` : name] as api.MetricFunction;
  const spec = toMetric({ metric: name, ...options });
  const model = api.sequential([api.activation('linear')], { precision: 'float64' });
  model.compile({ loss, metrics: [spec] });
  const x = (outputs as number[][]).map((row) => (Array.isArray(row) ? row : [row]));
  const inModel = model.evaluate(x, yTrue, { sampleWeight, batchSize: 7 })[name] as number;
  const alone = metric(yTrue, yPred, { ...options, sampleWeight });
  return { inModel, alone };
}

function check(name: string, expected: number, found: { inModel: number; alone: number }) {
  for (const [how, value] of Object.entries(found)) {
    expect(isClose(value, expected), `${name} ${how}: ${value}, not ${expected}`).toBe(true);
  }
}

const averages = ['macro', 'weighted', 'micro'] as const;

describe('binary', () => {
  it.each(fixture.binary as Given[])('of threshold $threshold', (given) => {
    const { threshold } = given;
    const through = ['precision', 'recall', 'f1', 'specificity', 'cohenKappa', 'matthews', 'binaryAccuracy'];
    for (const name of through) {
      check(name, given[name] as number, values(name, { threshold }, given, 'binaryCrossentropy'));
    }
    for (const name of ['auc', 'averagePrecision', 'logLoss', 'brierScore']) {
      check(name, given[name] as number, values(name, {}, given, 'binaryCrossentropy'));
    }
    const error = values('expectedCalibrationError', { bins: 7 }, given, 'binaryCrossentropy');
    check('expectedCalibrationError', given.expectedCalibrationError as number, error);
    const { sampleWeight } = given;
    const matrix = api.confusionMatrix(given.yTrue, given.yPred, {
      threshold: threshold as number,
      sampleWeight,
    });
    matrix.forEach((line, i) => {
      line.forEach((value, j) => {
        expect(value).toBeCloseTo((given.confusionMatrix as number[][])[i]?.[j] as number, 10);
      });
    });
    const curve = api.calibrationCurve(given.yTrue, given.yPred, { bins: 7 });
    const expected = given.calibration as { meanPredicted: number; share: number }[];
    expect(curve.length).toBe(expected.length);
    curve.forEach(({ meanPredicted, share }, bin) => {
      expect(meanPredicted).toBeCloseTo(expected[bin]?.meanPredicted as number, 12);
      expect(share).toBeCloseTo(expected[bin]?.share as number, 12);
    });
  });

  it('of logits is that of their probabilities', () => {
    const given = fixture.binary[1] as Given;
    const logits = (given.yPred as number[]).map((p) => Math.log(p / (1 - p)));
    const loss = api.binaryCrossentropy({ fromLogits: true });
    for (const name of ['precision', 'f1', 'matthews']) {
      const { inModel } = values(name, { threshold: 0.305 }, given, loss, logits);
      const { alone } = values(name, { threshold: 0.305 }, given, loss);
      expect(isClose(inModel, alone), name).toBe(true);
    }
    for (const name of ['logLoss', 'brierScore', 'auc']) {
      check(name, given[name] as number, values(name, {}, given, loss, logits));
    }
  });
});

describe('classes', () => {
  it.each(fixture.classes as unknown as Given[])('of $yTrue.length rows', (given) => {
    const loss = 'sparseCategoricalCrossentropy';
    for (const name of ['auc', 'averagePrecision', 'precision', 'recall', 'f1', 'specificity']) {
      for (const average of averages) {
        const expected = (given[name] as Record<string, number>)[average] as number;
        check(`${name} ${average}`, expected, values(name, { average }, given, loss));
      }
    }
    (given.precisionOfEach as number[]).forEach((expected, classIndex) => {
      check('precision of a class', expected, values('precision', { classIndex }, given, loss));
    });
    for (const name of ['accuracy', 'cohenKappa', 'matthews', 'logLoss', 'brierScore']) {
      check(name, given[name] as number, values(name, {}, given, loss));
    }
    check('topKAccuracy', given.top2 as number, values('topKAccuracy', { k: 2 }, given, loss));
    check('perplexity', Math.exp(given.logLoss as number), values('perplexity', {}, given, loss));
    const { yTrue, yPred, sampleWeight } = given;
    const expected = given.confusionMatrix as number[][];
    const answers = (yPred as number[][]).map((row) => row.indexOf(Math.max(...row)));
    for (const predicted of [yPred, answers]) {
      const matrix = api.confusionMatrix(yTrue, predicted, { sampleWeight });
      expect(matrix.length).toBe(expected.length);
      matrix.forEach((line, i) => {
        for (const [j, value] of line.entries()) expect(value).toBeCloseTo(expected[i]?.[j] as number, 10);
      });
    }
    for (const metric of [api.precision, api.f1, api.cohenKappa, api.matthews, api.accuracy]) {
      const ofClasses = metric(yTrue, answers, { sampleWeight });
      expect(isClose(ofClasses, metric(yTrue, yPred, { sampleWeight })), metric.metric).toBe(true);
    }
  });

  it('one-hot, and of logits, are the same', () => {
    const given = fixture.classes[0] as unknown as Given & { logits: number[][] };
    const oneHot = (given.yTrue as number[]).map((truth) => [0, 1, 2].map((k) => (k === truth ? 1 : 0)));
    const ofLogits = api.sparseCategoricalCrossentropy({ fromLogits: true });
    for (const name of ['accuracy', 'logLoss', 'brierScore', 'matthews']) {
      const expected = given[name] as number;
      check(name, expected, values(name, {}, { ...given, yTrue: oneHot }, 'categoricalCrossentropy'));
      check(name, expected, values(name, {}, given, ofLogits, given.logits));
    }
    const { inModel } = values('expectedCalibrationError', {}, given, ofLogits, given.logits);
    check('ece', inModel, values('expectedCalibrationError', {}, given, 'sparseCategoricalCrossentropy'));
  });
});

describe('several outputs that decide for themselves', () => {
  it.each(fixture.several as unknown as Given[])('of $yTrue.length rows', (given) => {
    for (const name of ['auc', 'averagePrecision', 'precision', 'recall', 'f1']) {
      for (const average of averages) {
        const expected = (given[name] as Record<string, number>)[average] as number;
        check(`${name} ${average}`, expected, values(name, { average }, given, 'binaryCrossentropy'));
      }
    }
  });
});

describe('numbers', () => {
  it.each(fixture.regression as unknown as Given[])('of $yTrue.length rows', (given) => {
    const names = Object.keys(given).filter((name) => !['yTrue', 'yPred', 'sampleWeight'].includes(name));
    expect(names.length).toBe(7);
    for (const name of names) {
      const options = name === 'quantileLoss' ? { quantile: 0.8 } : {};
      check(name, given[name] as number, values(name, options, given, 'meanSquaredError'));
    }
  });
});
