/**
 * The kernels as cases of the bench: the list that the tests go through (test/kernels/cases.ts), at its typical
 * sizes and some more, and the updates of weights, which have no gradient to check and stand here.
 */
import { Random } from '../src/core/random.js';
import * as kernels from '../src/kernels/index.js';
import { type KernelCase, kernelCases, type Sizes } from '../test/kernels/cases.js';
import { type BenchCase, normals, type ProductSize } from './case.js';

/** Sizes beside the typical one, by the name of the case. */
const moreSizes: Readonly<Record<string, readonly Sizes[]>> = {
  matmul: [
    { rows: 1, inner: 32, columns: 128 },
    { rows: 32, inner: 256, columns: 1024 },
    { rows: 1600, inner: 64, columns: 512 },
  ],
  matmulTransposeB: [{ rows: 32, inner: 1024, columns: 256 }],
  lstm: [{ steps: 20, batch: 32, inputs: 8, units: 32 }],
};

/** Of the LSTM with activations of one's choice one choice is enough: the activations are measured by themselves. */
const oneChoice = 'lstm tanh hardSigmoid';

export function kernelBenchCases(): BenchCase[] {
  const measured = kernelCases.filter(({ name }) => !name.startsWith('lstm ') || name === oneChoice);
  return [
    ...measured.flatMap((kernelCase) =>
      [kernelCase.typical, ...(moreSizes[kernelCase.name] ?? [])].flatMap((sizes) =>
        fromTests(kernelCase, sizes),
      ),
    ),
    ...updateCases(),
  ];
}

/**
 * The forward pass, and forward and backward together: a kernel's backward pass may use up what its forward pass
 * kept, so that it cannot be repeated alone. It sets its gradients to zero first, as a pass of a model does.
 */
function fromTests(kernelCase: KernelCase, sizes: Sizes): BenchCase[] {
  const { name, flops, problem } = kernelCase;
  const forwardFlops = flops?.(sizes) ?? 0;
  const common = {
    subject: name,
    sizes: formatSizes(sizes),
    product: flops && productOf(sizes),
    numbers: flops ? 0 : Object.values(sizes).reduce((all, size) => all * size, 1),
  };
  return [
    {
      ...common,
      name: `${name} forward`,
      flops: forwardFlops,
      prepare: () => problem(sizes, new Random(1), (length) => new Float32Array(length)).forward,
    },
    {
      ...common,
      name: `${name} forward and backward`,
      flops: 3 * forwardFlops,
      prepare: () => {
        const stock = new Stock();
        const { forward, backward, outputs } = problem(sizes, new Random(1), stock.floats);
        const dOutputs = Object.fromEntries(
          Object.entries(outputs).map(([output, { length }]) => [output, normals(length)]),
        );
        const used = stock.used;
        return () => {
          forward();
          stock.used = used;
          backward(dOutputs);
        };
      },
    },
  ];
}

/** Arrays that are handed out again in the same order when `used` is set back, so that none is made twice. */
class Stock {
  used = 0;
  private readonly arrays: Float32Array[] = [];
  readonly floats = (length: number): Float32Array => {
    if (this.used === this.arrays.length) this.arrays.push(new Float32Array(length));
    return this.arrays[this.used++] as Float32Array;
  };
}

function formatSizes(sizes: Sizes): string {
  return Object.entries(sizes)
    .map(([name, size]) => `${name} ${size}`)
    .join(' ');
}

/** The product that a kernel of these sizes makes, or makes most of: of an LSTM, h U at one step. */
function productOf(sizes: Sizes): ProductSize {
  const { rows = 0, inner = 0, columns = 0, inputs = inner, batch = 0, units = columns } = sizes;
  return batch > 0
    ? { rows: batch, inner: units, columns: 4 * units }
    : { rows, inner: inputs, columns: units };
}

/** As many weights as an LSTM of 128 units on 64 features has. */
const WEIGHTS = 4 * 128 * (64 + 128 + 1);

function updateCases(): BenchCase[] {
  const updates: Record<
    string,
    (w: Float32Array, g: Float32Array, m: Float32Array, v: Float32Array) => void
  > = {
    adamUpdate: (w, g, m, v) => kernels.adamUpdate(w, g, m, v, WEIGHTS, 1e-3, 0.9, 0.999, 1e-7, 0.5, 0.5),
    sgdUpdate: (w, g) => kernels.sgdUpdate(w, g, WEIGHTS, 1e-3),
    momentumUpdate: (w, g, m) => kernels.momentumUpdate(w, g, m, WEIGHTS, 1e-3, 0.9, false),
    sumOfSquares: (_w, g) => void kernels.sumOfSquares(g, WEIGHTS),
    // A factor and a limit that leave the numbers as they are, so that the thousandth run is like the first.
    scale: (_w, g) => kernels.scale(g, WEIGHTS, 1),
    clip: (_w, g) => kernels.clip(g, WEIGHTS, 1),
  };
  return Object.entries(updates).map(([name, update]) => ({
    name,
    subject: name,
    sizes: `size ${WEIGHTS}`,
    flops: 0,
    product: undefined,
    numbers: WEIGHTS,
    prepare: () => {
      const [w, g] = [normals(WEIGHTS), normals(WEIGHTS)];
      const [m, v] = [new Float32Array(WEIGHTS), new Float32Array(WEIGHTS)];
      return () => update(w, g, m, v);
    },
  }));
}
