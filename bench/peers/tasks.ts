/** All that is measured, in the order of the table. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModelSize, modelSizes } from '../models.js';
import type { Work } from './adapter.js';
import { type Conditions, compare, type Way } from './comparison.js';
import { type Command, nodeCommand, SOURCES } from './peer.js';
import { setupOf } from './setups.js';
import { comparisonRow, missingRow, type Row } from './table.js';

/** The node that runs the JavaScript sides. */
export interface Runtime {
  readonly node: string;
  /** Its major version. */
  readonly major: number;
  /** Whether our side runs on relaxed SIMD too where that needs a flag of the engine. */
  readonly relaxed: boolean;
}

/** What one task gives: rows of the table, and the figures behind them. */
export interface Result {
  readonly rows: readonly Row[];
  readonly figures: unknown;
}

export interface Task {
  readonly name: string;
  /** About how many seconds it takes. */
  readonly share: number;
  run(conditions: Conditions): Promise<Result>;
}

const OURS = fileURLToPath(new URL('./ours.js', import.meta.url));

/** One thread everywhere. */
const oneThread = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

type PeerName = 'PyTorch' | 'TensorFlow.js wasm' | 'TensorFlow.js cpu';

export function tasks(runtime: Runtime): Task[] {
  const training = modelSizes.flatMap((size) => [
    comparison('train', size, 'PyTorch', runtime.major >= 24 ? 1 : 1.25, runtime),
    comparison('train', size, 'TensorFlow.js wasm', 1 / 20, runtime),
    comparison('train', size, 'TensorFlow.js cpu', 1 / 60, runtime),
  ]);
  return training;
}

function comparison(
  work: Work,
  size: ModelSize,
  peer: PeerName,
  limit: number | undefined,
  runtime: Runtime,
  backend = 'auto',
): Task {
  const kind = { train: 'training step', forward: 'forward', push: 'streamed step' }[work];
  const name = `${size.name}: ${kind}${backend === 'auto' ? '' : `, ${backend}`} / ${peer}`;
  return {
    name,
    share: size.name === 'char' ? 60 : 15,
    run: async (conditions) => {
      try {
        const ways = { ours: oursOn(runtime, backend), theirs: waysOf(peer, runtime) };
        const outcome = await compare(work, setupOf(size), ways, conditions);
        return { rows: [comparisonRow(name, peer, limit, outcome)], figures: outcome };
      } catch (error) {
        const why = (error as Error).message;
        return { rows: [missingRow(name, peer, limit, why)], figures: { missing: why } };
      }
    },
  };
}

function oursOn({ node }: Runtime, backend: string): Way[] {
  return [{ command: nodeCommand([node], OURS), variant: backend }];
}

function waysOf(peer: PeerName, { node }: Runtime): Way[] {
  if (peer === 'PyTorch') return pyTorchWays();
  const command = nodeCommand([node], join(SOURCES, 'adapters/tensorflow.js'));
  return [{ command, variant: peer === 'TensorFlow.js cpu' ? 'cpu' : 'wasm' }];
}

/** Its BLAS as the environment says and as it chooses by itself; each with Adam an array at a time and all at once. */
function pyTorchWays(): Way[] {
  const program = process.env.PYTHON ?? '/usr/bin/python3';
  const { OPENBLAS_CORETYPE: core, ...bare } = process.env;
  const environments = core === undefined ? [bare] : [bare, process.env];
  return environments.flatMap((environment) => {
    const command: Command = {
      program,
      parameters: [join(SOURCES, 'adapters/pytorch.py')],
      environment: { ...environment, ...oneThread },
    };
    return ['', 'foreach'].map((variant) => ({ command, variant }));
  });
}
