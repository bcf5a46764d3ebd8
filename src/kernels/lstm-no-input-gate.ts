/**
 * The LSTM without an input gate (NIG of Greff et al. 2017): every candidate enters c whole. The recurrence is
 * lstm-recurrence.ts, with gates in the order f, g, o:
 *
 *     f, o = sigmoid(z)   g = tanh(z)                                                                 (2)
 *     c_t = f * c_{t-1} + g                                                                           (3)
 *     h_t = o * tanh(c_t)                                                                             (4)
 */
import { sigmoid, tanh } from '../core/math.js';
import type { LstmCell } from './lstm-recurrence.js';

export const noInputGateCell: LstmCell = {
  gateCount: 3,

  forward(gates, zf, c, h, old, now, units) {
    const zg = zf + units;
    const zo = zg + units;
    for (let j = 0; j < units; j++) {
      const f = sigmoid(gates[zf + j] as number); // (2)
      const g = tanh(gates[zg + j] as number);
      const o = sigmoid(gates[zo + j] as number);
      const cell = f * (c[old + j] as number) + g; // (3)
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
      gates[zf + j] = dCell * (c[old + j] as number) * f * (1 - f);
      gates[zg + j] = dCell * (1 - g * g);
      gates[zo + j] = dOutput * squashed * o * (1 - o);
      dc[row + j] = dCell * f;
      dh[row + j] = 0;
    }
  },
};
