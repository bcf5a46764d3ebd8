/** Random models and data that are carried to other systems and back. */
import fc from 'fast-check';
import { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import {
  dense,
  type ElementwiseActivationName,
  type Functional,
  globalAveragePooling1d,
  globalMaxPooling1d,
  type Layer,
  lstm,
  type Model,
  masking,
  model,
  type Sequential,
  sequential,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { drawGraphData, type GraphChoice, graphChoice, growGraph } from './graphs.js';
import { holes, type LayerChoice, layerChoice, normals, toLayer } from './models.js';

export const canSayInOnnx = (_: LayerChoice) => true;

/** What TensorFlow.js has of activations. */
const tfjsActivations: readonly ElementwiseActivationName[] = [
  'linear',
  'sigmoid',
  'tanh',
  'relu',
  'elu',
  'selu',
  'softplus',
  'gelu',
  'hardSigmoidLegacy',
  'swish',
];

export function canSayInTfjs(choice: LayerChoice): boolean {
  const { kind, cell, activation: squash, recurrentActivation, cellClip, resetAfter } = choice;
  const inner = kind === 'bidirectional' ? cell : kind;
  if (inner === 'variant' || kind === 'activityRegularization' || kind === 'masking') return false;
  if (choice.activityRegularizer !== 'none') return false;
  if (!tfjsActivations.includes(squash)) return false;
  if (!['lstm', 'gru', 'simpleRnn'].includes(inner)) return true;
  if (inner === 'lstm' && cellClip !== undefined) return false;
  if (inner === 'gru' && resetAfter) return false;
  if (choice.zeroOutputForMask || choice.initialState === 'learned') return false;
  return (
    tfjsActivations.includes(recurrentActivation) &&
    (choice.recurrentDropout > 0 || choice.weightDropout === 0)
  );
}

/** Which steps are masked: none, those behind, or any. */
export type Masks = 'none' | 'lengths' | 'anywhere';

const ends: Readonly<Record<string, () => Layer[]>> = {
  sequence: () => [dense(2)],
  lstm: () => [lstm(2), dense(2, { activation: 'softmax' })],
  max: () => [globalMaxPooling1d(), dense(2, { activation: 'gelu' })],
  average: () => [globalAveragePooling1d(), dense(2, { activation: 'swish' })],
};

/** A model of layers one behind the other, and a batch of data for it. */
export const chainChoice = (canSay: (choice: LayerChoice) => boolean) =>
  fc.record({
    layers: fc.array(layerChoice.filter(canSay), { minLength: 1, maxLength: 3 }),
    end: fc.constantFrom(...Object.keys(ends)),
    masks: fc.constantFrom<Masks>('none', 'lengths', 'anywhere'),
    batch: fc.integer({ min: 1, max: 3 }),
    steps: fc.integer({ min: 1, max: 5 }),
    features: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(),
  });

export type ChainChoice = ReturnType<typeof chainChoice> extends fc.Arbitrary<infer T> ? T : never;

/** A model of several inputs and outputs, all of whose layers can be said. */
export const graphChoiceOf = (canSay: (choice: LayerChoice) => boolean) =>
  graphChoice.filter(({ steps }) => steps.every(({ layer }) => canSay(layer)));

/** Gives every weight a random value. */
function shake(built: Model<FloatArray>, seed: number): void {
  const random = new Random(seed, 21);
  const weights = built.getWeights();
  for (const [name, { data }] of Object.entries(weights)) {
    const isVariance = name.endsWith('Variance');
    for (let k = 0; k < data.length; k++)
      data[k] = isVariance ? 0.5 + random.uniform() : 0.5 * random.normal();
  }
  built.setWeights(weights);
}

/** The data of an input: NaN where a step is masked in the middle. */
export interface Given {
  readonly x: Tensor<Float32Array>;
  /** [batch, steps]; missing for rows. */
  readonly mask?: Uint8Array | undefined;
}

export function makeChain(choice: ChainChoice, mayReverse = true): { built: Sequential; given: Given } {
  const { layers, end, masks, batch, steps, features, seed } = choice;
  const hidden = layers.map((layer) => toLayer(layer, true, mayReverse));
  const built = sequential([...hidden, ...(ends[end] as () => Layer[])()], { seed });
  built.build([null, features]);
  shake(built, seed);
  const random = new Random(seed, 22);
  const data = Float32Array.from(normals(random, batch * steps * features));
  const mask = masks === 'anywhere' ? holes(random, batch, steps) : new Uint8Array(batch * steps).fill(1);
  const lengths =
    masks === 'lengths' ? Array.from({ length: batch }, () => 1 + random.below(steps)) : undefined;
  lengths?.forEach((length, row) => void mask.fill(0, row * steps + length, (row + 1) * steps));
  if (masks === 'anywhere') {
    mask.forEach((real, step) => {
      if (real === 0) data.fill(Number.NaN, step * features, (step + 1) * features);
    });
  }
  return { built, given: { x: tensor(data, [batch, steps, features], lengths ? { lengths } : {}), mask } };
}

/** The value of all features of a masked step, where a layer finds it. */
const MASK_VALUE = 5;

/** A chain that finds masked steps by their value, where any are. */
export function makeMaskingChain({ layers, end, masks, batch, steps, features, seed }: ChainChoice) {
  const hasMask = masks !== 'none';
  const hidden = layers.map((layer) => toLayer(layer, true, !hasMask));
  const pooled = hasMask ? 'lstm' : end;
  const front = hasMask ? [masking({ maskValue: MASK_VALUE })] : [];
  const built = sequential([...front, ...hidden, ...(ends[pooled] as () => Layer[])()], { seed });
  built.build([null, features]);
  shake(built, seed);
  const random = new Random(seed, 22);
  const data = Float32Array.from(normals(random, batch * steps * features));
  if (hasMask) {
    holes(random, batch, steps).forEach((real, step) => {
      if (real === 0) data.fill(MASK_VALUE, step * features, (step + 1) * features);
    });
  }
  return { built, x: tensor(data, [batch, steps, features]) };
}

export function makeGraph(choice: GraphChoice): {
  built: Functional;
  given: Given[];
  names: readonly string[];
} {
  const built = model(growGraph(choice), { seed: choice.seed }) as unknown as Functional;
  shake(built as unknown as Model<FloatArray>, choice.seed);
  const given = drawGraphData(choice, new Random(choice.seed, 23)).map(
    ({ data, rows, steps, features, sequence, mask }) => ({
      x: tensor(Float32Array.from(data), sequence ? [rows, steps, features] : [rows, features]),
      mask: sequence ? (mask ?? new Uint8Array(rows * steps).fill(1)) : undefined,
    }),
  );
  return { built, given, names: built.internals.inputPorts.names };
}
