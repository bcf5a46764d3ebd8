/**
 * The LSTM without an activation of what enters c (NIAF of Greff et al. 2017): the candidate has no bound. The
 * recurrence is lstm-recurrence.ts, with gates in the order i, f, g, o:
 *
 *     i, f, o = sigmoid(z)   g = z_g                                                                  (2)
 *     c_t = f * c_{t-1} + i * g                                                                       (3)
 *     h_t = o * tanh(c_t)                                                                             (4)
 */
import { sigmoid, tanh } from '../core/math.js';
import type { LstmCell } from './lstm-recurrence.js';

export const noInputActivationCell: LstmCell = {
  gateCount: 4,

  forward(gates, zi, c, h, old, now, units) {
    const zf = zi + units;
    const zg = zf + units;
    const zo = zg + units;
    for (let j = 0; j < units; j++) {
      const i = sigmoid(gates[zi + j] as number); // (2)
      const f = sigmoid(gates[zf + j] as number);
      const g = gates[zg + j] as number;
      const o = sigmoid(gates[zo + j] as number);
      const cell = f * (c[old + j] as number) + i * g; // (3)
      gates[zi + j] = i;
      gates[zf + j] = f;
      gates[zo + j] = o;
      c[now + j] = cell;
      h[now + j] = o * tanh(cell); // (4)
    }
  },

  backward(gates, zi, c, old, now, dh, dc, row, units) {
    const zf = zi + units;
    const zg = zf + units;
    const zo = zg + units;
    for (let j = 0; j < units; j++) {
      const i = gates[zi + j] as number;
      const f = gates[zf + j] as number;
      const g = gates[zg + j] as number;
      const o = gates[zo + j] as number;
      const squashed = tanh(c[now + j] as number);
      const dOutput = dh[row + j] as number;
      const dCell = (dc[row + j] as number) + dOutput * o * (1 - squashed * squashed);
      gates[zi + j] = dCell * g * i * (1 - i);
      gates[zf + j] = dCell * (c[old + j] as number) * f * (1 - f);
      gates[zg + j] = dCell * i;
      gates[zo + j] = dOutput * squashed * o * (1 - o);
      dc[row + j] = dCell * f;
      dh[row + j] = 0;
    }
  },
};
