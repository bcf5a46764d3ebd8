/**
 * A recurrent layer and its like for the other direction (Schuster and Paliwal 1997). Each direction passes over
 * masked steps wherever they are, so that the backward one begins at the last real step of each row.
 */
import type { Arena } from '../backend/memory.js';
import type { Edge, PlannedLayer, Planner } from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import { checkOptions, describe, unknownName } from '../core/options.js';
import { Layer, type LayerConfig, type LayerOptions, layerOptionNames, type SampleShape } from './layer.js';
import { type MergeMode, mergeModes, planMerge } from './merge-directions.js';
import { Recurrent } from './recurrent.js';
import { planReversed } from './reversed.js';

export interface BidirectionalOptions extends LayerOptions {
  /** What becomes of the outputs of the two directions: `'concat'` (the default) puts them side by side, `'sum'`,
   * `'ave'` and `'mul'` add, average and multiply them, `'none'` leaves them two outputs. */
  mergeMode?: MergeMode;
  /** The layer for the backward direction, with `goBackwards: true`; by default like the forward one. */
  backwardLayer?: Layer;
}

export class Bidirectional extends Layer {
  readonly type = 'bidirectional';
  readonly ranks = [3];
  private readonly forward: Recurrent;
  private readonly backward: Recurrent;
  private readonly mergeMode: MergeMode;
  private readonly hasOwnBackward: boolean;

  constructor(layer: Layer, options: BidirectionalOptions) {
    if (typeof layer === 'object' && layer !== null && 'layer' in layer) {
      throw new ConfigError(
        'bidirectional takes the layer first: write bidirectional(lstm(8)) instead of bidirectional({ layer: lstm(8) })',
      );
    }
    if ((options.mergeMode as unknown) === null) {
      throw new ConfigError(
        "bidirectional: option 'mergeMode' is null, which says nothing: write 'none' for two outputs",
      );
    }
    checkOptions('bidirectional', options, [...layerOptionNames, 'mergeMode', 'backwardLayer']);
    super(options);
    const { mergeMode = 'concat', backwardLayer } = options;
    if (!mergeModes.includes(mergeMode)) {
      throw unknownName('bidirectional: mergeMode', String(mergeMode), mergeModes);
    }
    this.mergeMode = mergeMode;
    this.hasOwnBackward = backwardLayer !== undefined;
    const first = checkRecurrent(layer, 'the layer');
    const second = backwardLayer === undefined ? first : checkRecurrent(backwardLayer, 'backwardLayer');
    checkDirections(first, backwardLayer === undefined ? undefined : second, mergeMode);
    this.trainable = options.trainable ?? first.trainable;
    // Copies, so that neither has a place in another model too.
    this.forward = first.again({ trainable: true });
    this.backward = second.again({ trainable: true, goBackwards: true });
    for (const direction of this.directions) direction.owner = this;
  }

  get directions(): readonly Recurrent[] {
    return [this.forward, this.backward];
  }

  override get outputCount(): number {
    const merged = this.mergeMode === 'none' ? 2 : 1;
    return merged + (this.forward.returnState ? 2 * this.forward.stateNames.length : 0);
  }

  outputShape(input: SampleShape): SampleShape {
    const shape = this.forward.outputShape(input);
    if (this.mergeMode !== 'concat') return shape;
    return [...shape.slice(0, -1), this.forward.outputUnits + this.backward.outputUnits];
  }

  override moreOutputShapes(input: SampleShape): readonly SampleShape[] {
    const second = this.mergeMode === 'none' ? [this.backward.outputShape(input)] : [];
    return [...second, ...this.forward.moreOutputShapes(), ...this.backward.moreOutputShapes()];
  }

  /** It takes the states to begin with as further inputs: those of the forward direction, then the others. */
  override checkInputs(inputs: readonly SampleShape[]): void {
    const [x, ...states] = inputs as [SampleShape, ...SampleShape[]];
    const half = this.forward.stateNames.length;
    this.checkInput(x);
    this.nameDirections();
    this.forward.checkInputs([x, ...states.slice(0, half)]);
    this.backward.checkInputs([x, ...states.slice(half)]);
  }

  override get isStateful(): boolean {
    return this.forward.isStateful;
  }

  override setStateAside(): () => void {
    const restores = this.directions.map((direction) => direction.setStateAside());
    return () => {
      for (const restore of restores) restore();
    };
  }

