/**
 * The LSTM without a forget gate, as it was published first (Hochreiter and Schmidhuber 1997; NFG of Greff et al.
 * 2017): c only adds up. The recurrence is lstm-recurrence.ts, with gates in the order i, g, o:
 *
 *     i, o = sigmoid(z)   g = tanh(z)                                                                 (2)
 *     c_t = c_{t-1} + i * g                                                                           (3)
 *     h_t = o * tanh(c_t)                                                                             (4)
 */
import { sigmoid, tanh } from '../core/math.js';
import type { LstmCell } from './lstm-recurrence.js';

export const noForgetGateCell: LstmCell = {
  gateCount: 3,

  forward(gates, zi, c, h, old, now, units) {
    const zg = zi + units;
    const zo = zg + units;
    for (let j = 0; j < units; j++) {
      const i = sigmoid(gates[zi + j] as number); // (2)
      const g = tanh(gates[zg + j] as number);
      const o = sigmoid(gates[zo + j] as number);
      const cell = (c[old + j] as number) + i * g; // (3)
      gates[zi + j] = i;
      gates[zg + j] = g;
      gates[zo + j] = o;
      c[now + j] = cell;
      h[now + j] = o * tanh(cell); // (4)
    }
  },

  backward(gates, zi, c, _old, now, dh, dc, row, units) {
    const zg = zi + units;
    const zo = zg + units;
    for (let j = 0; j < units; j++) {
      const i = gates[zi + j] as number;
      const g = gates[zg + j] as number;
      const o = gates[zo + j] as number;
      const squashed = tanh(c[now + j] as number);
      const dOutput = dh[row + j] as number;
      const dCell = (dc[row + j] as number) + dOutput * o * (1 - squashed * squashed);
      gates[zi + j] = dCell * g * i * (1 - i);
      gates[zg + j] = dCell * i * (1 - g * g);
      gates[zo + j] = dOutput * squashed * o * (1 - o);
      dc[row + j] = dCell;
      dh[row + j] = 0;
    }
  },
};
