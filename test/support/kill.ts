/**
 * Kills a process that trains, at random moments, resumes it each time from its checkpoint, and compares what comes out
 * with an undisturbed run: the model, optimizer included, the history, and what callbacks have written, to the bit.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Random } from '../../src/core/random.js';
import { loadModel } from '../../src/node/index.js';

/** The longest life of a process after it has begun to train, in milliseconds. */
const LONGEST_LIFE = 300;

/** A program that trains with all that has a state, writing a checkpoint every third batch; `epochs` is its argument. */
function program(root: string): string {
  const entry = (path: string) => pathToFileURL(join(root, 'dist', path)).href;
  return `
    import { writeFileSync } from 'node:fs';
    import {
      adam, dense, dropout, earlyStopping, lstm, reduceLROnPlateau, sequential, serializeModel,
    } from '${entry('index.js')}';
    import { csvLogger, fileCheckpoint, modelCheckpoint } from '${entry('node/index.js')}';

    const x = Array.from({ length: 60 }, (_, row) =>
      Array.from({ length: 3 + (row % 6) }, (_, step) => [Math.sin(row * row + 7 * step), Math.cos(row + step)]));
    const y = x.map((steps) => (steps.reduce((sum, [value]) => sum + value, 0) > 0 ? 1 : 0));
    const layers = [lstm(12, { recurrentDropout: 0.1 }), dropout(0.2), dense(1, { activation: 'sigmoid' })];
    const model = sequential(layers, { seed: 11 });
    const optimizer = adam({ learningRate: 0.003, amsgrad: true, useEma: true, gradientAccumulationSteps: 2 });
    model.compile({ optimizer, loss: 'binaryCrossentropy', metrics: ['accuracy', 'auc'] });
    const epochs = Number(process.argv[1]);
    const history = await model.fit(x, y, {
      epochs,
      batchSize: 4,
      validationSplit: 0.2,
      checkpoint: fileCheckpoint('run.safetensors', { everySteps: 3 }),
      resume: true,
      callbacks: [
        earlyStopping({ patience: 2 * epochs, restoreBestWeights: true }),
        reduceLROnPlateau({ monitor: 'loss', patience: 3, minDelta: 0.01, factor: 0.7 }),
        modelCheckpoint('best.safetensors', { saveBestOnly: true }),
        csvLogger('log.csv'),
        { onTrainBegin: () => console.log('training') },
      ],
    });
    writeFileSync('final.safetensors', serializeModel(model));
    writeFileSync('history.csv', history.toCSV());`;
}

/** What a run leaves behind. */
const RESULTS = ['final.safetensors', 'history.csv', 'log.csv', 'best.safetensors'];

export interface KillReport {
  /** How many processes were killed, and in how many of them a checkpoint was half written. */
  kills: number;
  whileWriting: number;
  /** Runs that came to their end, and those that ended with other bits. */
  runs: number;
  different: string[];
  /** Checkpoints that were left by a kill and loaded. */
  loaded: number;
}

/**
 * @param root  the project's folder, where it is built
 * @param folder  an empty folder to work in
 * @throws Error when a checkpoint does not load, or a process fails
 */
export async function killTest(
  root: string,
  folder: string,
  options: { times: number; epochs: number; seed: number; say?: (line: string) => void },
): Promise<KillReport> {
  const { times, epochs, seed, say = () => {} } = options;
  const random = new Random(seed);
  const report: KillReport = { kills: 0, whileWriting: 0, runs: 0, different: [], loaded: 0 };
  const start = (name: string) => {
    const place = join(folder, name);
    mkdirSync(place, { recursive: true });
    return place;
  };
  const calm = start('undisturbed');
  await live(root, calm, epochs);
  const expected = digests(calm);

  while (report.kills < times) {
    const place = start('killed');
    let finished = false;
    while (!finished) {
      const isLast = report.kills >= times;
      finished = await live(root, place, epochs, isLast ? undefined : LONGEST_LIFE * random.uniform());
      if (finished) break;
      report.kills++;
      const checkpoint = join(place, 'run.safetensors');
      if (existsSync(`${checkpoint}.part`)) report.whileWriting++;
      if (existsSync(checkpoint)) {
        await loadModel(checkpoint);
        report.loaded++;
      }
      if (report.kills % 10 === 0) say(`${report.kills} kills, ${report.whileWriting} of them in a write`);
    }
    report.runs++;
    const found = digests(place);
    report.different.push(...RESULTS.filter((name) => found[name] !== expected[name]));
    const others = readdirSync(place).filter((name) => name.endsWith('.part'));
    if (others.length > 0) throw new Error(`a run that has ended left ${others.join()} behind`);
    say(`run ${report.runs} has ended: ${report.different.length === 0 ? 'equal to the bit' : 'it differs'}`);
    rmSync(place, { recursive: true });
  }
  return report;
}

/** Runs the program; true when it came to its end, false when it was killed so many milliseconds into its training. */
function live(root: string, folder: string, epochs: number, life?: number): Promise<boolean> {
  const flags = ['--input-type=module', '-e', program(root), String(epochs)];
  const child = spawn(process.execPath, flags, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  let timer: NodeJS.Timeout | undefined;
  child.stdout.once('data', () => {
    if (life !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), life);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') resolve(false);
      else if (code === 0) resolve(true);
      else reject(new Error(`the process that trains ended with ${signal ?? code}`));
    });
  });
}

function digests(folder: string): Record<string, string> {
  return Object.fromEntries(
    RESULTS.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );
}
