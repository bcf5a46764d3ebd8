import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type ClassLabels,
  classLabels,
  dense,
  embedding,
  FormatError,
  lstm,
  type Pipeline,
  pipeline,
  sequential,
  serializePipeline,
  type TextVectorizer,
  textVectorizer,
} from '../../src/index.js';
import { loadModel, loadPipeline, loadPreparation, saveModel, savePipeline } from '../../src/node/index.js';
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
