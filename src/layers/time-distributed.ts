/** A layer for rows, applied to every step of a sequence. */
import type { Arena } from '../backend/memory.js';
import type { Edge, PlannedLayer, Planner } from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import { checkOptions } from '../core/options.js';
import {
  checkLayer,
  Layer,
  type LayerOptions,
  layerOptionNames,
  onlyInput,
  type SampleShape,
} from './layer.js';

class TimeDistributed extends Layer {
  readonly type = 'timeDistributed';
  readonly ranks = [3];
  /** The name that the inner layer was given. */
  private readonly innerName: string;

  constructor(
    private readonly inner: Layer,
    options: LayerOptions,
  ) {
    checkLayer(inner, 'what timeDistributed is given');
    checkOptions('timeDistributed', options, layerOptionNames);
    super(options);
    if (!inner.ranks.includes(2)) {
      throw new ConfigError(
        `timeDistributed applies a layer to every step by itself, but ${inner.type} takes whole sequences`,
      );
    }
    inner.checkFree();
    if (inner.owner)
      throw new ConfigError(`timeDistributed: the ${inner.type} is part of another layer already`);
    this.innerName = inner.name;
    inner.owner = this;
  }

  outputShape([steps, features]: SampleShape): SampleShape {
    const step = this.inner.outputShape([features as number]);
    if (step.length === 1) return [steps as number | null, ...step];
    throw new ConfigError(
      `${this.name}: ${this.inner.type} makes a sequence of every step, which has no place`,
    );
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    this.inner.name = `${this.name}/${this.innerName || this.inner.type}`;
    this.inner.build([input.slice(-1)], arena);
    this.parameters.push(...this.inner.parameters);
  }

  /** All steps of all rows are the rows of the inner layer. */
  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const { steps, batch, mask, ...x } = onlyInput(inputs);
    const rows: Edge = { ...x, steps: 1, batch: steps * batch, sequence: false, mask };
    const { output, forward, backward } = this.inner.plan([rows], { ...planner, rowMask: mask });
    return { output: { ...output, steps, batch, sequence: true, mask }, forward, backward };
  }

  override whyNoStream(): string | undefined {
    return this.inner.whyNoStream();
  }

  protected options(): Record<string, unknown> {
    return { layer: { ...this.inner.config(), name: this.innerName } };
  }
}

/**
 * Applies a layer that takes rows to every step of a sequence: `[batch, steps, features]`, each step by itself. Dense,
 * dropout, activations and normalization work on sequences without it.
 *
 * @param layer  a layer that takes `[batch, features]` and gives one row for it
 * @throws ConfigError for a layer that does not
 *
 * @example sequential([lstm(8, { returnSequences: true }), timeDistributed(dense(3, { activation: 'softmax' }))])
 */
export function timeDistributed(layer: Layer, options: LayerOptions = {}): Layer {
  return new TimeDistributed(layer, options);
}
