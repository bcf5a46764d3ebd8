/**
 * The LSTM, whole sequences forward and backward: the equations, names and shapes of ../lstm.ts. What does not
 * depend on the step before is one product over all steps: x W before the recurrence, the gradients of the weights
 * after it. Inside remain the product with U, which is packed once, and one pass over the gates of a step.
 */
import { denseBackward, denseForward } from './dense.js';
import { loadLanes, multiplyAdd, storeLanes } from './lanes.js';
import { sigmoid, tanh } from './math.js';
import {
  matmulTransposeA,
  matmulTransposeB,
  packWhole,
  productOfFewRows,
  productWithPacked,
} from './matmul.js';

/** A batch of fewer rows reads U as it lies. */
const FEW_ROWS: i32 = 4;

export function lstmForward(
  x: usize,
  kernel: usize,
  recurrentKernel: usize,
  bias: usize,
  recurrentMask: usize,
  mask: usize,
  h: usize,
  c: usize,
  tanhC: usize,
  recurrentInput: usize,
  gates: usize,
  steps: i32,
  batch: i32,
  inputs: i32,
  units: i32,
): void {
  const row = 4 * units;
  const state = batch * row;
  denseForward(x, kernel, bias, gates, steps * batch, inputs, 4 * units);
  if (batch >= FEW_ROWS) packWhole(recurrentKernel, 4 * row, 4, units, 4 * units);

  for (let t = 0; t < steps; t++) {
    multiply(recurrentMask, h, recurrentInput, batch * units); // (1)
    if (batch >= FEW_ROWS) productWithPacked(recurrentInput, gates, batch, units, 4 * units);
    else productOfFewRows(recurrentInput, recurrentKernel, gates, batch, units, 4 * units);

    for (let i = 0; i < batch; i++) {
      if (load<u8>(mask) === 0) {
        memory.copy(c + state, c, row); // (5)
        memory.copy(h + state, h, row);
      } else {
        stepForward(gates, c, c + state, tanhC, h + state, units);
      }
      mask++;
      gates += 4 * row;
      c += row;
      h += row;
      tanhC += row;
    }
    recurrentInput += state;
  }
}

/** One row of one step: z becomes the gates, and c, tanh(c) and h follow (2)-(4). */
function stepForward(gates: usize, c: usize, cNext: usize, tanhC: usize, hNext: usize, units: i32): void {
  const row = 4 * units;
  for (let j = 0; j < units; j += 4) {
    const count = units - j;
    const i = sigmoid(loadLanes(gates, count));
    const f = sigmoid(loadLanes(gates + row, count));
    const g = tanh(loadLanes(gates + 2 * row, count));
    const o = sigmoid(loadLanes(gates + 3 * row, count));
    const cell = multiplyAdd(f, loadLanes(c, count), f32x4.mul(i, g));
    const squashed = tanh(cell);
    storeLanes(gates, i, count);
    storeLanes(gates + row, f, count);
    storeLanes(gates + 2 * row, g, count);
    storeLanes(gates + 3 * row, o, count);
    storeLanes(cNext, cell, count);
    storeLanes(tanhC, squashed, count);
    storeLanes(hNext, f32x4.mul(o, squashed), count);
    gates += 16;
    c += 16;
    cNext += 16;
    tanhC += 16;
    hNext += 16;
  }
}

