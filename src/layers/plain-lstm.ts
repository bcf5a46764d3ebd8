/** The LSTM layer of 'longhand/lean': with its defaults. The arithmetic is kernels/lstm.ts. */
import type { Arena } from '../backend/memory.js';
import { type Edge, type PlannedLayer, type Planner, planGradient } from '../backend/plan.js';
import { checkBoolean, checkInteger, checkLeanOptions } from '../core/options.js';
import type { Region } from '../core/region.js';
import {
  CoreLayer,
  type LayerOptions,
  type LayerParameter,
  layerOptionNames,
  learns,
  onlyInput,
  type SampleShape,
} from './core-layer.js';
import { defaultKernel, defaultRecurrentKernel, type Initializer } from './plain-initializers.js';
import { planPlainLstmCell } from './plain-lstm-cell.js';
import { planRecurrentMask } from './recurrent-dropout.js';
import { addInto, type PlannedState, planLast, planState } from './recurrent-state.js';
import { ready } from './weights.js';

export interface PlainLstmOptions extends LayerOptions {
  /** Whether the output is h of every step, `[batch, steps, units]`, or of the last one, `[batch, units]` (the default). */
  returnSequences?: boolean;
}

class PlainLstm extends CoreLayer {
  readonly type = 'lstm';
  readonly ranks = [3];
  private readonly returnSequences: boolean;
  private kernel!: LayerParameter;
  private recurrentKernel!: LayerParameter;
  private bias!: LayerParameter;

  constructor(
    private readonly units: number,
    options: PlainLstmOptions,
  ) {
    checkInteger('lstm: units', units);
    checkLeanOptions('lstm', options, [...layerOptionNames, 'returnSequences']);
    super(options);
    this.returnSequences = checkBoolean('lstm: returnSequences', options.returnSequences ?? false);
  }

  outputShape([steps]: SampleShape): SampleShape {
    return this.returnSequences ? [steps as number | null, this.units] : [this.units];
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    const { units } = this;
    const inputs = input.at(-1) as number;
    this.kernel = this.parameter(arena, 'kernel', [inputs, 4 * units], { initializer: defaultKernel });
    this.recurrentKernel = this.parameter(arena, 'recurrentKernel', [units, 4 * units], {
      initializer: defaultRecurrentKernel,
    });
    this.bias = this.parameter(arena, 'bias', [4 * units], { initializer: forgetBias(units) });
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const x = onlyInput(inputs);
    const { units, kernel, recurrentKernel, bias } = this;
    const { steps, batch, mask } = x;
    const size = batch * units;
    const hasGradient = learns(this, x);
    const states = ['h', 'c'].map((name) => planState(planner, name, steps, batch, units));
    const [h] = states as [PlannedState];
    const recurrentMask = planRecurrentMask(planner, size, 0);
    const dy = planGradient(planner, steps * size, hasGradient);
    const cell = planPlainLstmCell(planner, {
      x,
      kernel,
      recurrentKernel,
      bias: ready(bias),
      recurrentMask: recurrentMask.value,
      states,
      dy,
      units,
    });
    const value = planner.arena.part(h.region, size, steps * size);
    const output: Edge = this.returnSequences
      ? { batch, steps, features: units, sequence: true, value, gradient: dy, mask }
      : planLast(planner, batch, units, h.last, hasGradient);
    return {
      output,
      forward: (training) => {
        recurrentMask.draw(training);
        for (const state of states) state.begin();
        cell.forward(training);
      },
      backward: () => {
        if (!dy) return;
        for (const { gradient } of states) gradient.array.fill(0);
        if (!this.returnSequences) addInto(h.gradient.array, (output.gradient as Region).array);
        cell.backward();
      },
    };
  }
}

/** Zeros, and 1 for the forget gate (Jozefowicz et al. 2015), the second of the four. */
function forgetBias(units: number): Initializer {
  return { config: { name: 'zeros' }, fill: (values) => void values.fill(1, units, 2 * units) };
}

/**
 * A long short-term memory layer, on `[batch, steps, features]` with steps of any number and unequal lengths:
 *
 *     z = x W + h U + b;  i, f, o = sigmoid(z);  g = tanh(z);  c' = f*c + i*g;  h' = o*tanh(c')
 *
 * Weights, gates in the order i, f, g, o: `kernel [features, 4 units]`, `recurrentKernel [units, 4 units]`,
 * `bias [4 units]`. A masked step carries h and c over unchanged. More options has `lstm` of 'longhand', which goes into
 * the same model.
 *
 * @param units  the size of h and c
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example lstm(64, { returnSequences: true })
 */
export function lstm(units: number, options: PlainLstmOptions = {}): CoreLayer {
  return new PlainLstm(units, options);
}
