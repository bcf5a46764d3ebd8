/**
 * The LSTMs that lack one thing, by which Greff et al. (2017) asked what each thing is worth. The arithmetic of each is
 * a cell in a file of its own in kernels.
 */
import { coupledCell } from '../kernels/lstm-coupled.js';
import { noForgetGateCell } from '../kernels/lstm-no-forget-gate.js';
import { noInputActivationCell } from '../kernels/lstm-no-input-activation.js';
import { noInputGateCell } from '../kernels/lstm-no-input-gate.js';
import { noOutputActivationCell } from '../kernels/lstm-no-output-activation.js';
import { noOutputGateCell } from '../kernels/lstm-no-output-gate.js';
import type { LstmCell } from '../kernels/lstm-recurrence.js';
import type { Layer } from './layer.js';
import { CellLstm, type LstmKind, type LstmVariantOptions } from './lstm-variant.js';
import type { Recurrent } from './recurrent.js';
import type { RecurrentOptions } from './recurrent-options.js';

class LackingLstm extends CellLstm {
  constructor(
    kind: LstmKind,
    protected readonly cell: LstmCell,
    units: number,
    private readonly given: LstmVariantOptions,
  ) {
    super(kind, units, given);
  }

  again(changes: RecurrentOptions): Recurrent {
    return new LackingLstm(this.kind, this.cell, this.units, { ...this.given, ...changes });
  }
}

/**
 * An LSTM whose input gate is what its forget gate leaves (CIFG of Greff et al. 2017), with a quarter fewer weights:
 *
 *     z = x W + h U + b;  f, o = sigmoid(z);  g = tanh(z);  c' = f*c + (1-f)*g;  h' = o*tanh(c')
 *
 * Weights: gates in the order f, g, o, `kernel [features, 3 units]`. Options are those of `lstm` but for activations.
 *
 * @param units  the size of h and c
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example coupledLstm(64, { returnSequences: true })
 */
export function coupledLstm(units: number, options: LstmVariantOptions = {}): Layer {
  return new LackingLstm({ type: 'coupledLstm', gates: 'fgo' }, coupledCell, units, options);
}

/**
 * The LSTM as it was published first (Hochreiter and Schmidhuber 1997), without a forget gate (NFG of Greff et al.
 * 2017): `c' = c + i*g`. Weights: gates in the order i, g, o, `kernel [features, 3 units]`.
 *
 * @param units  the size of h and c
 * @throws ConfigError for an option that is unknown or out of range, such as `unitForgetBias`
 *
 * @example noForgetGateLstm(8)
 */
export function noForgetGateLstm(
  units: number,
  options: Omit<LstmVariantOptions, 'unitForgetBias'> = {},
): Layer {
  return new LackingLstm({ type: 'noForgetGateLstm', gates: 'igo' }, noForgetGateCell, units, options);
}

/**
 * An LSTM without an input gate (NIG of Greff et al. 2017): `c' = f*c + g`. Weights: gates in the order f, g, o,
 * `kernel [features, 3 units]`.
 *
 * @param units  the size of h and c
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example noInputGateLstm(8)
 */
export function noInputGateLstm(units: number, options: LstmVariantOptions = {}): Layer {
  return new LackingLstm({ type: 'noInputGateLstm', gates: 'fgo' }, noInputGateCell, units, options);
}

/**
 * An LSTM without an output gate (NOG of Greff et al. 2017): `h' = tanh(c')`. Weights: gates in the order i, f, g,
 * `kernel [features, 3 units]`.
 *
 * @param units  the size of h and c
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example noOutputGateLstm(8)
 */
export function noOutputGateLstm(units: number, options: LstmVariantOptions = {}): Layer {
  return new LackingLstm({ type: 'noOutputGateLstm', gates: 'ifg' }, noOutputGateCell, units, options);
}

/**
 * An LSTM whose candidate is not squashed (NIAF of Greff et al. 2017): `c' = f*c + i*z`. Weights: gates in the order
 * i, f, g, o, `kernel [features, 4 units]`.
 *
 * @param units  the size of h and c
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example noInputActivationLstm(8)
 */
export function noInputActivationLstm(units: number, options: LstmVariantOptions = {}): Layer {
  const kind = { type: 'noInputActivationLstm', gates: 'ifgo' };
  return new LackingLstm(kind, noInputActivationCell, units, options);
}

/**
 * An LSTM whose c is not squashed on its way out (NOAF of Greff et al. 2017): `h' = o*c'`. Weights: gates in the order
 * i, f, g, o, `kernel [features, 4 units]`.
 *
 * @param units  the size of h and c
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example noOutputActivationLstm(8)
 */
export function noOutputActivationLstm(units: number, options: LstmVariantOptions = {}): Layer {
  const kind = { type: 'noOutputActivationLstm', gates: 'ifgo' };
  return new LackingLstm(kind, noOutputActivationCell, units, options);
}