export function lstmBackward(
  x: usize,
  recurrentKernel: usize,
  recurrentMask: usize,
  mask: usize,
  c: usize,
  tanhC: usize,
  recurrentInput: usize,
  gates: usize,
  dy: usize,
  dh: usize,
  dc: usize,
  dKernel: usize,
  dRecurrentKernel: usize,
  dBias: usize,
  steps: i32,
  batch: i32,
  inputs: i32,
  units: i32,
): void {
  const row = 4 * units;
  const state = batch * row;
  packWhole(recurrentKernel, 4, 4 * row, 4 * units, units);

  for (let t = steps - 1; t >= 0; t--) {
    for (let i = 0; i < batch; i++) {
      const old = t * state + i * row;
      if (load<u8>(mask + t * batch + i) === 0) {
        add(dy + old, dh + i * row, units);
        memory.fill(gates + 4 * old, 0, 4 * row); // (12)
      } else {
        stepBackward(gates + 4 * old, c + old, tanhC + old, dy + old, dh + i * row, dc + i * row, units);
      }
    }
    productWithPacked(gates + 4 * t * state, dh, batch, 4 * units, units); // (10)
    for (let i = 0; i < batch; i++) {
      if (load<u8>(mask + t * batch + i) === 0) continue;
      multiply(dh + i * row, recurrentMask + i * row, dh + i * row, units);
    }
  }
  denseBackward(x, gates, dKernel, dBias, steps * batch, inputs, 4 * units); // (11)
  matmulTransposeA(recurrentInput, gates, dRecurrentKernel, units, steps * batch, 4 * units);
}

/** One row of one step: the gates become dz (6)-(9), dc goes a step back and dh is spent. */
function stepBackward(
  gates: usize,
  c: usize,
  tanhC: usize,
  dy: usize,
  dh: usize,
  dc: usize,
  units: i32,
): void {
  const row = 4 * units;
  const one = f32x4.splat(1);
  for (let j = 0; j < units; j += 4) {
    const count = units - j;
    const i = loadLanes(gates, count);
    const f = loadLanes(gates + row, count);
    const g = loadLanes(gates + 2 * row, count);
    const o = loadLanes(gates + 3 * row, count);
    const squashed = loadLanes(tanhC, count);
    const dOutput = f32x4.add(loadLanes(dy, count), loadLanes(dh, count));
    const slope = f32x4.sub(one, f32x4.mul(squashed, squashed));
    const dCell = f32x4.add(loadLanes(dc, count), f32x4.mul(f32x4.mul(dOutput, o), slope));
    const dInput = f32x4.mul(f32x4.mul(dCell, g), f32x4.mul(i, f32x4.sub(one, i)));
    const dForget = f32x4.mul(f32x4.mul(dCell, loadLanes(c, count)), f32x4.mul(f, f32x4.sub(one, f)));
    const dCandidate = f32x4.mul(f32x4.mul(dCell, i), f32x4.sub(one, f32x4.mul(g, g)));
    const dGate = f32x4.mul(f32x4.mul(dOutput, squashed), f32x4.mul(o, f32x4.sub(one, o)));
    storeLanes(gates, dInput, count);
    storeLanes(gates + row, dForget, count);
    storeLanes(gates + 2 * row, dCandidate, count);
    storeLanes(gates + 3 * row, dGate, count);
    storeLanes(dc, f32x4.mul(dCell, f), count);
    storeLanes(dh, f32x4.splat(0), count);
    gates += 16;
    c += 16;
    tanhC += 16;
    dy += 16;
    dh += 16;
    dc += 16;
  }
}

export function lstmBackwardInput(
  dz: usize,
  kernel: usize,
  dx: usize,
  steps: i32,
  batch: i32,
  inputs: i32,
  units: i32,
): void {
  matmulTransposeB(dz, kernel, dx, steps * batch, 4 * units, inputs);
}

/** y = a * b, number by number. */
function multiply(a: usize, b: usize, y: usize, size: i32): void {
  for (let k = 0; k < size; k += 4) {
    const count = size - k;
    const at = 4 * k;
    storeLanes(y + at, f32x4.mul(loadLanes(a + at, count), loadLanes(b + at, count)), count);
  }
}

/** y += x */
function add(x: usize, y: usize, size: i32): void {
  for (let k = 0; k < size; k += 4) {
    const count = size - k;
    const at = 4 * k;
    storeLanes(y + at, f32x4.add(loadLanes(y + at, count), loadLanes(x + at, count)), count);
  }
}
