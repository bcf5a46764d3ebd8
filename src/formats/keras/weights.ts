/** Where each weight of a model is kept: which layer of the other system it belongs to, and what it is called there. */
import { FormatError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import { type FloatArray, formatShape, type Shape, sizeOf, type Tensor } from '../../core/tensor.js';
import type { LayerConfig } from '../../layers/layer.js';
import type { Model } from '../../model/model.js';
import { counterparts } from './counterparts.js';

export interface WeightPlace {
  /** The weight's name here: `lstm_1/kernel`. */
  readonly name: string;
  readonly shape: Shape;
  readonly layer: string;
  /** Of a bidirectional layer. */
  readonly direction: 'forward' | 'backward' | undefined;
  /** What it is called there, and its place among the weights of its layer. */
  readonly theirs: string;
  readonly index: number;
  /** Whether it belongs to a cell, and whether its layer is inside one that applies it to every step. */
  readonly isRecurrent: boolean;
  readonly isWrapped: boolean;
}

/** The places of all weights, in the order of the layers. */
export function weightPlaces(model: Model<FloatArray>): WeightPlace[] {
  const weights = model.getWeights();
  return model.layers.flatMap((layer) => {
    const config = layer.config();
    return parts(config).flatMap(({ inner, prefix, direction }) => {
      const names = counterparts[inner.type]?.weights ?? [];
      const own = names.filter(([ours]) => Object.hasOwn(weights, `${config.name}/${prefix}${ours}`));
      return own.map(([ours, theirs], index): WeightPlace => {
        const name = `${config.name}/${prefix}${ours}`;
        return {
          name,
          shape: (weights[name] as Tensor).shape,
          layer: config.name,
          direction,
          theirs,
          index,
          isRecurrent: ['lstm', 'gru', 'simpleRnn'].includes(inner.type),
          isWrapped: config.type === 'timeDistributed',
        };
      });
    });
  });
}

interface Part {
  readonly inner: LayerConfig;
  readonly prefix: string;
  readonly direction: 'forward' | 'backward' | undefined;
}

function parts(config: LayerConfig): Part[] {
  const layer = config.layer as LayerConfig;
  if (config.type === 'timeDistributed')
    return [{ inner: layer, prefix: `${layer.name || layer.type}/`, direction: undefined }];
  if (config.type !== 'bidirectional') return [{ inner: config, prefix: '', direction: undefined }];
  const backward = (config.backwardLayer ?? layer) as LayerConfig;
  return [
    { inner: layer, prefix: 'forward/', direction: 'forward' },
    { inner: backward, prefix: 'backward/', direction: 'backward' },
  ];
}

/** Gives the model the weights that `find` has for each place. @throws FormatError when one is missing or has another shape */
export function takeWeights(
  model: Model<FloatArray>,
  find: (place: WeightPlace) => Tensor | undefined,
): void {
  const weights: Record<string, Tensor> = Object.create(null);
  for (const place of weightPlaces(model)) {
    const found = find(place);
    const what = `${describe(place.theirs).slice(1, -1)} of the layer '${place.layer}'`;
    if (found === undefined) throw new FormatError(`the file lacks the ${what}, ${formatShape(place.shape)}`);
    const isSame = sizeOf(found.shape) === sizeOf(place.shape) && found.shape.at(-1) === place.shape.at(-1);
    // A single number has no axis there.
    if (!isSame && !(found.shape.length === 0 && sizeOf(place.shape) === 1))
      throw new FormatError(
        `the ${what} is ${formatShape(found.shape)} where it should be ${formatShape(place.shape)}`,
      );
    weights[place.name] = { data: found.data, shape: place.shape };
  }
  model.setWeights(weights as never);
}
