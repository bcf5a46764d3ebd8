/** What a user holds never changes under him, and what he gave may change under the model: memory grows all the while. */
import { describe, expect, it } from 'vitest';
import { type Callback, dense, dropout, lstm, sequential, serializeModel, tensor } from '../../src/index.js';

const rows = 12;
const x = tensor(
  Float32Array.from({ length: rows * 4 * 2 }, (_, k) => Math.sin(k)),
  [rows, 4, 2],
);
const y = Array.from({ length: rows }, (_, row) => row % 2);
/** More rows of more steps than all before. */
const large = tensor(
  Float32Array.from({ length: 300 * 70 * 2 }, (_, k) => Math.cos(k)),
  [300, 70, 2],
);

function newModel() {
  const layers = [
    lstm(7, { returnSequences: true, recurrentDropout: 0.2 }),
    dropout(0.1),
    lstm(5),
    dense(1, { activation: 'sigmoid' }),
  ];
  const compiled = { optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy', 'auc'] } as const;
  return sequential(layers, { seed: 3 }).compile(compiled);
}

/** Makes the memory larger: the workspace, and what is kept of the optimizer. */
function grow(model: ReturnType<typeof newModel>): void {
  model.predict(large, { batchSize: 300 });
  model.evaluate(large, new Array(300).fill(1), { batchSize: 300 });
}

describe('what a model hands out', () => {
  it('stays as it was when the memory grows, when it is compiled anew, and when it is trained on', async () => {
    const model = newModel();
    const heard: unknown[] = [];
    const callback: Callback = {
      onEpochEnd: (_epoch, logs) => void heard.push(logs),
      // A metric that needs all rows is computed when it is looked at, within the hook alone.
      onBatchEnd: (_batch, logs) => void heard.push({ ...logs }),
      onTrainEnd: (logs) => void heard.push(logs),
    };
    const held = {
      history: await model.fit(x, y, {
        epochs: 2,
        batchSize: 5,
        validationSplit: 0.25,
        callbacks: [callback],
      }),
      heard,
      weights: model.getWeights(),
      prediction: model.predict(x),
      evaluation: model.evaluate(x, y),
      training: model.trainOnBatch(x, y),
      testing: model.testOnBatch(x, y),
      file: serializeModel(model),
      layers: model.layers.map((layer) => layer.config()),
    };
    // The lists that callbacks filled are closed now: what is in them counts.
    held.heard = [...heard];
    const copy = structuredClone(held);
    grow(model);
    expect(held).toEqual(copy);
    await model.fit(large, new Array(300).fill(1), { batchSize: 150 });
    expect(held).toEqual(copy);
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    model.trainOnBatch(x, y);
    model.setWeights(newModel().build([null, 2]).getWeights());
    grow(newModel());
    expect(held).toEqual(copy);
  });

  it('is the same, and so is what the optimizer keeps, whether the memory grew in between or before', () => {
    const [early, late] = [newModel(), newModel()];
    grow(early);
    for (const model of [early, late]) model.trainOnBatch(x, y);
    grow(late);
    for (const model of [early, late]) model.trainOnBatch(x, y);
    expect(late.getWeights()).toEqual(early.getWeights());
    expect(serializeModel(late)).toEqual(serializeModel(early));
  });

  it('is his own: what he writes into it reaches nothing', () => {
    const model = newModel().build([null, 2]);
    const before = model.predict(x).data.slice();
    for (const { data } of Object.values(model.getWeights())) data.fill(9);
    model.predict(x).data.fill(9);
    serializeModel(model).fill(9);
    expect(model.predict(x).data).toEqual(before);
  });
});

it('what a model was given may be changed', () => {
  const [model, other] = [newModel(), newModel()];
  const weights = other.build([null, 2]).getWeights();
  const features = { ...x, data: x.data.slice() };
  const targets = [...y];
  model.build([null, 2]).setWeights(weights);
  model.trainOnBatch(features, targets);
  other.trainOnBatch(x, y);
  for (const { data } of Object.values(weights)) data.fill(9);
  features.data.fill(9);
  targets.fill(0);
  expect(model.getWeights()).toEqual(other.getWeights());
});
