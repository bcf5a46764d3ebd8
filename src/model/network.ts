/**
 * A built model: its weights in one block of memory, and the passes planned over it. It is what training sees
 * as a `Trainable`; what users see is sequential.ts.
 */
import type { Backend } from '../backend/backend.js';
import { Arena, Memory, type Precision } from '../backend/memory.js';
import { type CarriedState, type Edge, type Planner, planGradient } from '../backend/plan.js';
import { ConfigError, ShapeError } from '../core/errors.js';
import { Random } from '../core/random.js';
import { formatShape, type Shape } from '../core/tensor.js';
import type { Layer, LayerParameter, SampleShape } from '../layers/layer.js';
import { type Loss, planLoss } from '../training/losses.js';
import type { Optimizer } from '../training/optimizers/optimizer.js';
import type { Pass, Trainable } from '../training/trainable.js';
import { checkWeightNames, createOptimizerState, type OptimizerState } from '../training/update.js';
import { type GraphNode, inferShapes, inputShapeOf, layersOf, planGraph } from './graph.js';

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
}

/** A pass of one step, in which recurrent layers take up their state and leave it. */
export interface StreamPass extends Pass {
  readonly carried: readonly CarriedState[];
}

export class Network implements Trainable {
  readonly parameters: LayerParameter[];
  readonly layers: Layer[];
  readonly shuffling: Random;
  readonly dropout: Random;
  readonly backend: Backend;
  readonly outputShape: SampleShape;
  stopTraining = false;
  /** Whether passes keep a gradient by the input too: what a gradient check looks at. */
  wantsInputGradient = false;
  private readonly memory: Memory;
  private readonly passes = new Map<number, { pass: StreamPass; arena: Arena }>();
  /** Which layers learned when the passes were planned. */
  private learning: readonly boolean[] = [];
  private optimizerState: OptimizerState | undefined;
  private loss: Loss | undefined;

  /**
   * @throws ShapeError when the layers do not fit together, ConfigError when one belongs to another model; none of
   * them has been built then
   */
  constructor(
    private readonly nodes: readonly GraphNode[],
    readonly inputShape: SampleShape,
    options: NetworkOptions,
  ) {
    const shapes = inferShapes(nodes, inputShape);
    this.outputShape = shapes.at(-1) ?? inputShape;
    this.layers = layersOf(nodes);
    this.backend = options.backend;
    this.memory = new Memory(options.precision, options.backend.block);
    this.shuffling = new Random(options.seed, SHUFFLING_STREAM);
    this.dropout = new Random(options.seed, DROPOUT_STREAM);
    this.parameters = this.memory.keep((arena) => declareWeights(nodes, shapes, inputShape, arena));
    if (!options.initialize) return;
    const random = new Random(options.seed, WEIGHTS_STREAM);
    for (const { initializer, value, shape } of this.parameters) initializer.fill(value.array, shape, random);
  }

  get precision(): Precision {
    return this.memory.precision;
  }

  /** @throws ShapeError when rows of this shape do not fit those that the network was built for */
  checkRows(shape: SampleShape): void {
    this.layers[0]?.checkInput(shape);
    const steps = this.inputShape.length === 2 ? this.inputShape[0] : null;
    if (shape.length === this.inputShape.length && (steps === null || shape[0] === steps)) return;
    throw new ShapeError(
      `the model was built for rows of shape ${formatShape(this.inputShape)} but got ${formatShape(shape)}`,
    );
  }

  /** Sets how the model is trained; what an optimizer kept before is forgotten. */
  compile(optimizer: Optimizer, loss: Loss): void {
    checkWeightNames(optimizer, this.parameters);
    this.clearPasses();
    this.memory.release(1);
    this.optimizerState = undefined;
    this.optimizerState = createOptimizerState(optimizer, this.parameters, this.memory, this.backend);
    this.loss = loss;
  }

  get optimizer(): OptimizerState {
    if (this.optimizerState) return this.optimizerState;
    throw new ConfigError('the model is not compiled: call model.compile({ loss: ... }) first');
  }

