/**
 * The speed of our matrix products beside what the machine does at most in WebAssembly: a loop of multiplications
 * and additions on vectors that never leave the registers. Both take turns, in one process; the loop is an
 * instruction sequence assembled here, in as many chains as fit the registers, of which the fastest counts.
 *
 *     node roofline.js ROUNDS wall|cpu     prints JSON: each product's GFLOP/s, the loop's, and the share
 */
import { selectBackend } from '../../src/backend/backend.js';
import { Memory } from '../../src/backend/memory.js';
import { matmul, matmulTransposeA } from '../../src/kernels/index.js';
import { normals, productFlops } from '../case.js';
import { modelSizes } from '../models.js';
import { registerLoop, STEPS_A_TURN } from './register-loop.js';
import { median } from './statistics.js';

const CHAINS = [6, 8, 10, 12, 13];
const TURN_SECONDS = 0.05;
const LANES = 4;
const LOOP_TURNS = 20_000;
/** How often each number of chains is tried. */
const TRIALS = 5;

export interface Share {
  readonly name: string;
  readonly sizes: string;
  readonly gigaflops: number;
  readonly loopGigaflops: number;
  /** Median over the rounds of the one over the other. */
  readonly share: number;
}

export interface Roofline {
  readonly backend: string;
  readonly shares: readonly Share[];
}

interface Product {
  readonly name: string;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  /** Whether it is the gradient of a weight matrix: the first factor transposed. */
  readonly transposed: boolean;
}

/** x W of all steps, h U of one step, and the gradient of U over all steps, of the last LSTM of each size. */
function products(): Product[] {
  return modelSizes.flatMap(({ name, batch, steps, inputs, units }) => {
    const size = units.at(-1) as number;
    const below = units.at(-2) ?? inputs;
    const columns = 4 * size;
    return [
      { name: `${name}: x W`, rows: batch * steps, inner: below, columns, transposed: false },
      { name: `${name}: h U`, rows: batch, inner: size, columns, transposed: false },
      { name: `${name}: gradient of U`, rows: size, inner: batch * steps, columns, transposed: true },
    ];
  });
}

const backend = selectBackend('auto', 'float32');
const kernels = backend.bind({ matmul, matmulTransposeA });

/** Places the factors where the kernels see them. */
function prepare({ rows, inner, columns, transposed }: Product): () => void {
  const memory = new Memory('float32', backend.block);
  const [a, b, c] = memory.keep((arena) => [
    arena.floats(rows * inner),
    arena.floats(inner * columns),
    arena.floats(rows * columns),
  ]) as [{ array: Float32Array }, { array: Float32Array }, { array: Float32Array }];
  a.array.set(normals(rows * inner));
  b.array.set(normals(inner * columns));
  const multiply = transposed ? kernels.matmulTransposeA : kernels.matmul;
  return () => multiply(a.array, b.array, c.array, rows, inner, columns);
}

/** Seconds by the clock, or of this process's processor time. */
function now(): number {
  if (process.argv[3] !== 'cpu') return performance.now() / 1e3;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Operations a second, in 1e9, over a turn. */
function speed(work: () => void, flops: number): number {
  const begin = now();
  let count = 0;
  let seconds = 0;
  do {
    work();
    count++;
    seconds = now() - begin;
  } while (seconds < TURN_SECONDS);
  return (count * flops) / seconds / 1e9;
}

/** The loop with the number of chains that is fastest here. */
function fastestLoop(): () => number {
  const speeds = CHAINS.map((chains) => {
    const run = registerLoop(chains, backend.name === 'relaxedSimd');
    return () => speed(() => run(LOOP_TURNS), LOOP_TURNS * 2 * LANES * chains * STEPS_A_TURN);
  });
  const best = speeds.map((measure) => Math.max(...Array.from({ length: TRIALS }, measure)));
  return speeds[best.indexOf(Math.max(...best))] as () => number;
}

const loopSpeed = fastestLoop();
const rounds = Number(process.argv[2]);
const shares: Share[] = [];
for (const product of products()) {
  const { name, rows, inner, columns } = product;
  const work = prepare(product);
  const flops = productFlops(product);
  speed(work, flops);
  const own: number[] = [];
  const loop: number[] = [];
  for (let round = 0; round < rounds; round++) {
    loop.push(loopSpeed());
    own.push(speed(work, flops));
  }
  shares.push({
    name,
    sizes: `${rows}x${inner}x${columns}`,
    gigaflops: median(own),
    loopGigaflops: median(loop),
    share: median(own.map((value, i) => value / (loop[i] as number))),
  });
}
process.stdout.write(`${JSON.stringify({ backend: backend.name, shares } satisfies Roofline)}\n`);
