/** The cases of what optimizers do: kernels without a backward pass. */
import type { FloatArray } from '../../src/core/tensor.js';
import { type KernelCase, type KernelSet, normals, plain } from './cases.js';

function updateCase(
  name: string,
  states: readonly string[],
  update: (
    kernels: KernelSet['kernels'],
    w: FloatArray,
    g: FloatArray,
    kept: readonly FloatArray[],
    size: number,
  ) => void,
): KernelCase {
  return {
    name,
    ranges: { size: [1, 30] },
    typical: { size: 65536 },
    problem: ({ size = 0 }, random, floats, { kernels } = plain) => {
      const w = normals(random, floats(size));
      const g = normals(random, floats(size));
      const kept = states.map(() => floats(size));
      for (const state of kept) for (let k = 0; k < size; k++) state[k] = random.uniform();
      return {
        inputs: {},
        outputs: { w, g, ...Object.fromEntries(states.map((state, s) => [state, kept[s] as FloatArray])) },
        forward: () => update(kernels, w, g, kept, size),
        backward: () => ({}),
      };
    },
  };
}

/** Kernels without a backward pass. */
export const updateCases: readonly KernelCase[] = [
  updateCase('adam', ['m', 'v'], ({ adamUpdate }, w, g, [m = w, v = w], size) =>
    adamUpdate(w, g, m, v, size, 1e-3, 0.9, 0.999, 1e-7, 1 - 0.9 ** 3, 1 - 0.999 ** 3),
  ),
  updateCase('sgd', [], ({ sgdUpdate }, w, g, _kept, size) => sgdUpdate(w, g, size, 0.01)),
  updateCase('momentum', ['velocity'], ({ momentumUpdate }, w, g, [velocity = w], size) =>
    momentumUpdate(w, g, velocity, size, 0.01, 0.9, false),
  ),
  updateCase('nesterov', ['velocity'], ({ momentumUpdate }, w, g, [velocity = w], size) =>
    momentumUpdate(w, g, velocity, size, 0.01, 0.9, true),
  ),
  updateCase('scale', [], ({ scale }, _w, g, _kept, size) => scale(g, size, 0.37)),
  updateCase('sumOfSquares', [], ({ sumOfSquares }, w, g, _kept, size) => {
    w[0] = sumOfSquares(g, size);
  }),
  updateCase('blend', ['mean'], ({ blend }, w, _g, [mean = w], size) => blend(mean, w, size, 0.99)),
  updateCase('amsgrad', ['m', 'v', 'largest'], ({ amsgradUpdate }, w, g, [m = w, v = w, largest = w], size) =>
    amsgradUpdate(w, g, m, v, largest, size, 1e-3, 0.9, 0.999, 1e-7, 1 - 0.9 ** 3, 1 - 0.999 ** 3),
  ),
  updateCase('adamax', ['m', 'u'], ({ adamaxUpdate }, w, g, [m = w, u = w], size) =>
    adamaxUpdate(w, g, m, u, size, 1e-3, 0.9, 0.999, 1e-7, 1 - 0.9 ** 3),
  ),
  updateCase('nadam', ['m', 'v'], ({ nadamUpdate }, w, g, [m = w, v = w], size) =>
    nadamUpdate(w, g, m, v, size, 1e-3, 0.9, 0.999, 1e-7, 0.6, 0.5, 1 - 0.999 ** 3),
  ),
  updateCase('radam', ['m', 'v'], ({ radamUpdate }, w, g, [m = w, v = w], size) =>
    radamUpdate(w, g, m, v, size, 1e-3, 0.9, 0.999, 1e-7, 1 - 0.9 ** 9, 1 - 0.999 ** 9, 0.1),
  ),
  updateCase('lion', ['m'], ({ lionUpdate }, w, g, [m = w], size) =>
    lionUpdate(w, g, m, size, 1e-3, 0.9, 0.99),
  ),
  updateCase('adagrad', ['sum'], ({ adagradUpdate }, w, g, [sum = w], size) =>
    adagradUpdate(w, g, sum, size, 1e-3, 1e-7),
  ),
  updateCase('rmsprop', ['v', 'velocity'], ({ rmspropUpdate }, w, g, [v = w, velocity = w], size) =>
    rmspropUpdate(w, g, v, velocity, size, 1e-3, 0.9, 0.5, 1e-7),
  ),
  updateCase('adadelta', ['v', 'u'], ({ adadeltaUpdate }, w, g, [v = w, u = w], size) =>
    adadeltaUpdate(w, g, v, u, size, 1, 0.95, 1e-7),
  ),
];
