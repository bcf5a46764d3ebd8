/**
 * The LSTM whose gates see c (Gers and Schmidhuber 2000, in the form of Graves 2013): to each gate, each unit's c has a
 * weight. The recurrence is lstm-recurrence.ts, with gates in the order i, f, g, o:
 *
 *     i = sigmoid(z_i + p_i * c_{t-1})   f = sigmoid(z_f + p_f * c_{t-1})   g = tanh(z_g)             (2)
 *     c_t = f * c_{t-1} + i * g                                                                       (3)
 *     o = sigmoid(z_o + p_o * c_t)       h_t = o * tanh(c_t)                                          (4)
 *
 * `own` [3, H]: the peepholes p_i, p_f, p_o.
 */
import { sigmoid, tanh } from '../core/math.js';
import type { LstmCell } from './lstm-recurrence.js';

export const peepholeCell: LstmCell = {
  gateCount: 4,

  forward(gates, zi, c, h, old, now, units, own) {
    const zf = zi + units;
    const zg = zf + units;
    const zo = zg + units;
    for (let j = 0; j < units; j++) {
      const before = c[old + j] as number;
      const i = sigmoid((gates[zi + j] as number) + (own[j] as number) * before); // (2)
      const f = sigmoid((gates[zf + j] as number) + (own[units + j] as number) * before);
      const g = tanh(gates[zg + j] as number);
      const cell = f * before + i * g; // (3)
      const o = sigmoid((gates[zo + j] as number) + (own[2 * units + j] as number) * cell);
      gates[zi + j] = i;
      gates[zf + j] = f;
      gates[zg + j] = g;
      gates[zo + j] = o;
      c[now + j] = cell;
      h[now + j] = o * tanh(cell); // (4)
    }
  },

  backward(gates, zi, c, old, now, dh, dc, row, units, own, dOwn) {
    const zf = zi + units;
    const zg = zf + units;
    const zo = zg + units;
    for (let j = 0; j < units; j++) {
      const i = gates[zi + j] as number;
      const f = gates[zf + j] as number;
      const g = gates[zg + j] as number;
      const o = gates[zo + j] as number;
      const before = c[old + j] as number;
      const cell = c[now + j] as number;
      const squashed = tanh(cell);
      const dOutput = dh[row + j] as number;
      const dzo = dOutput * squashed * o * (1 - o);
      // o sees c_t, so that its gradient goes through c_t too.
      const dCell =
        (dc[row + j] as number) +
        dOutput * o * (1 - squashed * squashed) +
        dzo * (own[2 * units + j] as number);
      const dzi = dCell * g * i * (1 - i);
      const dzf = dCell * before * f * (1 - f);
      gates[zi + j] = dzi;
      gates[zf + j] = dzf;
      gates[zg + j] = dCell * i * (1 - g * g);
      gates[zo + j] = dzo;
      dOwn[j] = (dOwn[j] as number) + dzi * before;
      dOwn[units + j] = (dOwn[units + j] as number) + dzf * before;
      dOwn[2 * units + j] = (dOwn[2 * units + j] as number) + dzo * cell;
      dc[row + j] = dCell * f + dzi * (own[j] as number) + dzf * (own[units + j] as number);
      dh[row + j] = 0;
    }
  },
};
