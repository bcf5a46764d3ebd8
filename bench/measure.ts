/**
 * Measures the cases of one subject and sends their figures to the process that asked for them (kernels.ts). Each
 * subject has a process of its own, as it has in use: an engine that has seen twelve activations runs the loop
 * that they share at half to a fifth of its speed.
 */
import { add, cycle, suite } from 'benny';
import { type BenchCase, preparePlainProduct, productFlops } from './case.js';
import { kernelBenchCases } from './kernel-sizes.js';
import { modelCases } from './models.js';

/** What is asked for: the cases of a subject, all or those named, and how. */
export interface Order {
  readonly subject: string;
  readonly names: readonly string[];
  /** How many times a case and its plain product take turns. */
  readonly rounds: number;
  /** How long a turn takes; at least two samples. */
  readonly seconds: number;
}

/** Medians over all samples. */
export interface Figures {
  readonly name: string;
  readonly sizes: string;
  readonly samples: number;
  readonly milliseconds: number;
  readonly gigaflops?: number;
  /** Of the plain loop, and how often it goes into the case's. */
  readonly plainGigaflops?: number;
  readonly timesPlain?: number;
  readonly nanosecondsPerNumber?: number;
}

/** A case and its plain product take turns, so that a machine that slows down for a second slows down both. */
async function measure(benchCase: BenchCase, { rounds, seconds }: Order): Promise<Figures> {
  const { name, product, prepare } = benchCase;
  const sampling = { maxTime: seconds, minSamples: 2 };
  const own = add(name, once(prepare), sampling);
  const plain =
    product &&
    add(
      PLAIN,
      once(() => preparePlainProduct(product)),
      sampling,
    );
  const turn = plain ? [plain, own] : [own];
  const samples: number[] = [];
  const plainSamples: number[] = [];
  await suite(
    name,
    ...Array.from({ length: rounds }, () => turn).flat(),
    cycle((result) => {
      (result.name === PLAIN ? plainSamples : samples).push(...result.details.sampleResults);
    }),
  );
  return figuresOf(benchCase, samples, plainSamples);
}

const PLAIN = 'plain product';

/**
 * benny asks for what it measures several times over: it gets the same. It is prepared twice all the same, or else
 * the engine takes the only arrays there are for constants, which makes small loops up to twice as fast.
 */
function once<T>(prepare: () => T): () => T {
  let prepared: T | undefined;
  return () => {
    if (prepared === undefined) {
      prepare();
      prepared = prepare();
    }
    return prepared;
  };
}

function figuresOf(benchCase: BenchCase, samples: number[], plainSamples: number[]): Figures {
  const { name, sizes, flops, product, numbers } = benchCase;
  const seconds = median(samples);
  const common = { name, sizes, samples: samples.length, milliseconds: 1e3 * seconds };
  if (product === undefined) return { ...common, nanosecondsPerNumber: (1e9 * seconds) / numbers };
  const gigaflops = flops / seconds / 1e9;
  const plainGigaflops = productFlops(product) / median(plainSamples) / 1e9;
  return { ...common, gigaflops, plainGigaflops, timesPlain: gigaflops / plainGigaflops };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

process.once('message', async (order: Order) => {
  const cases = [...modelCases(), ...kernelBenchCases()];
  for (const benchCase of cases) {
    if (benchCase.subject !== order.subject || !order.names.includes(benchCase.name)) continue;
    process.send?.(await measure(benchCase, order));
  }
  process.disconnect();
});
