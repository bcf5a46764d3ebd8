/**
 * What all recurrent layers have in common: options, weights, direction, dropout, state, and what of it they give.
 * The arithmetic of a step is a cell, which says how it is planned (see lstm-cells.ts).
 */
import type { Arena } from '../backend/memory.js';
import { type Edge, type PlannedLayer, type Planner, planEdge, planGradient } from '../backend/plan.js';
import { ConfigError, ShapeError } from '../core/errors.js';
import { checkBoolean, checkInteger, checkOptions } from '../core/options.js';
import type { Regularizer } from '../core/parameter.js';
import type { Region } from '../core/region.js';
import { formatShape, type Shape } from '../core/tensor.js';
import { zeroMaskedBackward, zeroMaskedForward } from '../kernels/zero-masked.js';
import { checkElementwise, type ElementwiseActivationName } from './activations.js';
import { planActivity } from './activity.js';
import { checkRate } from './dropout.js';
import { type Initializer, zeros } from './initializers.js';
import { Layer, type LayerParameter, learns, type SampleShape, type WeightRules } from './layer.js';
import { planInputDropout, planRecurrentMask, planWeightDropout } from './recurrent-dropout.js';
import {
  checkInitialState,
  type RecurrentOptions,
  recurrentHints,
  recurrentOptionNames,
} from './recurrent-options.js';
import {
  addInto,
  checkKeptRows,
  KeptState,
  type PlannedState,
  planLast,
  planState,
} from './recurrent-state.js';
import { toRegularizer } from './regularizers.js';
import { planReversed } from './reversed.js';
import type { PlannedWeight } from './weights.js';
import { checkAbsent, checkUnits, planBias, toWeightRules, weightConfig } from './weights.js';

/** What a cell is planned from. */
export interface CellParts {
  readonly x: Edge;
  readonly kernel: PlannedWeight;
  readonly recurrentKernel: PlannedWeight;
  readonly bias: PlannedWeight & { readonly prepare: () => void };
  /** [batch, width of h]: the dropout on the previous h. */
  readonly recurrentMask: Region;
  /** In the order of `stateNames`; the first is h. */
  readonly states: readonly PlannedState[];
  /** [steps, batch, width of h]: the gradient by h of every step; missing where nothing learns. */
  readonly dy: Region | undefined;
  readonly units: number;
}

export interface PlannedCell {
  /**
   * [steps, batch, gates, units], for a trace, and after a backward pass the gradient by what goes into them; a cell without
   * gates has none.
   */
  readonly gates?: { readonly names: readonly string[]; readonly region: Region; readonly gradient: Region };
  /** Runs all steps, from slot 0 of the states. */
  forward(training: boolean): void;
  /** Adds to the gradients of the weights, and of x where it has one; turns those of the last states into the first's. */
  backward(): void;
}

export abstract class Recurrent extends Layer {
  readonly ranks = [3];
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly stateful: boolean;
  protected readonly activation: ElementwiseActivationName;
  protected readonly useBias: boolean;
  /** What the state is made of, h first. */
  abstract readonly stateNames: readonly string[];
  /** How many units wide the kernels are, for each unit of the layer. */
  protected abstract readonly gates: number;
  private readonly zeroOutputForMask: boolean;
  private readonly initialState: 'zeros' | 'learned';
  private readonly kernelRules: WeightRules;
  private readonly recurrentRules: WeightRules;
  private readonly biasRules: WeightRules;
  private readonly activityRegularizer: Regularizer | undefined;
  private readonly dropout: number;
  private readonly recurrentDropout: number;
  private readonly weightDropout: number;
  private kernel!: LayerParameter;
  private recurrentKernel!: LayerParameter;
  private bias: LayerParameter | undefined;
  private readonly initial: LayerParameter[] = [];
  /** @internal what it carries on to the next batch, where it is stateful */
  kept = new KeptState();

  constructor(
    override readonly type: string,
    readonly units: number,
    options: RecurrentOptions,
    ownOptionNames: readonly string[],
    hints: Readonly<Record<string, string>> = {},
  ) {
    checkUnits(type, units);
    const names = [...recurrentOptionNames, ...ownOptionNames];
    checkOptions(type, options, names, { ...recurrentHints, ...hints });
    super(options);
    const flag = (
      name: 'returnSequences' | 'returnState' | 'goBackwards' | 'stateful' | 'zeroOutputForMask',
    ) => checkBoolean(`${type}: ${name}`, options[name] ?? false);
    this.returnSequences = flag('returnSequences');
    this.returnState = flag('returnState');
    this.goBackwards = flag('goBackwards');
    this.stateful = flag('stateful');
    this.zeroOutputForMask = flag('zeroOutputForMask');
    this.initialState = checkInitialState(type, options.initialState ?? 'zeros');
    this.activation = checkElementwise(type, options.activation ?? 'tanh');
    this.useBias = checkBoolean(`${type}: useBias`, options.useBias ?? true);
    this.kernelRules = toWeightRules(type, 'kernel', options, 'glorotUniform', 2);
    this.recurrentRules = toWeightRules(type, 'recurrent', options, 'orthogonal', 2);
    this.biasRules = toWeightRules(type, 'bias', options, 'zeros', 1);
    this.activityRegularizer = toRegularizer(`${type}: activityRegularizer`, options.activityRegularizer);
    this.dropout = checkRate(`${type}: dropout`, options.dropout ?? 0);
    this.recurrentDropout = checkRate(`${type}: recurrentDropout`, options.recurrentDropout ?? 0);
    this.weightDropout = checkRate(`${type}: weightDropout`, options.weightDropout ?? 0);
    if (this.recurrentDropout > 0 && this.weightDropout > 0) {
      throw new ConfigError(
        `${type}: recurrentDropout and weightDropout both drop out what comes from the previous h: one of the two`,
      );
    }
    if (!this.useBias) checkAbsent(type, 'bias', options, 'useBias: false');
    if (this.zeroOutputForMask && !this.returnSequences) {
      throw new ConfigError(
        `${type}: zeroOutputForMask needs returnSequences: true, for the output of the last step is never masked`,
      );
    }
  }

