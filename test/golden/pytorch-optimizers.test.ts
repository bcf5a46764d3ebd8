/**
 * Every optimizer against PyTorch, and where it has none, or has it wrong, against the paper written out: ten updates
 * on the objective sum(a (w - b)^2 / 2) + sin(w0 w1). And schedules against PyTorch's schedulers.
 */
import { describe, expect, it } from 'vitest';
import { selectBackend } from '../../src/backend/backend.js';
import { Memory, type Precision } from '../../src/backend/memory.js';
import type { Parameter } from '../../src/core/parameter.js';
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  cosineDecayRestarts,
  lion,
  nadam,
  type Optimizer,
  oneCycle,
  polynomialDecay,
  radam,
  rmsprop,
  type Schedule,
  sgd,
} from '../../src/index.js';
import { nadamUpdate } from '../../src/kernels/adam-variants.js';
import { applyGradients, createOptimizerState } from '../../src/training/update.js';
import more from '../fixtures/optimizers.json' with { type: 'json' };
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

type Trace = { loss: number; w: number[] }[];

function trace(optimizer: Optimizer, precision: Precision): Trace {
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
    applyGradients([parameter], state, 1, () => 'here');
    return { loss: objective(before), w: [...value.array] };
  });
}

/** PyTorch's NAdam of version 1.13, with a factor mu too many: see fixtures/optimizers.py. */
function nadamOfVersion113(precision: Precision): Trace {
  const floats = () => (precision === 'float64' ? new Float64Array(3) : new Float32Array(3));
  const [w, g, m, v] = [floats(), floats(), floats(), floats()];
  w.set(start);
  const mu = (t: number) => 0.9 * (1 - 0.5 * 0.96 ** (0.004 * t));
  let product = 1;
  return Array.from({ length: 10 }, (_, step) => {
    const t = step + 1;
    const before = [...w];
    g.set(slope(before));
    product *= mu(t);
    const ahead = mu(t + 1) / (1 - product * mu(t) * mu(t + 1));
    const now = (1 - mu(t)) / (1 - product);
    nadamUpdate(w, g, m, v, 3, 0.1, 0.9, 0.999, 1e-8, ahead, now, 1 - 0.999 ** t);
    return { loss: objective(before), w: [...w] };
  });
}

const optimizers: Record<string, () => Optimizer> = {
  sgd: () => sgd({ learningRate: 0.05 }),
  sgd_momentum: () => sgd({ learningRate: 0.05, momentum: 0.9 }),
  sgd_nesterov: () => sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
  sgd_wd: () => sgd({ learningRate: 0.05, weightDecay: 0.1 }),
  adam: () => adam({ learningRate: 0.1, epsilon: 1e-8 }),
  adam_amsgrad: () => adam({ learningRate: 0.1, epsilon: 1e-8, amsgrad: true }),
  adamw: () => adamW({ learningRate: 0.1, epsilon: 1e-8, weightDecay: 0.1 }),
  rmsprop: () => rmsprop({ learningRate: 0.05, rho: 0.99, epsilon: 1e-8 }),
  rmsprop_centered_mom: () =>
    rmsprop({ learningRate: 0.05, rho: 0.99, epsilon: 1e-8, centered: true, momentum: 0.5 }),
  adagrad: () => adagrad({ learningRate: 0.1, initialAccumulatorValue: 0, epsilon: 1e-10 }),
  adadelta: () => adadelta({ learningRate: 1, rho: 0.9, epsilon: 1e-6 }),
  adamax: () => adamax({ learningRate: 0.1, epsilon: 1e-8 }),
  radam: () => radam({ learningRate: 0.1, epsilon: 1e-8 }),
};

