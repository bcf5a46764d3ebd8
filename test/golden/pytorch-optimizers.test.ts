/** PyTorch's SGD and Adam: ten updates on the objective sum(a (w - b)^2 / 2) + sin(w0 w1). */
import { describe, expect, it } from 'vitest';
import { selectBackend } from '../../src/backend/backend.js';
import { Memory, type Precision } from '../../src/backend/memory.js';
import type { Parameter } from '../../src/core/parameter.js';
import { adam, type Optimizer, sgd } from '../../src/index.js';
import { applyGradients, createOptimizerState } from '../../src/training/update.js';
import fixture from '../fixtures/pytorch-optimizers.json' with { type: 'json' };

const a = [1, 10, 0.1];
const b = [0.3, -0.7, 2];
const start = [1, -2, 0.5];

function objective(w: readonly number[]): number {
  const bowl = w.reduce((sum, value, k) => sum + 0.5 * (a[k] as number) * (value - (b[k] as number)) ** 2, 0);
  return bowl + Math.sin((w[0] as number) * (w[1] as number));
}

function slope(w: readonly number[]): number[] {
  const [w0, w1] = w as [number, number];
  const bowl = w.map((value, k) => (a[k] as number) * (value - (b[k] as number)));
  const wave = Math.cos(w0 * w1);
  return [(bowl[0] as number) + wave * w1, (bowl[1] as number) + wave * w0, bowl[2] as number];
}

function trace(optimizer: Optimizer, precision: Precision): { loss: number; w: number[] }[] {
  const memory = new Memory(precision);
  const [value, gradient] = memory.keep((arena) => [arena.floats(3), arena.floats(3)] as const);
  const parameter: Parameter = {
    name: 'w',
    shape: [3],
    value,
    gradient,
    regularizer: undefined,
    trainable: true,
  };
  const backend = selectBackend('reference', precision);
  const state = createOptimizerState(optimizer, [parameter], memory, backend);
  value.array.set(start);
  return Array.from({ length: 10 }, () => {
    const before = [...value.array];
    gradient.array.set(slope(before));
    applyGradients([parameter], state, backend, () => 'here');
    return { loss: objective(before), w: [...value.array] };
  });
}

const optimizers: Record<string, () => Optimizer> = {
  sgd: () => sgd({ learningRate: 0.05 }),
  sgd_momentum: () => sgd({ learningRate: 0.05, momentum: 0.9 }),
  sgd_nesterov: () => sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
  adam: () => adam({ learningRate: 0.1, epsilon: 1e-8 }),
};

describe.each(Object.keys(optimizers))('%s', (name) => {
  const golden = (fixture.traces as Record<string, { loss: number; w: number[] }[]>)[name] ?? [];
  it.each([
    ['float64', 1e-9],
    ['float32', 2e-5],
  ] as const)('in %s within %d', (precision, tolerance) => {
    const found = trace((optimizers[name] as () => Optimizer)(), precision);
    expect(golden.length).toBe(10);
    golden.forEach(({ loss, w }, step) => {
      expect(Math.abs((found[step]?.loss as number) - loss), `loss of step ${step}`).toBeLessThan(tolerance);
      w.forEach((value, k) => {
        const difference = Math.abs((found[step]?.w[k] as number) - value);
        expect(difference, `w[${k}] after step ${step}`).toBeLessThan(tolerance);
      });
    });
  });
});
