/** How each layer is written: the layers of one input. Those of several, and those of shape, are in export-shapes.ts. */
import type { Tensor } from '../../core/tensor.js';
import type { ActivationName } from '../../layers/activations.js';
import type { LayerConfig } from '../../layers/layer.js';
import { writeActivation } from './activations.js';
import { cells } from './cells.js';
import { writeRecurrent } from './export-recurrent.js';
import { bothMasks, cannotSay, type Scope, selected, type Value } from './export-scope.js';
import { shapeWriters } from './export-shapes.js';
import { float, int } from './node-writer.js';
import { INT64 } from './tensors.js';

/** Writes the nodes of a layer and names what it gives. */
export type LayerWriter = (scope: Scope, inputs: readonly Value[]) => readonly Value[];

const unchanged: LayerWriter = (_, [x]) => [x as Value];

/** x W + b, then the activation. */
const dense: LayerWriter = (scope, [given]) => {
  const { w, config, name } = scope;
  const x = given as Value;
  const { useBias, units, activation, tiedTo } = config;
  const isRow = x.shape.length === 1;
  const table = tiedTo === undefined ? undefined : tiedTable(scope, tiedTo as string);
  const kernel = table ?? scope.input('kernel');
  const bias = useBias ? [scope.input('bias')] : [];
  const product = isRow
    ? w.node('Gemm', [x.name, kernel, ...bias], table ? { transB: int(1) } : {}, { name })
    : w.node('MatMul', [x.name, table ? w.node('Transpose', [table]) : kernel], {}, { name });
  const sum =
    isRow || bias.length === 0 ? product : w.node('Add', [product, ...bias], {}, { name: `${name}/sum` });
  const y = writeActivation(w, activation as ActivationName, sum, `${name}/activation`);
  return [{ ...x, name: y, shape: [...x.shape.slice(0, -1), units as number], isIds: false }];
};

function tiedTable({ w, weights }: Scope, embedding: string): string {
  const name = `${embedding}/embeddings`;
  const { data, shape } = weights[name] as Tensor;
  return w.floats(name, Float32Array.from(data), shape);
}

const embedding: LayerWriter = (scope, [given]) => {
  const { w, config, name } = scope;
  const x = given as Value;
  const ids = x.isIds
    ? x.name
    : w.node('Cast', [w.node('Squeeze', [x.name, w.ints([-1])])], { to: int(INT64) });
  const own = config.maskZero ? { name: w.call('IdsUnlikeZero', [ids])[0] as string } : undefined;
  const y = w.node('Gather', [scope.input('embeddings'), ids], { axis: int(0) }, { name });
  const shape = [...x.shape.slice(0, -1), config.units as number];
  return [{ name: y, shape, mask: bothMasks(w, x.mask, own) }];
};

const masking: LayerWriter = (scope, [given]) => {
  const { w, config, name } = scope;
  const x = given as Value;
  const [own] = w.call('StepsUnlike', [x.name, w.number(config.maskValue as number)], { name }) as [string];
  const mask = bothMasks(w, x.mask, { name: own });
  const masked = { ...x, mask };
  return [{ ...masked, name: selected(w, masked) }];
};

const dropout: LayerWriter = ({ w, config, name }, [given]) => {
  const x = given as Value;
  return [{ ...x, name: w.node('Dropout', [x.name, w.number(config.rate as number)], {}, { name }) }];
};

/** A weight of `features` numbers, or as many times a number where the layer has none. */
function weightOr(scope: Scope, localName: string, features: number, other: number): string {
  if (scope.weight(localName)) return scope.input(localName);
  return scope.w.floats(
    `${other === 0 ? 'zeros' : 'ones'}/${features}`,
    new Float32Array(features).fill(other),
    [features],
  );
}

const layerNormalization: LayerWriter = (scope, [given]) => {
  const { w, config, name } = scope;
  const x = given as Value;
  const features = x.shape.at(-1) as number;
  const inputs = [x.name, weightOr(scope, 'gamma', features, 1), weightOr(scope, 'beta', features, 0)];
  const attributes = { axis: int(-1), epsilon: float(config.epsilon as number) };
  return [{ ...x, name: w.node('LayerNormalization', inputs, attributes, { name }) }];
};

