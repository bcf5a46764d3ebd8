/**
 * The LSTM without an output gate (NOG of Greff et al. 2017): all of c is seen at every step. The recurrence is
 * lstm-recurrence.ts, with gates in the order i, f, g:
 *
 *     i, f = sigmoid(z)   g = tanh(z)                                                                 (2)
 *     c_t = f * c_{t-1} + i * g                                                                       (3)
 *     h_t = tanh(c_t)                                                                                 (4)
 */
import { sigmoid, tanh } from '../core/math.js';
import type { LstmCell } from './lstm-recurrence.js';

export const noOutputGateCell: LstmCell = {
  gateCount: 3,

  forward(gates, zi, c, h, old, now, units) {
    const zf = zi + units;
    const zg = zf + units;
    for (let j = 0; j < units; j++) {
      const i = sigmoid(gates[zi + j] as number); // (2)
      const f = sigmoid(gates[zf + j] as number);
      const g = tanh(gates[zg + j] as number);
      const cell = f * (c[old + j] as number) + i * g; // (3)
      gates[zi + j] = i;
      gates[zf + j] = f;
      gates[zg + j] = g;
      c[now + j] = cell;
      h[now + j] = tanh(cell); // (4)
    }
  },

  backward(gates, zi, c, old, now, dh, dc, row, units) {
    const zf = zi + units;
    const zg = zf + units;
    for (let j = 0; j < units; j++) {
      const i = gates[zi + j] as number;
      const f = gates[zf + j] as number;
      const g = gates[zg + j] as number;
      const squashed = tanh(c[now + j] as number);
      const dOutput = dh[row + j] as number;
      const dCell = (dc[row + j] as number) + dOutput * (1 - squashed * squashed);
      gates[zi + j] = dCell * g * i * (1 - i);
      gates[zf + j] = dCell * (c[old + j] as number) * f * (1 - f);
      gates[zg + j] = dCell * i * (1 - g * g);
      dc[row + j] = dCell * f;
      dh[row + j] = 0;
    }
  },
};
