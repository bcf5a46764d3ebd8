/**
 * The LSTM whose input and forget gate are one (CIFG of Greff et al. 2017): what is not forgotten makes no room. The
 * recurrence is lstm-recurrence.ts, with gates in the order f, g, o:
 *
 *     f, o = sigmoid(z)   g = tanh(z)                                                                 (2)
 *     c_t = f * c_{t-1} + (1 - f) * g                                                                 (3)
 *     h_t = o * tanh(c_t)                                                                             (4)
 *
 * Greff et al. compute i and take 1 - i to forget, which is the same with z_i = -z_f.
 */
import { sigmoid, tanh } from '../core/math.js';
import type { LstmCell } from './lstm-recurrence.js';

export const coupledCell: LstmCell = {
  gateCount: 3,

  forward(gates, zf, c, h, old, now, units) {
    const zg = zf + units;
    const zo = zg + units;
    for (let j = 0; j < units; j++) {
      const f = sigmoid(gates[zf + j] as number); // (2)
      const g = tanh(gates[zg + j] as number);
      const o = sigmoid(gates[zo + j] as number);
      const cell = f * (c[old + j] as number) + (1 - f) * g; // (3)
      gates[zf + j] = f;
      gates[zg + j] = g;
      gates[zo + j] = o;
      c[now + j] = cell;
      h[now + j] = o * tanh(cell); // (4)
    }
  },

  backward(gates, zf, c, old, now, dh, dc, row, units) {
    const zg = zf + units;
    const zo = zg + units;
    for (let j = 0; j < units; j++) {
      const f = gates[zf + j] as number;
      const g = gates[zg + j] as number;
      const o = gates[zo + j] as number;
      const squashed = tanh(c[now + j] as number);
      const dOutput = dh[row + j] as number;
      const dCell = (dc[row + j] as number) + dOutput * o * (1 - squashed * squashed);
      gates[zf + j] = dCell * ((c[old + j] as number) - g) * f * (1 - f);
      gates[zg + j] = dCell * (1 - f) * (1 - g * g);
      gates[zo + j] = dOutput * squashed * o * (1 - o);
      dc[row + j] = dCell * f;
      dh[row + j] = 0;
    }
  },
};
