/**
 * How many bytes of the heap a training step and a streamed step allocate, collected again or not. It needs node
 * --expose-gc, and young generation large enough that nothing is collected within a part.
 *
 * The work is done in ten parts. The engine itself allocates now and then, for code that it compiles and what it
 * learns of types, which is no part of a step: the median of the parts leaves that out.
 */

import { openStream } from '../../src/model/stream.js';
import { Totals, trainBatch } from '../../src/training/run.js';
import { normals } from '../case.js';
import { modelSizes, prepareModel, streamedStep } from '../models.js';
import { median } from './statistics.js';

const PARTS = 10;
const TRAINING_STEPS = 2_000;
const STREAMED_STEPS = 1_000_000;

export interface Allocated {
  readonly name: string;
  readonly steps: number;
  /** Over all steps: ten times the median part. */
  readonly bytes: number;
}

function measure(name: string, steps: number, step: () => void): Allocated {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('run it with node --expose-gc');
  const run = (count: number) => {
    collect();
    const before = used();
    for (let i = 0; i < count; i++) step();
    return used() - before;
  };
  const parts = (count: number) => median(Array.from({ length: PARTS }, () => run(count)));
  // The engine compiles for good what has run often enough: 20,000 training steps, where it takes its time.
  for (let time = 0; time < 10; time++) run(Math.min(steps, TRAINING_STEPS));
  parts(0);
  // What weighing allocates by itself is no part of a step.
  return { name, steps, bytes: PARTS * Math.max(0, parts(steps / PARTS) - parts(0)) };
}

/** With what lies outside of the heap, the data of arrays. */
function used(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function trainingStep(): () => void {
  const size = modelSizes.find(({ name }) => name === 'small') ?? streamedStep;
  const { network, dataset, order } = prepareModel(size);
  const totals = new Totals([{ prefix: '', weight: 1, metrics: [] }]);
  const where = () => 'in the bench';
  totals.reset(dataset);
  return () => trainBatch(network, dataset, order, 0, size.batch, totals, where);
}

function push(): () => void {
  const live = openStream<Float32Array>(prepareModel(streamedStep).network, {});
  const features = normals(streamedStep.inputs);
  const out = new Float32Array(streamedStep.outputs);
  return () => void live.push(features, out);
}

const all: Allocated[] = [
  measure('training step, small', TRAINING_STEPS, trainingStep()),
  measure('streamed step, B1 I8 H32', STREAMED_STEPS, push()),
];
process.stdout.write(`${JSON.stringify(all)}\n`);
