/**
 * What the layers of LSTM variants have in common: the recurrence of kernels/lstm-recurrence.ts around a cell, and
 * options that go with its gates. Their activations are fixed.
 */
import type { Edge, Planner } from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import { denseBackwardInput } from '../kernels/dense.js';
import { type LstmCell, lstmRecurrenceBackward, lstmRecurrenceForward } from '../kernels/lstm-recurrence.js';
import { referenceProducts } from '../kernels/products.js';
import { checkForgetBias, type ForgetBias, type ForgetBiasOption, withForgetBias } from './forget-bias.js';
import type { Initializer } from './initializers.js';
import { type CellParts, type PlannedCell, Recurrent } from './recurrent.js';
import type { RecurrentOptions } from './recurrent-options.js';
import type { PlannedState } from './recurrent-state.js';
import type { PlannedWeight } from './weights.js';

/** The options of an LSTM whose activations are fixed: sigmoid for the gates, tanh for g and c. */
export type LstmVariantOptions = Omit<RecurrentOptions, 'activation'> & ForgetBiasOption;

/** What a variant is called, and its gates in their order: 'ifgo'. */
export interface LstmKind {
  readonly type: string;
  readonly gates: string;
}

const fixed = 'its activations are fixed: lstm takes others';

/** An LSTM with gates of its own and fixed activations. */
export abstract class LstmVariant extends Recurrent {
  readonly stateNames = ['h', 'c'];
  protected readonly gates: number;
  private readonly forgetBias: ForgetBias;

  constructor(
    protected readonly kind: LstmKind,
    units: number,
    options: LstmVariantOptions,
    ownOptionNames: readonly string[] = [],
  ) {
    const { type, gates } = kind;
    const forgets = gates.includes('f');
    super(type, units, options, [...ownOptionNames, ...(forgets ? ['unitForgetBias'] : [])], {
      recurrentActivation: fixed,
      cellClip: 'lstm has it',
      ...(forgets ? {} : { unitForgetBias: 'it has no forget gate' }),
    });
    if (this.activation !== 'tanh') throw new ConfigError(`${type} has no option 'activation': ${fixed}`);
    this.gates = gates.length;
    this.forgetBias = forgets && checkForgetBias(type, options);
  }

  protected override firstBias(initializer: Initializer): Initializer {
    return withForgetBias(initializer, this.forgetBias, this.kind.gates, this.units);
  }

  protected override options(): Record<string, unknown> {
    const hasForgetBias = this.useBias && this.kind.gates.includes('f');
    return { ...super.options(), ...(hasForgetBias ? { unitForgetBias: this.forgetBias } : {}) };
  }
}

/** The products of a variant's recurrence, the backend's own where it has them. */
export function bindProducts(planner: Planner) {
  return planner.backend.bind({ ...referenceProducts, denseBackwardInput });
}

/** What a cell reads beside its gates; `prepare` comes before every forward pass. */
export interface OwnParts extends PlannedWeight {
  prepare(training: boolean): void;
}

/** An LSTM whose step is a cell of kernels/lstm-recurrence.ts. */
export abstract class CellLstm extends LstmVariant {
  protected abstract readonly cell: LstmCell;

  /** Plans what the cell reads beside its gates: most read nothing. */
  protected planOwn(planner: Planner, _x: Edge): OwnParts {
    const nothing = planner.arena.floats(0);
    return { value: nothing, gradient: nothing, prepare: () => {} };
  }

  protected planCell(planner: Planner, parts: CellParts): PlannedCell {
    const { x, kernel, recurrentKernel, bias, recurrentMask, states, dy, units } = parts;
    const [{ region: h, gradient: dh }, { region: c, gradient: dc }] = states as [PlannedState, PlannedState];
    const { cell } = this;
    const { arena } = planner;
    const { steps, batch, features } = x;
    const width = cell.gateCount * units;
    const own = this.planOwn(planner, x);
    const recurrentInput = arena.floats(steps * batch * units);
    const dRecurrentInput = arena.floats(batch * units);
    const gates = arena.floats(steps * batch * width);
    const products = bindProducts(planner);
    const kernels = planner.backend.bind({ lstmRecurrenceForward, lstmRecurrenceBackward });
    return {
      gates: { names: [...this.kind.gates], region: gates, gradient: gates },
      forward: (training) => {
        bias.prepare();
        own.prepare(training);
        kernels.lstmRecurrenceForward(
          cell,
          products,
          x.value.array,
          kernel.value.array,
          recurrentKernel.value.array,
          bias.value.array,
          own.value.array,
          recurrentMask.array,
          x.mask.array,
          h.array,
          c.array,
          recurrentInput.array,
          gates.array,
          steps,
          batch,
          features,
          units,
        );
      },
      backward: () => {
        if (!dy) return;
        kernels.lstmRecurrenceBackward(
          cell,
          products,
          x.value.array,
          recurrentKernel.value.array,
          own.value.array,
          recurrentMask.array,
          x.mask.array,
          c.array,
          recurrentInput.array,
          gates.array,
          dy.array,
          dh.array,
          dc.array,
          dRecurrentInput.array,
          kernel.gradient.array,
          recurrentKernel.gradient.array,
          bias.gradient.array,
          own.gradient.array,
          steps,
          batch,
          features,
          units,
        );
        if (!x.gradient) return;
        const rows = steps * batch;
        products.denseBackwardInput(gates.array, kernel.value.array, x.gradient.array, rows, features, width);
      },
    };
  }
}
