/** The LSTM layer: its options, its weights, and its part of a planned pass. The arithmetic is kernels/lstm.ts. */
import type { Arena } from '../backend/memory.js';
import { type Edge, type PlannedLayer, type Planner, planGradient } from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import { checkBoolean, checkInteger, checkOptions } from '../core/options.js';
import type { Regularizer } from '../core/parameter.js';
import { checkElementwise, type ElementwiseActivationName } from './activations.js';
import { checkRate } from './dropout.js';
import { type Initializer, type InitializerName, toBiasInitializer, toInitializer } from './initializers.js';
import {
  Layer,
  type LayerOptions,
  type LayerParameter,
  layerOptionNames,
  learns,
  onlyInput,
  type SampleShape,
} from './layer.js';
import { planLstmCell } from './lstm-cells.js';
import { planInputDropout, planRecurrentMask } from './recurrent-dropout.js';
import { type RegularizerName, toRegularizer } from './regularizers.js';
import { checkBiasRegularizer, checkUnits, planBias } from './weights.js';

export interface LstmOptions extends LayerOptions {
  /** Whether the output is h of every step, `[batch, steps, units]`, or of the last one, `[batch, units]`
   * (the default). */
  returnSequences?: boolean;
  /** What the candidate g and the cell's output go through; `tanh` by default. */
  activation?: ElementwiseActivationName;
  /** What the gates i, f and o go through; `sigmoid` by default. */
  recurrentActivation?: ElementwiseActivationName;
  /** Whether there is a bias; true by default. */
  useBias?: boolean;
  /** Whether the forget gate's bias begins at 1 (Jozefowicz et al. 2015); true by default. */
  unitForgetBias?: boolean;
  /** `glorotUniform` by default. */
  kernelInitializer?: InitializerName | Initializer;
  /** `orthogonal` by default. */
  recurrentInitializer?: InitializerName | Initializer;
  /** `zeros` by default. */
  biasInitializer?: InitializerName | Initializer;
  /** None by default. */
  kernelRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  recurrentRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  biasRegularizer?: RegularizerName | Regularizer;
  /** The share of inputs dropped while training, the same ones at every step of a sequence; 0 by default. */
  dropout?: number;
  /** The share of the previous h dropped while training, the same at every step; 0 by default. */
  recurrentDropout?: number;
}

const lstmOptionNames = [
  ...layerOptionNames,
  'returnSequences',
  'activation',
  'recurrentActivation',
  'useBias',
  'unitForgetBias',
  'kernelInitializer',
  'recurrentInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'recurrentRegularizer',
  'biasRegularizer',
  'dropout',
  'recurrentDropout',
];

const notYet = 'this version does not have it';

const hints = {
  inputShape: 'put input({ shape: [steps, features] }) before it, or let the first data decide',
  returnState: notYet,
  goBackwards: `${notYet}; reverse the steps of the input instead`,
  stateful: notYet,
  unroll: 'leave it out, every sequence is run in one call of the kernel',
  implementation: 'leave it out, there is one implementation',
  activityRegularizer: notYet,
  kernelConstraint: notYet,
  recurrentConstraint: notYet,
  biasConstraint: notYet,
  zeroOutputForMask: notYet,
  seed: 'give the seed to the model: sequential(layers, { seed })',
  timeMajor: 'leave it out, inputs are [batch, steps, features]',
};

class Lstm extends Layer {
  readonly type = 'lstm';
  readonly ranks = [3];
  private readonly returnSequences: boolean;
  private readonly activation: ElementwiseActivationName;
  private readonly recurrentActivation: ElementwiseActivationName;
  private readonly useBias: boolean;
  private readonly unitForgetBias: boolean;
  private readonly kernelInitializer: Initializer;
  private readonly recurrentInitializer: Initializer;
  private readonly biasInitializer: Initializer;
  private readonly kernelRegularizer: Regularizer | undefined;
  private readonly recurrentRegularizer: Regularizer | undefined;
  private readonly biasRegularizer: Regularizer | undefined;
  private readonly dropout: number;
  private readonly recurrentDropout: number;
  private kernel!: LayerParameter;
  private recurrentKernel!: LayerParameter;
  private bias: LayerParameter | undefined;

  constructor(
    private readonly units: number,
    options: LstmOptions,
  ) {
    checkUnits('lstm', units);
    checkOptions('lstm', options, lstmOptionNames, hints);
    super(options);
    this.returnSequences = checkBoolean('lstm: returnSequences', options.returnSequences ?? false);
    this.activation = checkElementwise('lstm', options.activation ?? 'tanh');
    this.recurrentActivation = checkElementwise(
      'lstm: recurrentActivation',
      options.recurrentActivation ?? 'sigmoid',
    );
    this.useBias = checkBoolean('lstm: useBias', options.useBias ?? true);
    checkBiasRegularizer('lstm', this.useBias, options.biasRegularizer);
    this.unitForgetBias = checkBoolean('lstm: unitForgetBias', options.unitForgetBias ?? true);
    this.kernelInitializer = toInitializer(
      'lstm: kernelInitializer',
      options.kernelInitializer ?? 'glorotUniform',
    );
    this.recurrentInitializer = toInitializer(
      'lstm: recurrentInitializer',
      options.recurrentInitializer ?? 'orthogonal',
    );
    this.biasInitializer = toBiasInitializer('lstm: biasInitializer', options.biasInitializer ?? 'zeros');
    this.kernelRegularizer = toRegularizer('lstm: kernelRegularizer', options.kernelRegularizer);
    this.recurrentRegularizer = toRegularizer('lstm: recurrentRegularizer', options.recurrentRegularizer);
    this.biasRegularizer = toRegularizer('lstm: biasRegularizer', options.biasRegularizer);
    this.dropout = checkRate('lstm: dropout', options.dropout ?? 0);
    this.recurrentDropout = checkRate('lstm: recurrentDropout', options.recurrentDropout ?? 0);
    if (!this.useBias && options.unitForgetBias === true) {
      throw new ConfigError('lstm: unitForgetBias needs a bias: leave it out, or useBias: false');
    }
  }

