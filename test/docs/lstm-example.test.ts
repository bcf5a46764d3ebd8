/**
 * The worked example of docs/lstm.md, recomputed from the page. What is given is read from its tables, and every
 * number it prints is compared with the equations in scalars, as they are written here; with the library's kernels
 * in double precision; and, for all gradients, with central differences, which know no derivative.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as kernels from '../../src/kernels/index.js';

const page = readFileSync(new URL('../../docs/lstm.md', import.meta.url), 'utf8');
const example = (/^## A worked example$([\s\S]*?)^## /m.exec(page) as RegExpExecArray)[1] as string;

const gateNames = ['i', 'f', 'g', 'o'] as const;
const weightNames = ['W', 'U', 'b'].flatMap((weight) => gateNames.map((gate) => `${weight}_${gate}`));
const SIX_DECIMALS = /-?\d+\.\d{6}\b/g;

/** A table of the page: the text of its cells by row and column. */
type Table = Map<string, Map<string, string>>;

/** The tables under one heading of the example, the text before the first heading included. */
function tablesUnder(heading: string): Table[] {
  const part = example.split(/^### /m).find((text) => text.startsWith(heading)) as string;
  return [...part.matchAll(/(?:^\|.*\n)+/gm)].map(([text]) => {
    const [header, , ...rows] = text.trim().split('\n').map(cellsOf);
    return new Map(
      rows.map(([name, ...cells]) => [
        name as string,
        new Map(cells.map((cell, i) => [header?.[i + 1] as string, cell])),
      ]),
    );
  });
}

function cellsOf(line: string): string[] {
  const cells = line.split('|').slice(1, -1);
  return cells.map((cell) => cell.replaceAll('`', '').trim());
}

/** Six decimals, as the page prints them. */
function format(value: number): string {
  return value.toFixed(6).replace('-0.000000', '0.000000');
}

/** Numbers by the name of their row; the index is the step, from 1. */
type Steps = Record<string, (number | undefined)[]>;

interface Sequence {
  readonly x: readonly number[];
  readonly target: readonly number[];
  readonly mask: readonly number[];
}

interface Given extends Sequence {
  /** In the order of `weightNames`. */
  readonly weights: readonly number[];
}

function given(): Given {
  const [weights, sequence] = tablesUnder('\n') as [Table, Table];
  const numbers = (table: Table, row: string) =>
    [...(table.get(row) as Map<string, string>).values()].map(Number);
  return {
    weights: ['W', 'U', 'b'].flatMap((row) => numbers(weights, row)),
    x: numbers(sequence, 'x'),
    target: numbers(sequence, 'target'),
    mask: [1, 1],
  };
}

const twoSteps = given();
const maskedInBetween: Given = {
  ...twoSteps,
  x: [twoSteps.x[0] as number, 0, twoSteps.x[1] as number],
  target: [twoSteps.target[0] as number, 0, twoSteps.target[1] as number],
  mask: [1, 0, 1],
};

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** A value to be changed by a little where it is computed or read. */
interface Nudge {
  readonly name: string;
  readonly step: number;
  readonly by: number;
}

/** Equations (1) to (5) in scalars. Every value goes through `see`, which records it and may nudge it. */
function forward({ weights, x, target, mask }: Given, nudge?: Nudge): { loss: number; trace: Steps } {
  const trace: Steps = {};
  const [w, u, b] = [weights.slice(0, 4), weights.slice(4, 8), weights.slice(8)] as [
    number[],
    number[],
    number[],
  ];
  let h = 0;
  let c = 0;
  let loss = 0;
  for (let t = 1; t <= x.length; t++) {
    const see = (name: string, value: number) => {
      trace[name] ??= [];
      trace[name][t] = value;
      return nudge?.name === name && nudge.step === t ? value + nudge.by : value;
    };
    const oldH = see('h read', h);
    const oldC = see('c read', c);
    if (mask[t - 1] === 0) {
      h = see('h', oldH);
      c = see('c', oldC);
      continue;
    }
    const input = see('x', x[t - 1] as number);
    see('u', oldH);
    const [zi, zf, zg, zo] = gateNames.map((gate, k) =>
      see(`z_${gate}`, input * (w[k] as number) + oldH * (u[k] as number) + (b[k] as number)),
    ) as [number, number, number, number];
    const i = see('i', sigmoid(zi));
    const f = see('f', sigmoid(zf));
    const g = see('g', Math.tanh(zg));
    const o = see('o', sigmoid(zo));
    c = see('c', f * oldC + i * g);
    h = see('h', o * see('tanh(c)', Math.tanh(c)));
    loss += 0.5 * (see('h seen by the loss', h) - (target[t - 1] as number)) ** 2;
  }
  return { loss, trace };
}

interface Gradients {
  readonly steps: Steps;
  readonly weights: readonly number[];
}

/** Equations (6) to (12) in scalars. */
function backward(problem: Given): Gradients {
  const { weights, x, target, mask } = problem;
  const { trace } = forward(problem);
  const at = (name: string, t: number) => trace[name]?.[t] as number;
  const steps: Steps = {};
  const put = (name: string, t: number, value: number) => {
    steps[name] ??= [];
    steps[name][t] = value;
  };
  const gradients = new Array<number>(12).fill(0);
  let dh = 0;
  let dc = 0;
  for (let t = x.length; t >= 1; t--) {
    const isMasked = mask[t - 1] === 0;
    const dy = isMasked ? 0 : at('h', t) - (target[t - 1] as number);
    put('dy', t, dy);
    put('dh from step t+1', t, dh);
    put('dc from step t+1', t, dc);
    dh += dy;
    if (!isMasked) dc += dh * at('o', t) * (1 - at('tanh(c)', t) ** 2);
    put('dh', t, dh);
    put('dc', t, dc);
    const [i, f, g, o] = gateNames.map((gate) => at(gate, t)) as [number, number, number, number];
    const dz = isMasked
      ? [0, 0, 0, 0]
      : [
          dc * g * i * (1 - i),
          dc * at('c read', t) * f * (1 - f),
          dc * i * (1 - g * g),
          dh * at('tanh(c)', t) * o * (1 - o),
        ];
    dz.forEach((value, k) => {
      put(`dz_${gateNames[k]}`, t, value);
      const reads = [x[t - 1] as number, at('h read', t), 1];
      reads.forEach((read, weight) => {
        gradients[4 * weight + k] = (gradients[4 * weight + k] as number) + read * value;
      });
    });
    const through = (from: number) =>
      dz.reduce((sum, value, k) => sum + value * (weights[from + k] as number), 0);
    put('dx', t, through(0));
    if (!isMasked) {
      dc *= f;
      dh = through(4);
    }
    put('dc handed on', t, dc);
    put('dh handed on', t, dh);
  }
  return { steps, weights: gradients };
}

/** Where to nudge the forward pass for the gradient that stands in a row of the page, and how many steps later. */
const nudged: Readonly<Record<string, readonly [name: string, later: number]>> = {
  dy: ['h seen by the loss', 0],
  'dh from step t+1': ['h read', 1],
  dh: ['h', 0],
  'dc from step t+1': ['c read', 1],
  dc: ['c', 0],
  dz_i: ['z_i', 0],
  dz_f: ['z_f', 0],
  dz_g: ['z_g', 0],
  dz_o: ['z_o', 0],
  'dc handed on': ['c read', 0],
  'dh handed on': ['h read', 0],
  dx: ['x', 0],
};

/** The same by central differences of the loss. */
function differences(problem: Given): Gradients {
  const by = 1e-4;
  const slope = (loss: (by: number) => number) => (loss(by) - loss(-by)) / (2 * by);
  const steps: Steps = {};
  for (const [row, [name, later]] of Object.entries(nudged)) {
    steps[row] = [];
    for (let t = 1; t <= problem.x.length; t++) {
      steps[row][t] = slope((by) => forward(problem, { name, step: t + later, by }).loss);
    }
  }
  const weights = problem.weights.map((_, k) =>
    slope(
      (by) => forward({ ...problem, weights: problem.weights.map((w, j) => (j === k ? w + by : w)) }).loss,
    ),
  );
  return { steps, weights };
}

/** The kernels in double precision. `stepwise` calls the backward pass a step at a time, to see dh and dc between. */
function runKernels({ weights, x, target, mask }: Given, stepwise: boolean) {
  const T = x.length;
  const floats = (size: number) => new Float64Array(size);
  const [W, U, b] = [weights.slice(0, 4), weights.slice(4, 8), weights.slice(8)].map((w) =>
    Float64Array.from(w),
  ) as [Float64Array, Float64Array, Float64Array];
  const [input, aim, isReal] = [Float64Array.from(x), Float64Array.from(target), Uint8Array.from(mask)];
  const ones = floats(T).fill(1);
  const [h, c, tanhC, u, gates, z] = [
    floats(T + 1),
    floats(T + 1),
    floats(T),
    floats(T),
    floats(4 * T),
    floats(4 * T),
  ];
  const { sigmoid, tanh } = kernels.activations;
  kernels.lstmActivationsForward(
    tanh,
    sigmoid,
    Number.POSITIVE_INFINITY,
    input,
    W,
    U,
    b,
    ones,
    isReal,
    h,
    c,
    tanhC,
    u,
    z,
    gates,
    T,
    1,
    1,
    1,
  );
  kernels.lstmForward(input, W, U, b, ones, isReal, h, c, tanhC, u, gates, T, 1, 1, 1);

  const y = h.slice(1);
  const count = kernels.countRows(ones, isReal, T);
  const loss = kernels.elementLossForward(kernels.squaredError, y, aim, ones, isReal, T, 1) / count;
  const dy = floats(T);
  kernels.elementLossBackward(kernels.squaredError, y, aim, ones, isReal, dy, T, 1, 1 / count);

  const trace: Steps = {};
  const put = (name: string, t: number, value: number | undefined) => {
    trace[name] ??= [];
    trace[name][t + 1] = value;
  };
  for (let t = 0; t < T; t++) {
    put('h', t, h[t + 1]);
    put('c', t, c[t + 1]);
    put('dy', t, dy[t]);
    if (mask[t] === 0) continue;
    put('u', t, u[t]);
    put('tanh(c)', t, tanhC[t]);
    gateNames.forEach((gate, k) => {
      put(gate, t, gates[4 * t + k]);
      put(`z_${gate}`, t, z[4 * t + k]);
    });
  }

  const [dW, dU, db, dx, dh, dc] = [floats(4), floats(4), floats(4), floats(T), floats(1), floats(1)];
  const length = stepwise ? 1 : T;
  for (let t = T - length; t >= 0; t -= length) {
    const part = (array: Float64Array, size = 1) => array.subarray(size * t, size * (t + length));
    const slots = c.subarray(t, t + length + 1);
    const maskPart = isReal.subarray(t, t + length);
    if (stepwise) {
      put('dh from step t+1', t, dh[0]);
      put('dc from step t+1', t, dc[0]);
    }
    kernels.lstmBackward(
      part(input),
      U,
      ones,
      maskPart,
      slots,
      part(tanhC),
      part(u),
      part(gates, 4),
      part(dy),
      dh,
      dc,
      dW,
      dU,
      db,
      length,
      1,
      1,
      1,
    );
    if (stepwise) {
      put('dh handed on', t, dh[0]);
      put('dc handed on', t, dc[0]);
    }
  }
  kernels.lstmBackwardInput(gates, W, dx, T, 1, 1, 1);
  for (let t = 0; t < T; t++) {
    put('dx', t, dx[t]);
    gateNames.forEach((gate, k) => void put(`dz_${gate}`, t, gates[4 * t + k]));
  }
  return { loss, trace, weights: [...dW, ...dU, ...db] };
}

/** Every cell of a table that a source knows is what the source says; returns how many cells that were. */
function compareSteps(table: Table, source: Steps, isClose = false): number {
  let compared = 0;
  for (const [row, cells] of table) {
    for (const [column, cell] of cells) {
      const step = /^step (\d)/.exec(column)?.[1];
      const value = step === undefined ? undefined : source[row]?.[Number(step)];
      if (value === undefined) continue;
      if (isClose) expect(Math.abs(Number(cell) - value), `${row}, ${column}`).toBeLessThan(0.51e-6);
      else expect(`${row}, ${column}: ${cell}`).toBe(`${row}, ${column}: ${format(value)}`);
      compared++;
    }
  }
  return compared;
}

function decimalsIn(text: string): string[] {
  return text.match(SIX_DECIMALS) ?? [];
}

function cellsIn(tables: readonly Table[]): string[] {
  return tables.flatMap((table) =>
    [...table.values()].flatMap((row) => [...row.values()].flatMap(decimalsIn)),
  );
}

function rate(optimizer: string): number {
  return Number(new RegExp(`${optimizer} \\(learning\\s+rate ([\\d.]+)\\)`).exec(example)?.[1]);
}

const update = {
  sgd: (w: number, g: number) => w - rate('SGD') * g,
  adam: (w: number, g: number) => w - (rate('Adam') * g) / (Math.sqrt(g * g) + 1e-7),
  /** Epsilon before the bias correction. */
  adamOfKeras: (w: number, g: number) =>
    w - (rate('Adam') * g) / (Math.sqrt(g * g) + 1e-7 / Math.sqrt(1 - 0.999)),
};

const [forwardTable] = tablesUnder('Forward') as [Table];
const [backwardTable] = tablesUnder('Backward') as [Table];
const [weightTable] = tablesUnder('The gradients of the weights') as [Table];
const [maskedTable] = tablesUnder('The same with a masked step') as [Table];
const scalar = { forward: forward(twoSteps), backward: backward(twoSteps) };

describe('the worked example of docs/lstm.md', () => {
  test('forward', () => {
    const cells = cellsIn([forwardTable]).length;
    expect(cells).toBe(24);
    expect(compareSteps(forwardTable, scalar.forward.trace)).toBe(cells);
    expect(compareSteps(forwardTable, runKernels(twoSteps, false).trace)).toBe(cells);
  });

  test('backward', () => {
    const cells = cellsIn([backwardTable]).length;
    expect(cells).toBe(24);
    expect(compareSteps(backwardTable, scalar.backward.steps)).toBe(cells);
    expect(compareSteps(backwardTable, differences(twoSteps).steps, true)).toBe(cells);
    // The kernel keeps all but the two sums of (6) and (7), which live in registers.
    expect(compareSteps(backwardTable, runKernels(twoSteps, true).trace)).toBe(cells - 4);
    expect(compareSteps(backwardTable, runKernels(twoSteps, false).trace)).toBe(cells - 12);
  });

  test('the gradients of the weights, and the updates', () => {
    expect([...weightTable.keys()]).toEqual(weightNames);
    expect(cellsIn([weightTable]).length).toBe(48);
    const byDifferences = differences(twoSteps).weights;
    const byKernels = runKernels(twoSteps, false).weights;
    expect(runKernels(twoSteps, true).weights.map(format)).toEqual(byKernels.map(format));

    const [afterSgd, afterAdam] = [Float64Array.from(twoSteps.weights), Float64Array.from(twoSteps.weights)];
    const gradient = Float64Array.from(byKernels);
    kernels.sgdUpdate(afterSgd, gradient, 12, rate('SGD'));
    const [m, v] = [new Float64Array(12), new Float64Array(12)];
    kernels.adamUpdate(afterAdam, gradient, m, v, 12, rate('Adam'), 0.9, 0.999, 1e-7, 1 - 0.9, 1 - 0.999);

    weightNames.forEach((name, k) => {
      const w = twoSteps.weights[k] as number;
      const g = scalar.backward.weights[k] as number;
      const row = Object.fromEntries(weightTable.get(name) as Map<string, string>);
      expect({ name, ...row }).toEqual({
        name,
        weight: format(w),
        gradient: format(g),
        'after SGD': format(update.sgd(w, g)),
        'after Adam': format(update.adam(w, g)),
      });
      expect({ name, ...row }).toEqual({
        name,
        weight: format(w),
        gradient: format(gradient[k] as number),
        'after SGD': format(afterSgd[k] as number),
        'after Adam': format(afterAdam[k] as number),
      });
      expect(Math.abs(Number(row.gradient) - (byDifferences[k] as number))).toBeLessThan(0.51e-6);
    });
  });

  test('the losses before and after', () => {
    const printed = [...example.matchAll(/L = (\d\.\d{6})/g)].map(([, loss]) => loss);
    const updated = (rule: (w: number, g: number) => number): Given => ({
      ...twoSteps,
      weights: twoSteps.weights.map((w, k) => rule(w, scalar.backward.weights[k] as number)),
    });
    const problems = [twoSteps, updated(update.sgd), updated(update.adam)];
    expect(printed).toEqual(problems.map((problem) => format(forward(problem).loss)));
    expect(printed).toEqual(problems.map((problem) => format(runKernels(problem, false).loss)));
  });

  test('the masked step', () => {
    const cells = cellsIn([maskedTable]).length;
    expect(cells).toBe(33);
    const { trace } = forward(maskedInBetween);
    const { steps } = backward(maskedInBetween);
    expect(compareSteps(maskedTable, { ...steps, h: trace.h ?? [], c: trace.c ?? [] })).toBe(cells);
    expect(compareSteps(maskedTable, differences(maskedInBetween).steps, true)).toBe(cells - 6);
    expect(compareSteps(maskedTable, runKernels(maskedInBetween, true).trace)).toBe(cells - 6);
    const row = (name: string) => [...(maskedTable.get(name) as Map<string, string>).values()];
    expect(row('mask').map(Number)).toEqual(maskedInBetween.mask);
    expect([row('x')[0], row('x')[2]].map(Number)).toEqual(twoSteps.x);
  });

  test('with the masked step, loss and gradients are the same bits', () => {
    const plain = runKernels(twoSteps, false);
    for (const padding of [0, 7, -1e30]) {
      const x = [twoSteps.x[0] as number, padding, twoSteps.x[1] as number];
      const masked = runKernels({ ...maskedInBetween, x }, false);
      expect({ loss: masked.loss, weights: masked.weights }).toEqual({
        loss: plain.loss,
        weights: plain.weights,
      });
    }
  });

  test('holds no other number with six decimals', () => {
    const tables = [forwardTable, backwardTable, weightTable, maskedTable];
    const prose = example.replace(/^\|.*$/gm, '');
    const smallest = weightNames.indexOf('U_f');
    const [w, g] = [twoSteps.weights[smallest] as number, scalar.backward.weights[smallest] as number];
    const known = new Set([
      ...cellsIn(tables),
      ...(example.match(/(?<=L = )\d\.\d{6}/g) ?? []),
      format(
        (scalar.backward.steps.dc?.[1] as number) -
          (scalar.backward.steps['dc from step t+1']?.[1] as number),
      ),
      format(update.adamOfKeras(w, g)),
    ]);
    expect(decimalsIn(prose).filter((number) => !known.has(number))).toEqual([]);
    expect(cellsIn(tables).length + decimalsIn(prose).length).toBe(decimalsIn(example).length);
    expect(Math.min(...scalar.backward.weights.map(Math.abs))).toBe(Math.abs(g));
  });
});
