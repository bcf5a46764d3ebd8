/**
 * The LSTM with zoneout (Krueger et al. 2017): while training, some units keep their old c, some their old h, drawn
 * anew at every step. The recurrence is lstm-recurrence.ts, with gates in the order i, f, g, o:
 *
 *     i, f, o = sigmoid(z)   g = tanh(z)   v = f * c_{t-1} + i * g                                    (2)
 *     c_t = k_c * c_{t-1} + (1 - k_c) * v                                                             (3)
 *     h_t = k_h * h_{t-1} + (1 - k_h) * o * tanh(v)                                                   (4)
 *
 * `own` [T, B, 2H]: k_c, then k_h of each step: 1 where the old value is kept and 0 where it is not; outside training
 * the rates themselves, which is the mean of it.
 */
import { sigmoid, tanh } from '../core/math.js';
import type { LstmCell } from './lstm-recurrence.js';

export const zoneoutCell: LstmCell = {
  gateCount: 4,

  forward(gates, zi, c, h, old, now, units, own) {
    const zf = zi + units;
    const zg = zf + units;
    const zo = zg + units;
    const kc = 2 * old;
    const kh = kc + units;
    for (let j = 0; j < units; j++) {
      const i = sigmoid(gates[zi + j] as number); // (2)
      const f = sigmoid(gates[zf + j] as number);
      const g = tanh(gates[zg + j] as number);
      const o = sigmoid(gates[zo + j] as number);
      const cell = f * (c[old + j] as number) + i * g;
      const keepC = own[kc + j] as number;
      const keepH = own[kh + j] as number;
      gates[zi + j] = i;
      gates[zf + j] = f;
      gates[zg + j] = g;
      gates[zo + j] = o;
      c[now + j] = keepC * (c[old + j] as number) + (1 - keepC) * cell; // (3)
      h[now + j] = keepH * (h[old + j] as number) + (1 - keepH) * o * tanh(cell); // (4)
    }
  },

  backward(gates, zi, c, old, _now, dh, dc, row, units, own) {
    const zf = zi + units;
    const zg = zf + units;
    const zo = zg + units;
    const kc = 2 * old;
    const kh = kc + units;
    for (let j = 0; j < units; j++) {
      const i = gates[zi + j] as number;
      const f = gates[zf + j] as number;
      const g = gates[zg + j] as number;
      const o = gates[zo + j] as number;
      const before = c[old + j] as number;
      const squashed = tanh(f * before + i * g);
      const keepC = own[kc + j] as number;
      const keepH = own[kh + j] as number;
      const dOutput = (1 - keepH) * (dh[row + j] as number);
      const dCell = (1 - keepC) * (dc[row + j] as number) + dOutput * o * (1 - squashed * squashed);
      gates[zi + j] = dCell * g * i * (1 - i);
      gates[zf + j] = dCell * before * f * (1 - f);
      gates[zg + j] = dCell * i * (1 - g * g);
      gates[zo + j] = dOutput * squashed * o * (1 - o);
      dc[row + j] = keepC * (dc[row + j] as number) + dCell * f;
      dh[row + j] = keepH * (dh[row + j] as number);
    }
  },
};