  /** A layer of the same options, some of them changed, with weights of its own. */
  abstract again(changes: RecurrentOptions): Recurrent;

  /** Plans the arithmetic. */
  protected abstract planCell(planner: Planner, parts: CellParts): PlannedCell;

  /** The shape of the bias. */
  protected biasShape(): Shape {
    return [this.gates * this.units];
  }

  /** What the bias begins with, given what the options say. */
  protected firstBias(initializer: Initializer): Initializer {
    return initializer;
  }

  /** How many numbers a state is in a row of the batch. */
  protected widthOf(_state: string): number {
    return this.units;
  }

  /** The width of h. */
  get outputUnits(): number {
    return this.widthOf('h');
  }

  override get outputCount(): number {
    return this.returnState ? 1 + this.stateNames.length : 1;
  }

  outputShape(input: SampleShape): SampleShape {
    return this.returnSequences ? [input[0] as number | null, this.outputUnits] : [this.outputUnits];
  }

  override get keepsSteps(): boolean {
    return !this.goBackwards;
  }

  override moreOutputShapes(): readonly SampleShape[] {
    return this.returnState ? this.stateNames.map((state) => [this.widthOf(state)]) : [];
  }

  /** It takes the states to begin with as further inputs. */
  override checkInputs(inputs: readonly SampleShape[]): void {
    const [x, ...states] = inputs as [SampleShape, ...SampleShape[]];
    this.checkInput(x);
    if (states.length === 0) return;
    const { name, stateNames } = this;
    if (states.length !== stateNames.length) {
      throw new ShapeError(
        `${name} takes a sequence, and the state to begin with, ${stateNames.join(' and ')}, or none; ` +
          `but it got ${states.length} of them`,
      );
    }
    states.forEach((shape, i) => {
      const width = this.widthOf(stateNames[i] as string);
      if (shape.length === 1 && shape[0] === width) return;
      throw new ShapeError(
        `${name} expects the first ${stateNames[i]} to be [batch, ${width}] ` +
          `but got ${formatShape(['batch', ...shape] as never)}`,
      );
    });
    if (this.stateful || this.initialState === 'learned') {
      const option = this.stateful ? 'stateful: true' : "initialState: 'learned'";
      throw new ConfigError(`${name} has ${option} and is given a state to begin with: one of the two`);
    }
  }

  override get isStateful(): boolean {
    return this.stateful;
  }

  override setStateAside(): () => void {
    const { kept } = this;
    this.kept = new KeptState();
    return () => {
      this.kept = kept;
    };
  }

