import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type ClassLabels,
  classLabels,
  dense,
  embedding,
  FormatError,
  lambdaCallback,
  lstm,
  type Pipeline,
  pipeline,
  sequential,
  serializePipeline,
  type TextVectorizer,
  textVectorizer,
} from '../../src/index.js';
import {
  fileCheckpoint,
  loadModel,
  loadPipeline,
  loadPreparation,
  modelCheckpoint,
  saveModel,
  savePipeline,
} from '../../src/node/index.js';
import { temporaryFolder } from '../project/support.js';

const root = temporaryFolder();
const texts = ['good', 'bad', 'so good', 'so bad'];

async function trained(): Promise<Pipeline<TextVectorizer, ClassLabels>> {
  const model = sequential([embedding(9, 3), lstm(3), dense(1, { activation: 'sigmoid' })], { seed: 1 });
  model.compile({ loss: 'binaryCrossentropy' });
  const inputs = textVectorizer({ vocabularySize: 9 });
  const pipe = pipeline({ inputs, model, outputs: classLabels() });
  await pipe.fit(texts, ['yes', 'no', 'yes', 'no']);
  return pipe;
}

describe('while a pipeline learns', () => {
  it('modelCheckpoint writes it whole, with what it learned from the data', async () => {
    const path = join(mkdtempSync(join(root, 'place-')), 'best-{epoch}.safetensors');
    const pipe = await trained();
    const callbacks = [modelCheckpoint(path, { pipeline: pipe, keep: 1 })];
    await pipe.fit(texts, ['yes', 'no', 'yes', 'no'], { epochs: 2, callbacks });
    const again = await loadPipeline<typeof pipe>(path.replace('{epoch}', '2'));
    expect(again.predict(texts)).toEqual(pipe.predict(texts));
    expect(again.predictOutputs(texts)).toEqual(pipe.predictOutputs(texts));
    const other = await trained();
    await expect(other.fit(texts, ['yes', 'no', 'yes', 'no'], { callbacks })).rejects.toThrow(
      'modelCheckpoint: pipeline is another than the one that is trained',
    );
  });

  it('a run that was stopped goes on with the same bits', async () => {
    const path = join(mkdtempSync(join(root, 'place-')), 'run.safetensors');
    const names = ['yes', 'no', 'yes', 'no'];
    const options = { epochs: 4, batchSize: 2, validationSplit: 0.25 };
    const fresh = () => {
      const model = sequential([embedding(9, 3), lstm(3), dense(1, { activation: 'sigmoid' })], { seed: 1 });
      model.compile({ loss: 'binaryCrossentropy' });
      return pipeline({ inputs: textVectorizer({ vocabularySize: 9 }), model, outputs: classLabels() });
    };
    const [whole, stopped, resumed] = [fresh(), fresh(), fresh()];
    await whole.fit(texts, names, options);
    const checkpoint = fileCheckpoint(path, { everySteps: 1 });
    const stop = new AbortController();
    const callbacks = [lambdaCallback({ onEpochEnd: (epoch) => void (epoch === 1 && stop.abort()) })];
    const run = stopped.fit(texts, names, { ...options, checkpoint, callbacks, signal: stop.signal });
    await expect(run).rejects.toThrow();
    await resumed.fit(texts, names, {
      ...options,
      checkpoint,
      resume: true,
      callbacks: [lambdaCallback({ onEpochEnd: () => {} })],
    });
    expect(resumed.predictOutputs(texts)).toEqual(whole.predictOutputs(texts));
    expect(resumed.inputs.vocabulary).toEqual(whole.inputs.vocabulary);
  });
});

describe('savePipeline and loadPipeline', () => {
  it('bring back a pipeline that takes raw input', async () => {
    const path = join(mkdtempSync(join(root, 'place-')), 'pipe.safetensors');
    const pipe = await trained();
    await savePipeline(pipe, path);
    expect(Buffer.compare(readFileSync(path), serializePipeline(pipe))).toBe(0);
    const again = await loadPipeline<typeof pipe>(path);
    expect(again.predict(texts)).toEqual(pipe.predict(texts));
    expect((await loadModel(path)).predict([[1]])).toEqual(pipe.model.predict([[1]]));
    await savePipeline(pipe, path, { includeOptimizer: false });
    expect((await loadPipeline<typeof pipe>(path)).predict(texts)).toEqual(pipe.predict(texts));
  });

  it('name the file that is damaged, or holds no pipeline', async () => {
    const path = join(mkdtempSync(join(root, 'place-')), 'pipe.safetensors');
    const pipe = await trained();
    await saveModel(pipe.model, path, { preparation: { vocabulary: pipe.inputs } });
    expect(await loadPreparation(path)).toEqual({ vocabulary: JSON.parse(JSON.stringify(pipe.inputs)) });
    await expect(loadPipeline(path)).rejects.toThrow(FormatError);
    await expect(loadPipeline(path)).rejects.toThrow(`${path}: the file holds no pipeline`);
    writeFileSync(path, 'nothing');
    await expect(loadPipeline(path)).rejects.toThrow(`${path}: not a sound safetensors file`);
    await expect(loadPreparation(path)).rejects.toThrow(FormatError);
  });
});