const others: Record<string, () => Optimizer> = {
  adagrad_initial: () => adagrad({ learningRate: 0.1 }),
  adadelta_keras: () => adadelta({ learningRate: 0.5 }),
  rmsprop_keras: () => rmsprop({ learningRate: 0.01, momentum: 0.9 }),
  adamw_amsgrad: () => adamW({ learningRate: 0.1, weightDecay: 0.01, amsgrad: true }),
  nadam_dozat: () => nadam({ learningRate: 0.1, epsilon: 1e-8, momentumDecay: 0.004 }),
  nadam_keras: () => nadam({ learningRate: 0.1 }),
  lion: () => lion({ learningRate: 0.05 }),
  lion_decay: () => lion({ learningRate: 0.05, weightDecay: 0.1 }),
  sgd_momentum_decay: () => sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 0.1 }),
};

const precisions = [
  ['float64', 1e-9],
  ['float32', 2e-5],
] as const;

const golden = fixture.traces as Record<string, Trace>;

function expectTrace(found: Trace, expected: Trace, tolerance: number): void {
  expect(expected.length).toBe(10);
  expected.forEach(({ loss, w }, step) => {
    expect(Math.abs((found[step]?.loss as number) - loss), `loss of step ${step}`).toBeLessThan(tolerance);
    expectNear(found[step]?.w ?? [], w, tolerance, `step ${step}`);
  });
}

function expectNear(found: readonly number[], expected: readonly number[], tolerance: number, what = '') {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, k) => {
    expect(Math.abs((found[k] as number) - value), `${what}: number ${k}`).toBeLessThan(tolerance);
  });
}

describe('PyTorch: the fixture', () => {
  it('has no optimizer that is not tested here', () => {
    expect([...Object.keys(optimizers), 'nadam'].sort()).toEqual(Object.keys(golden).sort());
    expect(Object.keys(others).sort()).toEqual(Object.keys(more.traces).sort());
  });

  describe.each(Object.keys(optimizers))('%s', (name) => {
    it.each(precisions)('in %s within %d', (precision, tolerance) => {
      const optimizer = optimizers[name] as () => Optimizer;
      expectTrace(trace(optimizer(), precision), golden[name] as Trace, tolerance);
    });
  });

  describe('nadam, as version 1.13 had it', () => {
    it.each(precisions)('in %s within %d', (precision, tolerance) => {
      expectTrace(nadamOfVersion113(precision), golden.nadam as Trace, tolerance);
    });
  });
});

describe('PyTorch and the papers: what the fixture lacks', () => {
  describe.each(Object.keys(others))('%s', (name) => {
    it.each(precisions)('in %s within %d', (precision, tolerance) => {
      const expected = (more.traces as Record<string, number[][]>)[name] ?? [];
      const found = trace((others[name] as () => Optimizer)(), precision);
      expect(expected.length).toBe(10);
      expected.forEach((w, step) => void expectNear(found[step]?.w ?? [], w, tolerance, `step ${step}`));
    });
  });
});

describe("PyTorch's schedulers", () => {
  const schedules: Record<string, Schedule> = {
    oneCycle: oneCycle({ maxLearningRate: 0.1, totalSteps: 40 }),
    oneCycleLinear: oneCycle({
      maxLearningRate: 0.1,
      totalSteps: 17,
      pctStart: 0.45,
      annealStrategy: 'linear',
      divFactor: 10,
      finalDivFactor: 100,
    }),
    restarts: cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 4, alpha: 0.1 }),
    restartsEqual: cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 5, tMul: 1 }),
    polynomial: polynomialDecay({
      initialLearningRate: 0.1,
      decaySteps: 9,
      endLearningRate: 0,
      power: 2.5,
    }),
    linear: polynomialDecay({ initialLearningRate: 0.1, decaySteps: 8, endLearningRate: 0.01 }),
  };

  it.each(Object.entries(schedules))('%s', (name, schedule) => {
    const expected = (more.schedules as Record<string, number[]>)[name] ?? [];
    expect(expected.length).toBeGreaterThan(10);
    expectNear(
      expected.map((_, n) => schedule.at(n)),
      expected,
      1e-15,
    );
  });
});
