/** The LSTM layer with zoneout. The arithmetic is kernels/lstm-zoneout.ts. */
import type { Edge, Planner } from '../backend/plan.js';
import { zoneoutCell } from '../kernels/lstm-zoneout.js';
import { checkRate } from './dropout.js';
import type { Layer } from './layer.js';
import { CellLstm, type LstmVariantOptions, type OwnParts } from './lstm-variant.js';
import type { Recurrent } from './recurrent.js';
import type { RecurrentOptions } from './recurrent-options.js';

export interface ZoneoutLstmOptions extends LstmVariantOptions {
  /** The share of units that keep their old h at a step, while training; 0.05 by default, as in the paper. */
  zoneoutH?: number;
  /** The share of units that keep their old c at a step, while training; 0.5 by default, as in the paper. */
  zoneoutC?: number;
}

class ZoneoutLstm extends CellLstm {
  protected readonly cell = zoneoutCell;
  private readonly zoneoutH: number;
  private readonly zoneoutC: number;

  constructor(
    units: number,
    private readonly given: ZoneoutLstmOptions,
  ) {
    super({ type: 'zoneoutLstm', gates: 'ifgo' }, units, given, ['zoneoutH', 'zoneoutC']);
    this.zoneoutH = checkRate('zoneoutLstm: zoneoutH', given.zoneoutH ?? 0.05);
    this.zoneoutC = checkRate('zoneoutLstm: zoneoutC', given.zoneoutC ?? 0.5);
  }

  again(changes: RecurrentOptions): Recurrent {
    return new ZoneoutLstm(this.units, { ...this.given, ...changes });
  }

  /** Which units keep their old values at which step; outside training all keep their share of them. */
  protected override planOwn(planner: Planner, { steps, batch }: Edge): OwnParts {
    const { units, zoneoutH, zoneoutC } = this;
    const rows = steps * batch;
    const value = planner.arena.floats(2 * rows * units);
    const { random } = planner;
    return {
      value,
      gradient: planner.arena.floats(0),
      prepare: (training) => {
        const keep = value.array;
        for (let k = 0; k < keep.length; k++) {
          const rate = k % (2 * units) < units ? zoneoutC : zoneoutH;
          keep[k] = training ? Number(random.uniform() < rate) : rate;
        }
      },
    };
  }

  protected override options(): Record<string, unknown> {
    return { ...super.options(), zoneoutH: this.zoneoutH, zoneoutC: this.zoneoutC };
  }
}

/**
 * An LSTM with zoneout (Krueger et al. 2016), which keeps a random part of the units as they were instead of dropping
 * it, so that gradients pass. For each unit and step, with k_c and k_h 1 at random while training:
 *
 *     v = f*c + i*g;  c' = k_c*c + (1-k_c)*v;  h' = k_h*h + (1-k_h)*o*tanh(v)
 *
 * Outside training k_c and k_h are the rates, the mean of what they are in training. Weights and options are those of
 * `lstm` but for activations.
 *
 * @param units  the size of h and c
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example zoneoutLstm(64, { zoneoutH: 0.05, zoneoutC: 0.5 })
 */
export function zoneoutLstm(units: number, options: ZoneoutLstmOptions = {}): Layer {
  return new ZoneoutLstm(units, options);
}
