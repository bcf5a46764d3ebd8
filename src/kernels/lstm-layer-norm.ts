/**
 * The LSTM with layer normalization (Ba, Kiros and Hinton 2016, equations 20 to 22). A row v of n numbers is made to
 * have mean 0 and variance 1:
 *
 *     N(v) = (v - mean) s        s = 1 / sqrt(variance + epsilon)
 *
 * and for each step t and each row of the batch, all four gates as one row of n = 4H:
 *
 *     z = gammaX * N(x_t W) + gammaU * N(u_t U) + b        u_t = r * h_{t-1}                          (1)
 *     i, f, o = sigmoid(z)   g = tanh(z)                                                              (2)
 *     c_t = f * c_{t-1} + i * g                                                                       (3)
 *     h_t = o * tanh(gammaC * N(c_t) + betaC)                                                         (4)
 *     at a masked step instead: c_t = c_{t-1}, h_t = h_{t-1}                                          (5)
 *
 * (b stands for the paper's two betas of z and its bias, which only ever appear as a sum.) Backward, with v' = N(v):
 *
 *     dv = s (d - sum d / n - v' sum (d v') / n)        d = gamma * dz        dGamma += dz * v'      (13)
 *
 * Shapes and names are those of lstm.ts, with what is kept for the backward pass:
 *
 *     inputHat, recurrentHat [T, B, 4H]: N(x_t W) and N(u_t U)   cellHat [T, B, H]: N(c_t)   scales [3, T, B]: their s
 *     gammaX, gammaU [4H]   gammaC, betaC [H]
 */
import { sigmoid, tanh } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';
import type { Products } from './products.js';

/** Puts N(v) in the place of the n numbers that begin at `at`, and gives back s. */
function standardize(v: FloatArray, at: number, n: number, epsilon: number): number {
  let sum = 0;
  for (let k = at; k < at + n; k++) sum += v[k] as number;
  const mean = sum / n;
  let squares = 0;
  for (let k = at; k < at + n; k++) squares += ((v[k] as number) - mean) ** 2;
  const s = 1 / Math.sqrt(squares / n + epsilon);
  for (let k = at; k < at + n; k++) v[k] = ((v[k] as number) - mean) * s;
  return s;
}

/** Puts dv in the place of the N(v) that begins at `at`, given the dz that begins at `dAt`; adds to dGamma (13). */
function standardizeBackward(
  hat: FloatArray,
  at: number,
  dz: FloatArray,
  dAt: number,
  gamma: FloatArray,
  dGamma: FloatArray,
  n: number,
  s: number,
): void {
  let sum = 0;
  let sumOfHats = 0;
  for (let k = 0; k < n; k++) {
    const ofHat = (dz[dAt + k] as number) * (hat[at + k] as number);
    sum += (gamma[k] as number) * (dz[dAt + k] as number);
    sumOfHats += (gamma[k] as number) * ofHat;
    dGamma[k] = (dGamma[k] as number) + ofHat;
  }
  for (let k = 0; k < n; k++) {
    const d = (gamma[k] as number) * (dz[dAt + k] as number);
    hat[at + k] = s * (d - (sum + (hat[at + k] as number) * sumOfHats) / n);
  }
}

/** Reads x, the weights and slot 0 of h and c; writes the other slots and what the backward pass needs. */
export function lstmLayerNormForward(
  products: Products,
  epsilon: number,
  x: FloatArray,
  kernel: FloatArray,
  recurrentKernel: FloatArray,
  bias: FloatArray,
  gammaX: FloatArray,
  gammaU: FloatArray,
  gammaC: FloatArray,
  betaC: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  h: FloatArray,
  c: FloatArray,
  inputHat: FloatArray,
  recurrentHat: FloatArray,
  cellHat: FloatArray,
  scales: FloatArray,
  recurrentInput: FloatArray,
  gates: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
): void {
  const state = batch * units;
  const rows = steps * batch;
  const width = 4 * units;
  for (let k = 0; k < rows * width; k++) {
    inputHat[k] = 0;
    recurrentHat[k] = 0;
  }
  products.matmul(x, kernel, inputHat, rows, inputs, width);
  for (let row = 0; row < rows; row++) scales[row] = standardize(inputHat, row * width, width, epsilon);

  for (let t = 0; t < steps; t++) {
    const before = t * state;
    for (let k = 0; k < state; k++) {
      recurrentInput[before + k] = (recurrentMask[k] as number) * (h[before + k] as number);
    }
    products.matmul(recurrentInput, recurrentKernel, recurrentHat, batch, units, width, before, 4 * before);

    for (let row = t * batch; row < (t + 1) * batch; row++) {
      const old = row * units;
      const now = old + state;
      if (mask[row] === 0) {
        for (let j = 0; j < units; j++) {
          c[now + j] = c[old + j] as number; // (5)
          h[now + j] = h[old + j] as number;
        }
        continue;
      }
      const zi = 4 * old;
      const zf = zi + units;
      const zg = zf + units;
      const zo = zg + units;
      scales[rows + row] = standardize(recurrentHat, zi, width, epsilon);
      for (let k = 0; k < width; k++) {
        const fromInput = (gammaX[k] as number) * (inputHat[zi + k] as number);
        const fromState = (gammaU[k] as number) * (recurrentHat[zi + k] as number);
        gates[zi + k] = fromInput + fromState + (bias[k] as number); // (1)
      }
      for (let j = 0; j < units; j++) {
        const i = sigmoid(gates[zi + j] as number); // (2)
        const f = sigmoid(gates[zf + j] as number);
        const g = tanh(gates[zg + j] as number);
        const cell = f * (c[old + j] as number) + i * g; // (3)
        gates[zi + j] = i;
        gates[zf + j] = f;
        gates[zg + j] = g;
        gates[zo + j] = sigmoid(gates[zo + j] as number);
        c[now + j] = cell;
        cellHat[old + j] = cell;
      }
      scales[2 * rows + row] = standardize(cellHat, old, units, epsilon);
      for (let j = 0; j < units; j++) {
        const normal = (gammaC[j] as number) * (cellHat[old + j] as number) + (betaC[j] as number);
        h[now + j] = (gates[zo + j] as number) * tanh(normal); // (4)
      }
    }
  }
}