/** ONNX has the features on axis 1. */
const batchNormalization: LayerWriter = (scope, [given]) => {
  const { w, config, name } = scope;
  const x = given as Value;
  const features = x.shape.at(-1) as number;
  const turned = (value: string) =>
    x.shape.length === 1 ? value : w.node('Transpose', [value], { perm: { kind: 'ints', value: [0, 2, 1] } });
  const inputs = [
    turned(x.name),
    weightOr(scope, 'gamma', features, 1),
    weightOr(scope, 'beta', features, 0),
    scope.input('movingMean'),
    scope.input('movingVariance'),
  ];
  const attributes = { epsilon: float(config.epsilon as number), momentum: float(config.momentum as number) };
  return [{ ...x, name: turned(w.node('BatchNormalization', inputs, attributes, { name })) }];
};

const recurrent: LayerWriter = (scope, inputs) =>
  writeRecurrent(scope, [{ config: scope.config, prefix: '' }], inputs);

const bidirectional: LayerWriter = (scope, inputs) => {
  const {
    layer,
    backwardLayer = layer,
    mergeMode,
  } = scope.config as LayerConfig & Record<string, LayerConfig>;
  const [forward, backward] = [layer, backwardLayer] as [LayerConfig, LayerConfig];
  for (const option of [
    'units',
    'type',
    'useBias',
    'zeroOutputForMask',
    'initialState',
    'resetAfter',
    'activation',
    'recurrentActivation',
    'cellClip',
    'projection',
    'epsilon',
    'zoneoutH',
    'zoneoutC',
  ]) {
    if (forward[option] === backward[option]) continue;
    throw cannotSay(scope, `directions that differ in ${option}`, 'make them alike');
  }
  writerOf({ ...scope, config: { ...forward, name: scope.config.name } });
  const directions = [
    { config: forward, prefix: 'forward/' },
    { config: backward, prefix: 'backward/' },
  ];
  return writeRecurrent(scope, directions, inputs, mergeMode as unknown as string);
};

/** Layers that look at each step by itself need nothing done to be used on all. */
const eachStep = [
  'dense',
  'activation',
  'dropout',
  'gaussianNoise',
  'batchNormalization',
  'layerNormalization',
  'activityRegularization',
];

const timeDistributed: LayerWriter = (scope, inputs) => {
  const layer = scope.config.layer as LayerConfig;
  const inner = scope.inner(layer);
  if (eachStep.includes(layer.type)) return writerOf(inner)(inner, inputs);
  throw cannotSay(scope, `a ${layer.type} inside`, `it may have ${eachStep.join(', ')}`);
};

const writers: Readonly<Record<string, LayerWriter>> = {
  ...shapeWriters,
  input: unchanged,
  dense,
  activation: ({ w, config, name }, [given]) => {
    const x = given as Value;
    return [{ ...x, name: writeActivation(w, config.activation as ActivationName, x.name, name) }];
  },
  embedding,
  masking,
  dropout,
  spatialDropout1d: unchanged,
  gaussianNoise: unchanged,
  activityRegularization: unchanged,
  layerNormalization,
  batchNormalization,
  timeDistributed,
  bidirectional,
  peepholeLstm: recurrent,
  coupledLstm: recurrent,
  ...Object.fromEntries(Object.keys(cells).map((type) => [type, recurrent])),
};

/** @throws ConfigError for a layer that ONNX cannot say */
export function writerOf(scope: Scope): LayerWriter {
  const { config } = scope;
  const found = Object.hasOwn(writers, config.type) ? writers[config.type] : undefined;
  if (found === undefined) {
    throw cannotSay(scope, `the type ${config.type}`, 'take one of the layers that docs/formats.md names');
  }
  if (config.stateful)
    throw cannotSay(scope, 'stateful: true', 'a graph keeps nothing from run to run; leave it out');
  return found;
}
