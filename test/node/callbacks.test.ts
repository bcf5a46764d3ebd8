/** What writes files while training runs: csvLogger, modelCheckpoint, fileCheckpoint. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type Callback, dense, type FitOptions, sequential, serializeModel, sgd } from '../../src/index.js';
import { csvLogger, fileCheckpoint, loadModel, modelCheckpoint } from '../../src/node/index.js';
import { temporaryFolder } from '../project/support.js';
import { errorOf } from '../support/bits.js';

const x = [[1], [2], [3], [4], [5], [6]];
const y = [2, 4, 6, 8, 10, 12];
const validation = [x.slice(0, 2), y.slice(0, 2)] as const;

const root = temporaryFolder();
const place = () => mkdtempSync(join(root, 'place-'));

function make() {
  const model = sequential([dense(1)], { seed: 2 });
  model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.01 }) });
  return model;
}

const train = (callbacks: Callback[], options: FitOptions = {}) =>
  make().fit(x, y, { epochs: 3, batchSize: 2, callbacks, ...options });

const crash = (epoch: number): Callback => ({
  onEpochEnd: (at) => {
    if (at === epoch) throw new Error('crash');
  },
});

describe('csvLogger', () => {
  it('writes what history.toCSV gives, line by line', async () => {
    const path = join(place(), 'log.csv');
    const lines: number[] = [];
    const count = {
      onEpochBegin: () =>
        void lines.push(existsSync(path) ? readFileSync(path, 'utf8').split('\n').length : 0),
    };
    const history = await train([csvLogger(path), count], { validationData: validation, validationFreq: 2 });
    expect(readFileSync(path, 'utf8')).toBe(history.toCSV());
    expect(lines).toEqual([0, 3, 4]);
  });

  it('writes over what was there, or goes on behind it', async () => {
    const path = join(place(), 'log.csv');
    writeFileSync(path, 'something else\n'.repeat(100));
    await train([csvLogger(path, { separator: ';' })]);
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(/^epoch;loss\n0;\S+\n1;\S+\n2;\S+\n$/);
    await train([csvLogger(path, { append: true, separator: ';' })], { initialEpoch: 3, epochs: 4 });
    expect(readFileSync(path, 'utf8').startsWith(`${text}3;`)).toBe(true);
    const other = join(place(), 'log.csv');
    await train([csvLogger(other, { append: true })], { epochs: 1 });
    expect(readFileSync(other, 'utf8')).toMatch(/^epoch,loss\n0,\S+\n$/);
  });

  it('of a run that was killed and resumed holds every epoch once', async () => {
    const [calm, folder] = [place(), place()];
    const idle: Callback = { onEpochEnd: () => {} };
    const history = await train([csvLogger(join(calm, 'log.csv')), idle], { epochs: 6 });
    const path = join(folder, 'log.csv');
    const checkpoint = fileCheckpoint(join(folder, 'run.safetensors'), { everySteps: 4 });
    expect((await errorOf(() => train([csvLogger(path), crash(3)], { epochs: 6, checkpoint }))).message).toBe(
      'crash',
    );
    expect(readFileSync(path, 'utf8').split('\n').length).toBe(6);
    const again = await train([csvLogger(path), idle], { epochs: 6, checkpoint, resume: true });
    expect(readFileSync(path, 'utf8')).toBe(history.toCSV());
    expect(again.toCSV()).toBe(history.toCSV());
  });

  it("that cannot write ends fit with the system's error", async () => {
    const path = join(place(), 'missing', 'log.csv');
    await expect(train([csvLogger(path)])).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    [
      'no path',
      () => csvLogger(undefined as never),
      'csvLogger takes the path of a file first but got undefined',
    ],
    [
      'no separator',
      () => csvLogger('x', { separator: '' }),
      "csvLogger: separator is a text such as ',' but is ''",
    ],
    [
      'append',
      () => csvLogger('x', { append: 1 as never }),
      'csvLogger: append must be true or false but is 1',
    ],
  ])('%s is a ConfigError', async (_what, work, message) => {
    expect(await errorOf(work)).toEqual({ name: 'ConfigError', message });
  });
});

describe('modelCheckpoint', () => {
  it('saves the model of every epoch, and keeps the last ones', async () => {
    const folder = place();
    const model = make();
    const seen: Uint8Array[] = [];
    const note: Callback = { onEpochEnd: () => void seen.push(serializeModel(model)) };
    const save = modelCheckpoint(join(folder, 'm-{epoch:02d}-{loss:.1f}.safetensors'), { keep: 2 });
    const { history } = await model.fit(x, y, { epochs: 4, callbacks: [save, note] });
    const name = (epoch: number) => `m-0${epoch}-${history.loss?.[epoch - 1]?.toFixed(1)}.safetensors`;
    expect(readdirSync(folder).sort()).toEqual([name(3), name(4)]);
    expect(Buffer.compare(readFileSync(join(folder, name(3))), seen[2] as Uint8Array)).toBe(0);
    expect((await loadModel(join(folder, name(4)))).predict(x)).toEqual(model.predict(x));
  });

  it('saves the best one only', async () => {
    const path = join(place(), 'best.safetensors');
    const values = [5, 3, 4, Number.NaN, 2.5, 2.6];
    const saved: number[] = [];
    const model = make().build([1]);
    const training = { model, epochs: 6, batches: 1, values: ['loss', 'val_loss'] };
    const callback = modelCheckpoint(path, { saveBestOnly: true, initialValueThreshold: 4.5 });
    await callback.onTrainBegin?.(training);
    for (const [epoch, value] of values.entries()) {
      writeFileSync(path, 'none');
      await callback.onEpochEnd?.(epoch, { loss: 1, val_loss: value }, training);
      if (readFileSync(path, 'utf8') !== 'none') saved.push(epoch);
    }
    expect(saved).toEqual([1, 4]);
  });

  it('saves every so many batches, over epochs', async () => {
    const folder = place();
    await train([modelCheckpoint(join(folder, '{epoch}-{batch}.safetensors'), { saveFreq: 4 })], {
      epochs: 4,
    });
    expect(readdirSync(folder).sort()).toEqual(['2-1.safetensors', '3-2.safetensors', '4-3.safetensors']);
  });

  it('of a resumed run goes on with the best, and with the files to keep', async () => {
    const run = async (interrupted: boolean) => {
      const folder = place();
      const checkpoint = fileCheckpoint(join(folder, '..', `run-${interrupted}.safetensors`), {
        everySteps: 2,
      });
      const save = () => modelCheckpoint(join(folder, '{epoch}.safetensors'), { keep: 2 });
      if (interrupted) {
        const broken = train([save(), crash(3)], { epochs: 6, checkpoint });
        expect((await errorOf(() => broken)).message).toBe('crash');
      }
      await train([save(), crash(99)], { epochs: 6, checkpoint, resume: true });
      return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('hex')]);
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it('says what it saves when asked', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const path = join(place(), 'm.safetensors');
    await train([modelCheckpoint(path, { verbose: 1 })], { epochs: 1 });
    const lines = log.mock.calls.map(([line]) => line);
    log.mockRestore();
    expect(lines).toEqual([`epoch 1: the model is saved in ${path}`]);
  });

  it.each([
    [
      'keep of one name',
      () => modelCheckpoint('m', { keep: 2 }),
      "modelCheckpoint: keep needs a path that changes, such as 'model-{epoch}.safetensors'",
    ],
    [
      'keep of 0',
      () => modelCheckpoint('{epoch}', { keep: 0 }),
      'modelCheckpoint: keep must be a number at least 1 but is 0',
    ],
    [
      'a brace',
      () => modelCheckpoint('m-{epoch:2}'),
      "modelCheckpoint: the path 'm-{epoch:2}' has a brace too many: write {epoch}, {epoch:02d} or {val_loss:.4f}",
    ],
    [
      'the best of a batch',
      () => modelCheckpoint('m', { saveBestOnly: true, saveFreq: 5 }),
      "modelCheckpoint: saveBestOnly goes with saveFreq 'epoch', when values are known",
    ],
    [
      'weights only',
      () => modelCheckpoint('m', { saveWeightsOnly: true } as never),
      "modelCheckpoint has no option 'saveWeightsOnly': leave it out, a file holds architecture, weights and optimizer",
    ],
    [
      'a value that is not reported',
      () => train([modelCheckpoint('{val_loss:.2f}')]),
      'modelCheckpoint: the path names {val_loss} and there is epoch, loss',
    ],
    [
      'a best that is not reported',
      () => train([modelCheckpoint('m', { saveBestOnly: true })]),
      "modelCheckpoint watches 'val_loss' but fit reports loss: give fit validationData or a validationSplit, or watch another value",
    ],
  ])('%s is a ConfigError', async (_what, work, message) => {
    expect(await errorOf(work)).toEqual({ name: 'ConfigError', message });
  });
});

describe('fileCheckpoint', () => {
  it('leaves the checkpoint alone in its folder, with nothing beside it', async () => {
    const folder = place();
    const path = join(folder, 'run.safetensors');
    const checkpoint = fileCheckpoint(path, { everySteps: 1 });
    const names: string[][] = [];
    await train([{ onBatchEnd: () => void names.push(readdirSync(folder)) }], { checkpoint, resume: true });
    expect(names[0]).toEqual([]);
    expect(names.slice(1).every((found) => found.join() === 'run.safetensors')).toBe(true);
    expect(readdirSync(folder)).toEqual(['run.safetensors']);
    expect((await loadModel(path)).countParams()).toBe(2);
  });

  it('writes over the part that a kill has left', async () => {
    const path = join(place(), 'run.safetensors');
    writeFileSync(`${path}.part`, 'left over'.repeat(1e5));
    await train([], { checkpoint: fileCheckpoint(path, { everySteps: 1 }) });
    expect(existsSync(`${path}.part`)).toBe(false);
    expect((await loadModel(path)).countParams()).toBe(2);
  });

  it('names the file that is damaged', async () => {
    const path = join(place(), 'run.safetensors');
    const checkpoint = fileCheckpoint(path, { everySteps: 1 });
    await train([], { checkpoint });
    truncateSync(path, 100);
    const error = await errorOf(() => train([], { checkpoint, resume: true }));
    expect(error.name).toBe('FormatError');
    expect(error.message.startsWith(`${path}: `)).toBe(true);
  });

  it.each([
    [
      'no path',
      () => fileCheckpoint(3 as never, { everySteps: 1 }),
      'fileCheckpoint takes the path of a file first but got 3',
    ],
    [
      'no frequency',
      () => fileCheckpoint('x', {}),
      'fileCheckpoint needs everySteps, everySeconds or both: { everySeconds: 60 }',
    ],
    [
      'a name misspelt',
      () => fileCheckpoint('x', { everyStep: 1 } as never),
      "fileCheckpoint: option 'everyStep' is not known: did you mean 'everySteps'?",
    ],
  ])('%s is a ConfigError', async (_what, work, message) => {
    expect(await errorOf(work)).toEqual({ name: 'ConfigError', message });
  });
});