/**
 * Backpropagation through time. Adds to the gradients of the weights, and overwrites `inputHat` with the gradient by
 * x W, from which `denseBackwardInput` makes that of x, `recurrentHat` with that by u U, and `gates` and `cellHat`. dy,
 * dh and dc are as in `lstmBackward`; `dRow` [H] and `dRecurrentInput` [B, H] are room to work in.
 */
export function lstmLayerNormBackward(
  products: Products,
  x: FloatArray,
  recurrentKernel: FloatArray,
  gammaX: FloatArray,
  gammaU: FloatArray,
  gammaC: FloatArray,
  betaC: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  c: FloatArray,
  inputHat: FloatArray,
  recurrentHat: FloatArray,
  cellHat: FloatArray,
  scales: FloatArray,
  recurrentInput: FloatArray,
  gates: FloatArray,
  dy: FloatArray,
  dh: FloatArray,
  dc: FloatArray,
  dRow: FloatArray,
  dRecurrentInput: FloatArray,
  dKernel: FloatArray,
  dRecurrentKernel: FloatArray,
  dBias: FloatArray,
  dGammaX: FloatArray,
  dGammaU: FloatArray,
  dGammaC: FloatArray,
  dBetaC: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
): void {
  const state = batch * units;
  const rows = steps * batch;
  const width = 4 * units;
  for (let t = steps - 1; t >= 0; t--) {
    for (let row = t * batch; row < (t + 1) * batch; row++) {
      const old = row * units;
      const carried = old - t * state;
      const zi = 4 * old;
      const zf = zi + units;
      const zg = zf + units;
      const zo = zg + units;
      if (mask[row] === 0) {
        for (let j = 0; j < units; j++) {
          dh[carried + j] = (dh[carried + j] as number) + (dy[old + j] as number);
        }
        for (let k = zi; k < zi + width; k++) {
          inputHat[k] = 0; // (12)
          recurrentHat[k] = 0;
        }
        continue;
      }
      for (let j = 0; j < units; j++) {
        const o = gates[zo + j] as number;
        const squashed = tanh((gammaC[j] as number) * (cellHat[old + j] as number) + (betaC[j] as number));
        const dOutput = (dy[old + j] as number) + (dh[carried + j] as number); // (6)
        gates[zo + j] = dOutput * squashed * o * (1 - o); // (8)
        dRow[j] = dOutput * o * (1 - squashed * squashed);
        dBetaC[j] = (dBetaC[j] as number) + (dRow[j] as number);
        dh[carried + j] = 0;
      }
      standardizeBackward(cellHat, old, dRow, 0, gammaC, dGammaC, units, scales[2 * rows + row] as number);
      for (let j = 0; j < units; j++) {
        const i = gates[zi + j] as number;
        const f = gates[zf + j] as number;
        const g = gates[zg + j] as number;
        const dCell = (dc[carried + j] as number) + (cellHat[old + j] as number); // (7)
        gates[zi + j] = dCell * g * i * (1 - i); // (8)
        gates[zf + j] = dCell * (c[old + j] as number) * f * (1 - f);
        gates[zg + j] = dCell * i * (1 - g * g);
        dc[carried + j] = dCell * f; // (9)
      }
      for (let k = 0; k < width; k++) dBias[k] = (dBias[k] as number) + (gates[zi + k] as number);
      standardizeBackward(inputHat, zi, gates, zi, gammaX, dGammaX, width, scales[row] as number);
      standardizeBackward(recurrentHat, zi, gates, zi, gammaU, dGammaU, width, scales[rows + row] as number);
    }
    for (let k = 0; k < state; k++) dRecurrentInput[k] = 0;
    products.matmulTransposeB(
      recurrentHat,
      recurrentKernel,
      dRecurrentInput,
      batch,
      width,
      units,
      4 * t * state,
      0,
    );
    for (let k = 0; k < state; k++) {
      dh[k] = (dh[k] as number) + (recurrentMask[k] as number) * (dRecurrentInput[k] as number); // (10)
    }
  }
  products.matmulTransposeA(x, inputHat, dKernel, inputs, rows, width); // (11)
  products.matmulTransposeA(recurrentInput, recurrentHat, dRecurrentKernel, units, rows, width);
}
