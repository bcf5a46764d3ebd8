/**
 * A built model: its weights in one block of memory, and the passes planned over it. It is what training sees
 * as a `Trainable`; what users see is model.ts.
 */
import type { Backend } from '../backend/kernel-set.js';
import { Arena, Memory, type Precision } from '../backend/memory.js';
import {
  type CarriedState,
  type Edge,
  type Planner,
  planGradient,
  type TracedLayer,
} from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import { Random } from '../core/random.js';
import type { Shape } from '../core/tensor.js';
import type { CoreLayer, LayerParameter, SampleShape } from '../layers/core-layer.js';
import { planLoss } from '../training/losses.js';
import type { Optimizer } from '../training/optimizers/optimizer.js';
import type { Goal, Pass, Scrutiny, Trainable } from '../training/trainable.js';
import { createOptimizerState, type OptimizerState } from '../training/update.js';
import { type Graph, type GraphNode, inferShapes, layersOf, planGraph } from './graph.js';

/** How many shapes of batches are kept planned. */
const MOST_PLANS = 24;

/** The streams of random numbers of one seed. */
const WEIGHTS_STREAM = 0;
const SHUFFLING_STREAM = 1;
const DROPOUT_STREAM = 2;

export interface NetworkOptions {
  readonly seed: number;
  readonly backend: Backend;
  readonly precision: Precision;
  /** Whether the weights get their first values; a model that is loaded from a file needs none. */
  readonly initialize: boolean;
  /** What is looked at more closely; nothing by default. */
  readonly scrutiny?: Scrutiny | undefined;
}

/** A pass of which more is known: of a stream what its recurrent layers carry, of a trace what they compute. */
export interface WatchedPass extends Pass {
  readonly carried: readonly CarriedState[];
  readonly traced: readonly TracedLayer[];
}

/** What is to be known of a pass. */
export interface Watch {
  readonly carried?: CarriedState[];
  readonly traced?: TracedLayer[];
  /** Whether there is to be a gradient by the inputs. */
  readonly attributed?: boolean;
  /** Whether dropout alone is as in training. */
  readonly drawn?: boolean;
}

export class Network implements Trainable {
  /** All weights, in the order of the layers: those that are learned, and statistics. */
  readonly weights: readonly LayerParameter[];
  /** The weights that are learned, frozen ones too. */
  readonly parameters: readonly LayerParameter[];
  readonly layers: CoreLayer[];
  readonly shuffling: Random;
  readonly dropout: Random;
  readonly backend: Backend;
  readonly scrutiny: Scrutiny | undefined;
  readonly outputShapes: readonly SampleShape[];
  stopTraining = false;
  /** Whether passes keep a gradient by the input too: what a gradient check looks at. */
  wantsInputGradient = false;
  /** The pass that was asked for last, for whoever wants to look into it. */
  latest: Pass | undefined;
  private readonly memory: Memory;
  /** By rows, steps and purpose; those of streams by their rows alone, so that a step makes no string. */
  private readonly passes = new Map<string | number, { pass: WatchedPass; arena: Arena }>();
  /** What `latest` was asked for by. */
  private asked: Asked | undefined;
  /** Which layers learned when the passes were planned. */
  private learning: readonly boolean[] = [];
  private optimizerState: OptimizerState | undefined;
  private goals: readonly Goal[] = [];

  /**
   * @throws ShapeError when the layers do not fit together, ConfigError when one belongs to another model; none of
   * them has been built then
   */
  constructor(
    private readonly graph: Graph,
    readonly inputShapes: readonly SampleShape[],
    options: NetworkOptions,
  ) {
    const shapes = inferShapes(graph, inputShapes);
    this.outputShapes = graph.outputs.map((value) => shapes[value] as SampleShape);
    this.layers = layersOf(graph);
    this.backend = options.backend;
    this.scrutiny = options.scrutiny;
    this.memory = new Memory(options.precision, options.backend.block);
    this.shuffling = new Random(options.seed, SHUFFLING_STREAM);
    this.dropout = new Random(options.seed, DROPOUT_STREAM);
    this.weights = this.memory.keep((arena) => declareWeights(graph, shapes, arena));
    this.parameters = this.weights.filter(({ isStatistic }) => !isStatistic);
    if (!options.initialize) return;
    const random = new Random(options.seed, WEIGHTS_STREAM);
    for (const { initializer, value, shape } of this.weights) initializer.fill(value.array, shape, random);
  }