  outputShape(input: SampleShape): SampleShape {
    return this.returnSequences ? [input[0] as number | null, this.units] : [this.units];
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    const inputs = checkInteger(`${this.name}: the number of features`, input.at(-1));
    const { units } = this;
    this.kernel = this.parameter(
      arena,
      'kernel',
      [inputs, 4 * units],
      this.kernelInitializer,
      this.kernelRegularizer,
    );
    this.recurrentKernel = this.parameter(
      arena,
      'recurrentKernel',
      [units, 4 * units],
      this.recurrentInitializer,
      this.recurrentRegularizer,
    );
    if (!this.useBias) return;
    const initializer = this.unitForgetBias
      ? forgetBiasOfOne(this.biasInitializer, units)
      : this.biasInitializer;
    this.bias = this.parameter(arena, 'bias', [4 * units], initializer, this.biasRegularizer);
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    const { arena } = planner;
    const { units } = this;
    const { steps, batch } = x;
    const state = batch * units;
    const size = steps * state;
    const h = arena.floats(size + state);
    const c = arena.floats(size + state);
    const hasGradient = learns(this, x);
    const dy = planGradient(planner, size, hasGradient);

    const output: Edge = this.returnSequences
      ? {
          batch,
          steps,
          features: units,
          sequence: true,
          value: arena.part(h, state, size),
          gradient: dy,
          mask: x.mask,
        }
      : {
          batch,
          steps: 1,
          features: units,
          sequence: false,
          value: arena.part(h, size, state),
          gradient: planGradient(planner, state, hasGradient),
          mask: planner.rowMask,
        };

    const input = planInputDropout(planner, x, this.dropout);
    const recurrentMask = planRecurrentMask(planner, state, this.recurrentDropout);
    const cell = planLstmCell(planner, this.activation, this.recurrentActivation, {
      x: input.edge,
      kernel: this.kernel,
      recurrentKernel: this.recurrentKernel,
      bias: planBias(planner, this.bias, 4 * units),
      recurrentMask: recurrentMask.value,
      h,
      c,
      units,
    });
    const dh = arena.floats(state);
    const dc = arena.floats(state);
    for (const [name, region] of Object.entries({ h, c })) {
      planner.carried?.push({
        name: `${this.name}/${name}`,
        first: arena.part(region, 0, state),
        last: arena.part(region, size, state),
        begin: () => void region.array.fill(0, 0, state),
      });
    }

    return {
      output,
      forward: (training) => {
        input.forward(training);
        recurrentMask.draw(training);
        if (!planner.carried) {
          h.array.fill(0, 0, state);
          c.array.fill(0, 0, state);
        }
        cell.forward();
      },
      backward: () => {
        if (!dy || !output.gradient) return;
        dc.array.fill(0);
        // Without the sequence only the last h is seen from above: its gradient is the one by the final state.
        if (output.sequence) dh.array.fill(0);
        else dh.array.set(output.gradient.array);
        cell.backward(dy.array, dh.array, dc.array);
        input.backward();
      },
    };
  }

  protected options(): Record<string, unknown> {
    return {
      units: this.units,
      returnSequences: this.returnSequences,
      activation: this.activation,
      recurrentActivation: this.recurrentActivation,
      useBias: this.useBias,
      ...(this.useBias ? { unitForgetBias: this.unitForgetBias } : {}),
      kernelInitializer: this.kernelInitializer.config,
      recurrentInitializer: this.recurrentInitializer.config,
      biasInitializer: this.biasInitializer.config,
      kernelRegularizer: this.kernelRegularizer?.config() ?? null,
      recurrentRegularizer: this.recurrentRegularizer?.config() ?? null,
      biasRegularizer: this.biasRegularizer?.config() ?? null,
      dropout: this.dropout,
      recurrentDropout: this.recurrentDropout,
    };
  }
}

/** The bias initializer with the forget gate's part set to 1. */
function forgetBiasOfOne(initializer: Initializer, units: number): Initializer {
  return {
    config: initializer.config,
    fill: (values, shape, random) => {
      initializer.fill(values, shape, random);
      values.fill(1, units, 2 * units);
    },
  };
}

/**
 * A long short-term memory layer, on `[batch, steps, features]` with steps of any number and unequal lengths:
 *
 *     z = x W + h U + b;  i, f, o = sigmoid(z);  g = tanh(z);  c' = f*c + i*g;  h' = o*tanh(c')
 *
 * Weights, gates in the order i, f, g, o: `kernel [features, 4 units]`, `recurrentKernel [units, 4 units]`,
 * `bias [4 units]`. A masked step carries h and c over unchanged. Hochreiter and Schmidhuber 1997, with the
 * forget gate of Gers, Schmidhuber and Cummins 2000; defaults are Keras 3's.
 *
 * @param units  the size of h and c
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example lstm(64, { returnSequences: true, recurrentDropout: 0.2 })
 */
export function lstm(units: number, options: LstmOptions = {}): Layer {
  return new Lstm(units, options);
}
