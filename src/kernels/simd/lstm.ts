/**
 * The LSTM, whole sequences forward and backward: the equations, names and shapes of ../lstm.ts. What does not
 * depend on the step before is one product over all steps: x W before the recurrence, the gradients of the weights
 * after it. Inside remain the product with U, which is packed once, and one pass over the gates of a step.
 */
import { addColumnSums, denseForward } from './dense.js';
import { loadLanes, multiplyAdd, storeLanes } from './lanes.js';
import { sigmoidAll, tanhAll } from './math.js';
import { FEW_ROWS, matmulTransposeB, productOfFewRows, productWithPacked, twoGradients } from './matmul.js';
import { packPanels, transposeMatrix } from './packing.js';
import { whole } from './scratch.js';

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
  if (batch >= FEW_ROWS) packPanels(recurrentKernel, 4 * row, 4, units, 4 * units, whole);

  for (let t = 0; t < steps; t++) {
    multiply(recurrentMask, h, recurrentInput, batch * units); // (1)
    if (batch >= FEW_ROWS) productWithPacked(recurrentInput, whole, gates, batch, units, 4 * units);
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
  sigmoidAll(gates, 2 * units);
  tanhAll(gates + 2 * row, gates + 2 * row, units);
  sigmoidAll(gates + 3 * row, units);
  for (let j = 0; j < units; j += 4) {
    const count = units - j;
    const at = 4 * j;
    const i = loadLanes(gates + at, count);
    const f = loadLanes(gates + at + row, count);
    const g = loadLanes(gates + at + 2 * row, count);
    storeLanes(cNext + at, multiplyAdd(f, loadLanes(c + at, count), f32x4.mul(i, g)), count);
  }
  tanhAll(cNext, tanhC, units);
  for (let j = 0; j < units; j += 4) {
    const count = units - j;
    const at = 4 * j;
    const o = loadLanes(gates + at + 3 * row, count);
    storeLanes(hNext + at, f32x4.mul(o, loadLanes(tanhC + at, count)), count);
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
  if (batch >= FEW_ROWS) packPanels(recurrentKernel, 4, 4 * row, 4 * units, units, whole);
  else transposeMatrix(recurrentKernel, units, 4 * units, whole);

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
    const dz = gates + 4 * t * state;
    if (batch >= FEW_ROWS)
      productWithPacked(dz, whole, dh, batch, 4 * units, units); // (10)
    else productOfFewRows(dz, whole, dh, batch, 4 * units, units);
    for (let i = 0; i < batch; i++) {
      if (load<u8>(mask + t * batch + i) === 0) continue;
      multiply(dh + i * row, recurrentMask + i * row, dh + i * row, units);
    }
  }
  addColumnSums(gates, dBias, steps * batch, 4 * units); // (11)
  twoGradients(x, inputs, dKernel, recurrentInput, units, dRecurrentKernel, gates, steps * batch, 4 * units);
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