  pass(rows: number, steps: number, training: boolean): Pass {
    if (training) this.heedFrozenLayers();
    const key = (steps * 0x100_0000 + rows) * 2 + (training ? 1 : 0);
    return this.passes.get(key)?.pass ?? this.addPass(key, rows, steps, training, undefined);
  }

  /** The pass of one step of `rows` sequences side by side; good until the next call. */
  streamPass(rows: number): StreamPass {
    return this.passes.get(-rows)?.pass ?? this.addPass(-rows, rows, 1, false, []);
  }

  private addPass(
    key: number,
    rows: number,
    steps: number,
    training: boolean,
    carried: CarriedState[] | undefined,
  ): StreamPass {
    if (this.passes.size >= MOST_PLANS) this.dropOldestPass();
    const { result, arena } = this.memory.plan((place) =>
      this.planPass(rows, steps, training, carried, place),
    );
    this.passes.set(key, { pass: result, arena });
    return result;
  }

  private clearPasses(): void {
    while (this.passes.size > 0) this.dropOldestPass();
  }

  /** Plans anew when a layer has been frozen or freed since: what learns decides which gradients there are. */
  private heedFrozenLayers(): void {
    if (this.layers.every(({ trainable }, i) => trainable === this.learning[i])) return;
    this.clearPasses();
    this.learning = this.layers.map(({ trainable }) => trainable);
  }

  private dropOldestPass(): void {
    for (const [key, { arena }] of this.passes) {
      this.memory.drop(arena);
      this.passes.delete(key);
      return;
    }
  }

  private planPass(
    batch: number,
    steps: number,
    training: boolean,
    carried: CarriedState[] | undefined,
    arena: Arena,
  ): StreamPass {
    const rowMask = arena.bytes(batch);
    const rowNames = new Int32Array(batch);
    const gradients: Planner['gradients'] = [];
    const random = this.dropout;
    const { backend } = this;
    const planner: Planner = { arena, backend, random, rowMask, rowNames, training, gradients, carried };
    const sequence = this.inputShape.length === 2;
    const features = this.inputShape.at(-1) as number;
    const size = steps * batch * features;
    const input: Edge = {
      batch,
      steps,
      features,
      sequence,
      value: arena.floats(size),
      gradient: planGradient(planner, size, this.wantsInputGradient),
      mask: arena.bytes(steps * batch),
    };
    const { output, planned } = planGraph(this.nodes, input, planner);
    const loss = carried === undefined && this.loss ? planLoss(this.loss, output, planner) : undefined;
    const forward = (isTraining: boolean) => {
      for (const layer of planned) layer.forward(isTraining);
    };
    const backward = (factor: number) => {
      for (const gradient of gradients) gradient.array.fill(0);
      for (const { gradient, value, regularizer } of this.parameters) {
        gradient.array.fill(0);
        regularizer?.addGradient(value.array, gradient.array);
      }
      loss?.backward(factor);
      for (let i = planned.length - 1; i >= 0; i--) planned[i]?.backward();
    };
    return { input, output, loss, rowMask, rowNames, forward, backward, carried: carried ?? [] };
  }
}

/** The names and shapes of the weights that a model would have. The layers are spent by it: make new ones. */
export function describeWeights(
  nodes: readonly GraphNode[],
  inputShape: SampleShape,
): readonly { readonly name: string; readonly shape: Shape }[] {
  const shapes = inferShapes(nodes, inputShape);
  return declareWeights(nodes, shapes, inputShape, new Arena('float32'));
}

/** Declares all weights, then their gradients behind them. */
function declareWeights(
  nodes: readonly GraphNode[],
  shapes: readonly SampleShape[],
  inputShape: SampleShape,
  arena: Arena,
): LayerParameter[] {
  for (const layer of layersOf(nodes)) layer.checkFree();
  const built = new Set<Layer>();
  for (const { layer, inputs } of nodes) {
    if (built.has(layer)) continue;
    layer.build(inputShapeOf(inputs, shapes, inputShape), arena);
    built.add(layer);
  }
  const parameters = [...built].flatMap((layer) => layer.parameters);
  for (const parameter of parameters) parameter.gradient = arena.floats(parameter.value.length);
  return parameters;
}
