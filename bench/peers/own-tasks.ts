/** The rows in which Longhand is measured by itself, or by fresh processes. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleSize, programs } from '../bundle-size.js';
import { modelSizes } from '../models.js';
import type { Allocated } from './allocations.js';
import type { Conditions } from './comparison.js';
import { type Ladder, ladders, measureCost } from './cost.js';
import { SOURCES } from './peer.js';
import type { Roofline } from './roofline.js';
import { setupOf } from './setups.js';
import { median } from './statistics.js';
import { formatNumber, formatRatio, formatTimes, missingRow, type Row } from './table.js';
import { ownCommand, ownNode, type Result, type Runtime, type Task } from './task.js';

const FIRST_BATCH_LIMIT = 1 / 3;
/** Of the register-only loop's speed. */
const LEAST_SHARE = 0.7;
/** An exponent up to this one is called linear: that much the clock leaves open over a ladder of 1 to 8. */
const LINEAR = 1.05;
/** Bytes a step: less than the smallest object, of 12 bytes, in a hundred steps is none. */
const NONE = 0.1;

const run = promisify(execFile);

export function ownTasks(runtime: Runtime): Task[] {
  return [
    firstBatchTask(runtime),
    rooflineTask(runtime),
    allocationTask(runtime),
    ...ladders(sizeNamed('keras')).map((ladder) => costTask(ladder, runtime)),
    bundleTask(),
  ];
}

/** Each round starts two processes anew. */
function firstBatchTask(runtime: Runtime): Task {
  const name = 'small: from import to the first trained batch';
  const peer = 'TensorFlow.js wasm';
  return {
    name,
    share: 25,
    run: guarded(name, peer, async ({ rounds, progress }) => {
      const { size, adam } = setupOf(sizeNamed('small'));
      const order = JSON.stringify({ size, adam });
      const [own, other]: [number[], number[]] = [[], []];
      for (let round = 1; round <= rounds; round++) {
        progress(`round ${round} of ${rounds}`);
        own.push(Number(await output([...ownNode(runtime), compiled('first-batch.js'), order])));
        other.push(Number(await output([runtime.node, join(SOURCES, 'adapters/first-batch.js'), order])));
      }
      const ratio = median(own) / median(other);
      const rounded = median(own.map((value, i) => value / (other[i] as number)));
      const row = {
        work: name,
        ours: formatTimes(own),
        theirs: `${peer}: ${formatTimes(other)}`,
        figure: `${formatRatio(ratio)} (by rounds ${formatRatio(rounded)})`,
        bar: '<= 1/3',
        held: ratio <= FIRST_BATCH_LIMIT,
        note: `${rounds} rounds, each in fresh processes`,
      };
      return { rows: [row], figures: { own, other } };
    }),
  };
}

function rooflineTask(runtime: Runtime): Task {
  const name = 'matrix product';
  return {
    name,
    share: 40,
    run: guarded(name, 'register-only loop', async ({ rounds, clock }) => {
      const order = [compiled('roofline.js'), String(rounds), clock];
      const text = await output([...ownNode(runtime), ...order]);
      const { backend, shares } = JSON.parse(text) as Roofline;
      const rows = shares.map(
        ({ name: product, sizes, gigaflops, loopGigaflops, share }): Row => ({
          work: `${name}, ${product}`,
          ours: `${gigaflops.toFixed(1)} GFLOP/s`,
          theirs: `register-only loop: ${loopGigaflops.toFixed(1)} GFLOP/s`,
          figure: `${(100 * share).toFixed(0)} %`,
          bar: `>= ${100 * LEAST_SHARE} %`,
          held: share >= LEAST_SHARE,
          note: `${backend}, ${sizes}, packing included`,
        }),
      );
      return { rows, figures: shares };
    }),
  };
}

function allocationTask(runtime: Runtime): Task {
  const name = 'bytes allocated';
  // Room for what a part allocates, so that nothing is collected while it runs.
  const flags = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];
  return {
    name,
    share: 10,
    run: guarded(name, '', async () => {
      const text = await output([...ownNode(runtime), ...flags, compiled('allocations.js')]);
      const measured = JSON.parse(text) as Allocated[];
      const rows = measured.map(({ name: work, steps, bytes }): Row => {
        const isNone = bytes / steps < NONE;
        return {
          work: `${name}: ${work}`,
          ours: `${bytes.toLocaleString('en-US')} over ${steps.toLocaleString('en-US')} steps`,
          theirs: '',
          figure: isNone ? '0 a step' : `${formatNumber(bytes / steps)} a step`,
          bar: '0',
          held: isNone,
          note: 'heap and arrays, collected or not',
        };
      });
      return { rows, figures: measured };
    }),
  };
}

function costTask(ladder: Ladder, runtime: Runtime): Task {
  const { symbol, values } = ladder;
  const name = `keras: training step against ${symbol}`;
  return {
    name,
    share: 30,
    run: guarded(name, '', async (conditions) => {
      const way = { command: ownCommand(runtime, compiled('ours.js')), variant: 'auto' };
      const cost = await measureCost(ladder, way, conditions);
      const hasBar = symbol !== 'H';
      const row = {
        work: name,
        ours: values.map((value, i) => `${value}: ${formatNumber(cost.milliseconds[i] ?? 0)} ms`).join(', '),
        theirs: '',
        figure: `${symbol}^${cost.exponent.toFixed(2)}`,
        bar: hasBar ? `linear (<= ${LINEAR})` : '-',
        held: hasBar ? cost.exponent <= LINEAR : undefined,
        note: 'least squares between the logarithms',
      };
      return { rows: [row], figures: cost };
    }),
  };
}

/** What `npm run size` measures, here beside the bars. */
function bundleTask(): Task {
  const name = 'bundle size';
  return {
    name,
    share: 5,
    run: guarded(name, '', async () => {
      const sizes = await Promise.all(programs.map(({ text }) => bundleSize(text, join(SOURCES, '../..'))));
      const rows = programs.map(({ name: program, bar }, i): Row => {
        const { compressed } = sizes[i] as (typeof sizes)[number];
        return {
          work: `${name} ${program}, minified and gzipped`,
          ours: `${compressed.toLocaleString('en-US')} bytes`,
          theirs: '',
          figure: `${(compressed / 1000).toFixed(1)} KB`,
          bar: bar === undefined ? '-' : `<= ${bar / 1000} KB`,
          held: bar === undefined ? undefined : compressed <= bar,
          note: 'npm run size says where they come from',
        };
      });
      return { rows, figures: sizes };
    }),
  };
}

/** What cannot be measured is a row that says so. */
function guarded(name: string, peer: string, work: (conditions: Conditions) => Promise<Result>) {
  return async (conditions: Conditions): Promise<Result> => {
    conditions.progress('starting');
    try {
      return await work(conditions);
    } catch (error) {
      const why = (error as Error).message;
      return { rows: [missingRow(name, peer, undefined, why)], figures: { missing: why } };
    }
  };
}

async function output([program, ...parameters]: readonly string[]): Promise<string> {
  return (await run(program as string, parameters)).stdout;
}

function compiled(file: string): string {
  return fileURLToPath(new URL(`./${file}`, import.meta.url));
}

function sizeNamed(name: string) {
  const found = modelSizes.find((size) => size.name === name);
  if (!found) throw new Error(`the bench has no size '${name}'`);
  return found;
}