  override whyNoStream(): string | undefined {
    return this.goBackwards ? 'goes backwards, from the last step of a sequence to its first' : undefined;
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    const inputs = checkInteger(`${this.name}: the number of features`, input.at(-1));
    const { outputUnits } = this;
    const width = this.gates * this.units;
    this.kernel = this.parameter(arena, 'kernel', [inputs, width], this.kernelRules);
    this.recurrentKernel = this.parameter(
      arena,
      'recurrentKernel',
      [outputUnits, width],
      this.recurrentRules,
    );
    if (this.useBias) {
      const rules = { ...this.biasRules, initializer: this.firstBias(this.biasRules.initializer) };
      this.bias = this.parameter(arena, 'bias', this.biasShape(), rules);
    }
    if (this.initialState === 'zeros') return;
    for (const name of this.stateNames) {
      this.initial.push(
        this.parameter(arena, `initial${name.toUpperCase()}`, [this.widthOf(name)], { initializer: zeros() }),
      );
    }
  }

  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const [given, ...begin] = inputs as [Edge, ...Edge[]];
    const { units, outputUnits } = this;
    const { steps, batch } = given;
    const hasGradient = learns(this, ...inputs);
    const reversed = this.goBackwards ? planReversed(planner, given) : undefined;
    const input = planInputDropout(planner, reversed?.output ?? given, this.dropout);
    const states = this.stateNames.map((name, i) =>
      planState(planner, name, steps, batch, this.widthOf(name), {
        given: begin[i],
        learned: this.initial[i],
      }),
    );
    const dropped = planWeightDropout(planner, this.recurrentKernel, this.weightDropout, hasGradient);
    const recurrentMask = planRecurrentMask(planner, batch * outputUnits, this.recurrentDropout);
    const dy = planGradient(planner, steps * batch * outputUnits, hasGradient);
    const x = input.edge;
    const cell = this.planCell(planner, {
      x,
      kernel: this.kernel,
      recurrentKernel: dropped.weight,
      bias: planBias(
        planner,
        this.bias,
        this.biasShape().reduce((product, axis) => product * axis),
      ),
      recurrentMask: recurrentMask.value,
      states,
      dy,
      units,
    });
    const sequence = this.returnSequences ? this.planSequence(planner, x, states, dy) : undefined;
    const asOutput = ({ last, width }: PlannedState) => planLast(planner, batch, width, last, hasGradient);
    const [h] = states as [PlannedState];
    const output = sequence?.output ?? asOutput(h);
    planActivity(planner, this.activityRegularizer, output);
    const moreOutputs = this.returnState ? states.map(asOutput) : [];
    const state = this.planCarrying(planner, states, batch);
    planner.traced?.push({
      name: this.name,
      steps,
      batch,
      units,
      isReversed: this.goBackwards,
      mask: x.mask,
      gates: cell.gates,
      states: states.map(({ name, width, region }) => ({
        name,
        width,
        region: planner.arena.part(region, batch * width, steps * batch * width),
      })),
    });

    return {
      output,
      moreOutputs,
      ...(cell.gates ? { probes: [{ ...cell.gates, units, mask: x.mask }] } : {}),
      forward: (training) => {
        reversed?.forward(training);
        input.forward(training);
        recurrentMask.draw(training);
        dropped.forward(training);
        state.begin();
        cell.forward(training);
        state.end();
        sequence?.forward(training);
      },
      backward: () => {
        if (!dy) return;
        for (const { gradient } of states) gradient.array.fill(0);
        for (let i = 0; i < moreOutputs.length; i++) {
          const { gradient } = moreOutputs[i] as Edge;
          addInto((states[i] as PlannedState).gradient.array, (gradient as Region).array);
        }
        if (sequence) sequence.backward();
        else addInto(h.gradient.array, (output.gradient as Region).array);
        cell.backward();
        dropped.backward();
        state.backward();
        input.backward();
        reversed?.backward();
      },
    };
  }

  /** h of every step as an output, zeros at masked ones where that is asked for. */
  private planSequence(
    planner: Planner,
    x: Edge,
    [h]: readonly PlannedState[],
    dy: Region | undefined,
  ): PlannedLayer {
    const units = this.outputUnits;
    const { steps, batch, mask } = x;
    const size = batch * units;
    const value = planner.arena.part((h as PlannedState).region, size, steps * size);
    const all: Edge = { batch, steps, features: units, sequence: true, value, gradient: dy, mask };
    if (!this.zeroOutputForMask) return { output: all, forward: () => {}, backward: () => {} };
    const output = planEdge(planner, all, units, dy !== undefined);
    const kernels = planner.backend.bind({ zeroMaskedForward, zeroMaskedBackward });
    return {
      output,
      forward: () =>
        kernels.zeroMaskedForward(value.array, mask.array, output.value.array, steps * batch, units),
      backward: () => {
        if (!output.gradient || !dy) return;
        kernels.zeroMaskedBackward(output.gradient.array, mask.array, dy.array, steps * batch, units);
      },
    };
  }

  /** How the states come into their first slots, and what becomes of the last ones. */
  private planCarrying(planner: Planner, states: readonly PlannedState[], batch: number) {
    const { carried } = planner;
    for (const { name, first, last, begin } of states) {
      carried?.push({ name: `${this.name}/${name}`, first, last, begin });
    }
    let goesOn = false;
    return {
      begin: () => {
        if (carried) return;
        goesOn = this.kept.rows > 0;
        if (goesOn) {
          checkKeptRows(this.name, this.kept.rows, batch);
          this.kept.restore(states);
        } else for (const state of states) state.begin();
      },
      end: () => {
        if (this.stateful && !carried) this.kept.keep(states, batch);
      },
      backward: () => {
        if (!goesOn) for (const state of states) state.backward();
      },
    };
  }

  protected options(): Record<string, unknown> {
    return {
      units: this.units,
      returnSequences: this.returnSequences,
      returnState: this.returnState,
      goBackwards: this.goBackwards,
      stateful: this.stateful,
      zeroOutputForMask: this.zeroOutputForMask,
      initialState: this.initialState,
      activation: this.activation,
      useBias: this.useBias,
      ...weightConfig('kernel', this.kernelRules),
      ...weightConfig('recurrent', this.recurrentRules),
      ...weightConfig('bias', this.biasRules),
      activityRegularizer: this.activityRegularizer?.config() ?? null,
      dropout: this.dropout,
      recurrentDropout: this.recurrentDropout,
      weightDropout: this.weightDropout,
    };
  }
}
