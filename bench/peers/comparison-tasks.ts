/** The rows that set two libraries side by side. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bidirectionalSize, type ModelSize, modelSizes, streamedStep } from '../models.js';
import type { Work } from './adapter.js';
import { compare, OtherWork, type Way } from './comparison.js';
import { type Command, nodeCommand, SOURCES } from './peer.js';
import { setupOf, streamedSetup } from './setups.js';
import { comparisonRow, missingRow } from './table.js';
import { ownCommand, type Runtime, type Task } from './task.js';

type PeerName =
  | 'PyTorch'
  | 'TensorFlow.js wasm'
  | 'TensorFlow.js cpu'
  | 'onnxruntime-web'
  | 'onnxruntime-node'
  | 'brain.js';

interface Comparison {
  readonly work: Work;
  readonly size: ModelSize;
  readonly peer: PeerName;
  /** Our time is at most so much of theirs; undefined where no bar is set. */
  readonly limit?: number;
  readonly backend?: 'reference';
  /** What a reader should know of it. */
  readonly remark?: string;
}

const OURS = fileURLToPath(new URL('./ours.js', import.meta.url));

const kinds = { train: 'training step', forward: 'forward', push: 'B1 I8 H32' } as const;

/** brain.js has no batches: one row of so many steps is what it can be asked for. */
const oneRow: ModelSize = { ...streamedStep, name: 'one row', steps: 16 };

function comparisons(major: number): Comparison[] {
  const [keras] = modelSizes.filter(({ name }) => name === 'keras');
  return [
    ...modelSizes.flatMap((size): Comparison[] => [
      { work: 'train', size, peer: 'PyTorch', limit: major >= 24 ? 1 : 1.25 },
      { work: 'train', size, peer: 'TensorFlow.js wasm', limit: 1 / 20 },
      { work: 'train', size, peer: 'TensorFlow.js cpu', limit: 1 / 60 },
    ]),
    { work: 'train', size: bidirectionalSize, peer: 'PyTorch', limit: 1.1 },
    ...modelSizes.flatMap((size): Comparison[] => [
      { work: 'forward', size, peer: 'onnxruntime-web', limit: 0.75 },
      { work: 'forward', size, peer: 'onnxruntime-node' },
      { work: 'forward', size, peer: 'PyTorch' },
    ]),
    { work: 'push', size: streamedStep, peer: 'onnxruntime-node', limit: 1 / 8 },
    { work: 'push', size: streamedStep, peer: 'PyTorch', limit: 1 / 8 },
    {
      work: 'forward',
      size: oneRow,
      peer: 'brain.js',
      remark: 'no batches, no Adam, and its cell keeps f * h where an LSTM keeps f * c',
    },
    ...(keras
      ? [
          {
            work: 'train',
            size: keras,
            peer: 'TensorFlow.js wasm',
            limit: 0.7,
            backend: 'reference',
          } as const,
        ]
      : []),
  ];
}

export function comparisonTasks(runtime: Runtime): Task[] {
  return comparisons(runtime.major).map((comparison) => comparisonTask(comparison, runtime));
}

function comparisonTask({ work, size, peer, limit, backend, remark }: Comparison, runtime: Runtime): Task {
  const what = `${size.name}: ${kinds[work]}${backend ? `, ${backend} backend` : ''}`;
  return {
    name: `${what} / ${peer}`,
    share: secondsOf(size, peer),
    run: async (conditions) => {
      try {
        const ours = [{ command: ownCommand(runtime, OURS), variant: backend ?? 'auto' }];
        const theirs = waysOf(peer, work, runtime);
        const setup = work === 'push' ? streamedSetup(size) : setupOf(size);
        const outcome = await compare(work, setup, { ours, theirs }, conditions);
        return { rows: [comparisonRow(what, peer, limit, outcome)], figures: outcome };
      } catch (error) {
        const { message } = error as Error;
        const why = remark ? `${remark}: ${message}` : message;
        const row = missingRow(what, peer, limit, why, error instanceof OtherWork ? 'other work' : 'missing');
        return { rows: [row], figures: { missing: why } };
      }
    },
  };
}

/** As it was when this was written. */
function secondsOf({ name }: ModelSize, peer: PeerName): number {
  if (peer === 'TensorFlow.js cpu') return name === 'char' ? 400 : name === 'small' ? 15 : 70;
  return name === 'char' ? 60 : 15;
}

function waysOf(peer: PeerName, work: Work, { node }: Runtime): Way[] {
  switch (peer) {
    case 'PyTorch':
      return pyTorchWays(work);
    case 'TensorFlow.js wasm':
      return [{ command: adapterCommand(node, 'tensorflow'), variant: 'wasm' }];
    case 'TensorFlow.js cpu':
      return [{ command: adapterCommand(node, 'tensorflow'), variant: 'cpu' }];
    case 'onnxruntime-web':
      return [{ command: adapterCommand(node, 'onnxruntime'), variant: 'web' }];
    case 'onnxruntime-node':
      return [{ command: adapterCommand(node, 'onnxruntime'), variant: 'node' }];
    case 'brain.js':
      return [{ command: adapterCommand(node, 'brain'), variant: '' }];
  }
}

function adapterCommand(node: string, adapter: string): Command {
  return nodeCommand([node], join(SOURCES, `adapters/${adapter}.js`));
}

/**
 * Its BLAS as the environment says and as it chooses by itself; each with Adam an array at a time and all at once,
 * or a step as Python and as a frozen trace.
 */
function pyTorchWays(work: Work): Way[] {
  const program = process.env.PYTHON ?? '/usr/bin/python3';
  const { OPENBLAS_CORETYPE: core, ...bare } = process.env;
  const environments = core === undefined ? [bare] : [bare, process.env];
  const variants = { train: ['', 'foreach'], forward: [''], push: ['', 'traced'] }[work];
  return environments.flatMap((environment) => {
    const command: Command = {
      program,
      parameters: [join(SOURCES, 'adapters/pytorch.py')],
      environment: { ...environment, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' },
    };
    return variants.map((variant) => ({ command, variant }));
  });
}