  get precision(): Precision {
    return this.memory.precision;
  }

  /** Sets how the model is trained; what an optimizer kept before is forgotten. */
  compile(optimizer: Optimizer, goals: readonly Goal[]): void {
    optimizer.check?.(this.parameters);
    this.clearPasses();
    this.memory.release(1);
    this.optimizerState = undefined;
    this.optimizerState = createOptimizerState(optimizer, this.parameters, this.memory, this.backend);
    this.goals = goals;
  }

  get optimizer(): OptimizerState {
    if (this.optimizerState) return this.optimizerState;
    throw new ConfigError('the model is not compiled: call model.compile({ loss: ... }) first');
  }

  pass(rows: number, steps: readonly number[], training: boolean): Pass {
    if (training) this.heedFrozenLayers();
    // A step makes no string: what was asked for last is told by its numbers.
    const { asked } = this;
    if (this.latest && asked && isAsked(asked, rows, steps, training)) return this.latest;
    this.asked = undefined;
    const key = `${rows} ${steps} ${training}`;
    const pass = this.watchedPass(key, rows, steps, training, () => ({}));
    this.latest = pass;
    this.asked = { rows, steps, training };
    return pass;
  }

  /**
   * A pass of which more is known, planned when its key is new; good until the next call.
   *
   * @internal see watched-passes.ts
   */
  watchedPass(
    key: string | number,
    rows: number,
    steps: readonly number[],
    training: boolean,
    watch: () => Watch,
  ): WatchedPass {
    if (training) this.heedFrozenLayers();
    return this.passes.get(key)?.pass ?? this.addPass(key, rows, steps, training, watch());
  }

  private addPass(
    key: string | number,
    rows: number,
    steps: readonly number[],
    training: boolean,
    watch: Watch,
  ): WatchedPass {
    if (this.passes.size >= MOST_PLANS) this.dropOldestPass();
    const { result, arena } = this.memory.plan((place) => this.planPass(rows, steps, training, watch, place));
    this.passes.set(key, { pass: result, arena });
    return result;
  }

  get statefulLayer(): string | undefined {
    return this.layers.find(({ isStateful }) => isStateful)?.name;
  }

  setStateAside(): () => void {
    const resumes = this.layers.map((layer) => layer.setStateAside());
    return () => {
      for (const resume of resumes) resume();
    };
  }

  private clearPasses(): void {
    this.latest = undefined;
    while (this.passes.size > 0) this.dropOldestPass();
  }

  /** Plans anew when a layer has been frozen or freed since: what learns decides which gradients there are. */
  private heedFrozenLayers(): void {
    let isSame = this.learning.length === this.layers.length;
    for (let i = 0; i < this.layers.length; i++) {
      if (this.layers[i]?.trainable !== this.learning[i]) isSame = false;
    }
    if (isSame) return;
    this.clearPasses();
    this.learning = this.layers.map(({ trainable }) => trainable);
  }

  private dropOldestPass(): void {
    for (const [key, { pass, arena }] of this.passes) {
      this.memory.drop(arena);
      this.passes.delete(key);
      // Its arrays are placed no more when the memory grows: it must not be handed out again.
      if (pass === this.latest) this.asked = undefined;
      return;
    }
  }