  override whyNoStream(): string {
    return 'reads the sequence from its end too, which a stream does not know';
  }

  protected override declare(input: SampleShape, arena: Arena): void {
    this.nameDirections();
    for (const direction of this.directions) {
      direction.build([input], arena);
      this.parameters.push(...direction.parameters);
    }
  }

  private nameDirections(): void {
    this.forward.name = `${this.name}/forward`;
    this.backward.name = `${this.name}/backward`;
  }

  plan([x, ...states]: readonly Edge[], planner: Planner): PlannedLayer {
    const half = states.length / 2;
    const forward = this.forward.plan([x as Edge, ...states.slice(0, half)], planner);
    const backward = this.backward.plan([x as Edge, ...states.slice(half)], planner);
    // Its outputs are in the order in which it read the steps: turned again they are beside those of the other.
    const turned = this.backward.returnSequences ? planReversed(planner, backward.output) : undefined;
    const first = forward.output;
    const second = turned ? { ...turned.output, mask: first.mask } : backward.output;
    const merge = this.mergeMode === 'none' ? undefined : planMerge(planner, this.mergeMode, first, second);
    return {
      output: merge?.output ?? first,
      moreOutputs: [
        ...(merge ? [] : [second]),
        ...(forward.moreOutputs ?? []),
        ...(backward.moreOutputs ?? []),
      ],
      probes: [...(forward.probes ?? []), ...(backward.probes ?? [])],
      forward: (training) => {
        forward.forward(training);
        backward.forward(training);
        turned?.forward(training);
        merge?.forward(training);
      },
      backward: () => {
        merge?.backward();
        turned?.backward();
        backward.backward();
        forward.backward();
      },
    };
  }

  protected options(): Record<string, unknown> {
    const config = (layer: Recurrent): LayerConfig => ({ ...layer.config(), name: '' });
    return {
      layer: config(this.forward),
      mergeMode: this.mergeMode,
      ...(this.hasOwnBackward ? { backwardLayer: config(this.backward) } : {}),
    };
  }
}

function checkRecurrent(layer: unknown, what: string): Recurrent {
  if (layer instanceof Recurrent) return layer;
  const found = layer instanceof Layer ? layer.type : describe(layer);
  throw new ConfigError(
    `bidirectional: ${what} is ${found}, but only a recurrent layer has a direction: write bidirectional(lstm(8))`,
  );
}

/** @throws ConfigError when the two directions do not go together */
function checkDirections(forward: Recurrent, backward: Recurrent | undefined, mergeMode: MergeMode): void {
  if (forward.goBackwards) {
    throw new ConfigError(
      'bidirectional: the layer has goBackwards: true, but it is the one that goes forward: leave it out',
    );
  }
  if (backward === undefined) return;
  if (!backward.goBackwards) {
    throw new ConfigError('bidirectional: backwardLayer needs goBackwards: true, for that is its direction');
  }
  for (const option of ['returnSequences', 'returnState', 'stateful', 'trainable'] as const) {
    if (forward[option] === backward[option]) continue;
    throw new ConfigError(
      `bidirectional: ${option} is ${forward[option]} in the layer and ${backward[option]} in backwardLayer: ` +
        'it must be the same in both',
    );
  }
  if (forward.outputUnits === backward.outputUnits || mergeMode === 'concat' || mergeMode === 'none') return;
  throw new ConfigError(
    `bidirectional: mergeMode '${mergeMode}' needs the same units in both directions but they are ` +
      `${forward.outputUnits} and ${backward.outputUnits}: make them the same, or take 'concat'`,
  );
}

/**
 * A recurrent layer in both directions: one reads the steps from the first to the last, the other from the last real
 * one to the first. Outputs of the backward direction are in the order of the steps. Weights: those of the layer, as
 * `forward/kernel`, `backward/kernel` and so on. Schuster and Paliwal 1997.
 *
 * @param layer  an lstm, gru or simpleRnn; each direction is a layer with its options and weights of its own
 * @throws ConfigError for a layer that is not recurrent, or directions that do not go together
 *
 * @example bidirectional(lstm(64, { returnSequences: true }))
 */
export function bidirectional(layer: Layer, options: BidirectionalOptions = {}): Layer {
  return new Bidirectional(layer, options);
}