  private planPass(
    batch: number,
    steps: readonly number[],
    training: boolean,
    watch: Watch,
    arena: Arena,
  ): WatchedPass {
    const rowMask = arena.bytes(batch);
    const rowNames = new Int32Array(batch);
    const gradients: Planner['gradients'] = [];
    const random = this.dropout;
    const { backend } = this;
    const { carried, traced } = watch;
    const statistics: Planner['statistics'] = [];
    const penalties: Planner['penalties'] = [];
    const planner: Planner = {
      arena,
      backend,
      random,
      rowMask,
      rowNames,
      training,
      drawn: watch.drawn,
      gradients,
      statistics,
      penalties,
      carried,
      traced,
    };
    const inputs = this.inputShapes.map((shape, i) =>
      this.planInput(shape, steps[i] as number, planner, { batch, learns: watch.attributed === true }),
    );
    const { outputs, planned } = planGraph(this.graph, inputs, planner);
    const goals = carried === undefined ? this.goals : [];
    const losses = goals.map(({ loss, output }) => planLoss(loss, outputs[output] as Edge, planner));
    const forward = (isTraining: boolean) => {
      for (const layer of planned) layer.forward(isTraining);
    };
    const begin = () => {
      for (const gradient of gradients) gradient.array.fill(0);
      for (const { gradient, value, regularizer } of this.parameters) {
        gradient.array.fill(0);
        regularizer?.addGradient(value.array, gradient.array);
      }
    };
    const goBack = () => {
      for (let i = planned.length - 1; i >= 0; i--) planned[i]?.backward();
    };
    const backwardFrom = (seed: () => void) => {
      begin();
      seed();
      goBack();
    };
    const backward = (factors: ArrayLike<number>, counted: number) => {
      begin();
      for (let i = 0; i < losses.length; i++) losses[i]?.backward(factors[i] as number);
      const share = counted === 0 ? 0 : 1 / counted;
      for (const penalty of penalties) penalty.backward(share);
      goBack();
    };
    const layers = planned.map((layer, i) => ({
      name: (this.graph.nodes[i] as GraphNode).layer.name,
      output: layer.output,
      probes: layer.probes ?? [],
    }));
    return {
      inputs,
      outputs,
      layers,
      losses,
      statistics,
      penalties,
      rowMask,
      rowNames,
      forward,
      backward,
      backwardFrom,
      carried: carried ?? [],
      traced: traced ?? [],
    };
  }

  private planInput(
    shape: SampleShape,
    steps: number,
    planner: Planner,
    { batch, learns }: { batch: number; learns: boolean },
  ): Edge {
    const features = shape.at(-1) as number;
    const size = steps * batch * features;
    return {
      batch,
      steps,
      features,
      sequence: shape.length === 2,
      value: planner.arena.floats(size),
      gradient: planGradient(planner, size, learns || this.wantsInputGradient),
      mask: planner.arena.bytes(steps * batch),
    };
  }
}

/** What a pass is asked for by. */
interface Asked {
  readonly rows: number;
  readonly steps: readonly number[];
  readonly training: boolean;
}

function isAsked(asked: Asked, rows: number, steps: readonly number[], training: boolean): boolean {
  if (asked.rows !== rows || asked.training !== training) return false;
  for (let i = 0; i < steps.length; i++) if (asked.steps[i] !== steps[i]) return false;
  return true;
}

/** The weights that a model would have, as far as their names and shapes go. The layers are spent by it: make new ones. */
export function describeWeights(
  graph: Graph,
  inputShapes: readonly SampleShape[],
): readonly { readonly name: string; readonly shape: Shape; readonly isStatistic: boolean }[] {
  return declareWeights(graph, inferShapes(graph, inputShapes), new Arena('float32'));
}

/** Declares all weights, then the gradients of those that are learned behind them. */
function declareWeights(graph: Graph, shapes: readonly SampleShape[], arena: Arena): LayerParameter[] {
  const layers = layersOf(graph);
  for (const layer of layers) layer.checkFree();
  for (const layer of layers) layer.connect(layers);
  const built = new Set<CoreLayer>();
  for (const { layer, inputs } of graph.nodes) {
    if (built.has(layer)) continue;
    layer.build(
      inputs.map((value) => shapes[value] as SampleShape),
      arena,
    );
    built.add(layer);
  }
  const weights = [...built].flatMap((layer) => layer.parameters);
  for (const weight of weights) if (!weight.isStatistic) weight.gradient = arena.floats(weight.value.length);
  return weights;
}
