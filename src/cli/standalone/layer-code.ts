/** What a layer is in a standalone module: an expression that makes it from the functions of runtime/. */
import { ConfigError } from '../../core/errors.js';
import type { Tensor } from '../../core/tensor.js';
import type { LayerConfig } from '../../layers/layer.js';

/** Writes expressions, and notes the weights that they take, in the order in which they do. */
export class LayerWriter {
  readonly taken: Float32Array[] = [];
  /** Why the model cannot take one step at a time; nothing where it can. */
  whyNoStream: string | undefined;

  constructor(
    private readonly weights: Readonly<Record<string, Tensor>>,
    /** What the functions of the runtime are called there. */
    private readonly nameOf: (exported: string) => string,
  ) {}

  /** The expression for a layer; nothing for one that changes nothing once a model is trained. */
  write(config: LayerConfig): string | undefined {
    const { type, name } = config;
    switch (type) {
      case 'input':
      case 'dropout':
      case 'gaussianNoise':
      case 'spatialDropout1d':
      case 'activityRegularization':
        return undefined;
      case 'activation':
        return this.activation(config.activation as string);
      case 'dense':
        return this.dense(config);
      case 'embedding':
        return this.call(
          'embedding',
          config.vocabulary,
          config.units,
          this.weight(`${name}/embeddings`),
          config.maskZero,
        );
      case 'masking':
        return this.call('masking', config.maskValue);
      case 'batchNormalization':
        return this.call(
          'batchNormalization',
          this.weight(`${name}/movingMean`),
          this.weight(`${name}/movingVariance`),
          this.optional(`${name}/gamma`, `${name}/movingMean`, 1),
          this.optional(`${name}/beta`, `${name}/movingMean`, 0),
          config.epsilon,
        );
      case 'layerNormalization': {
        const given = `${name}/gamma` in this.weights ? `${name}/gamma` : `${name}/beta`;
        if (!(given in this.weights)) break;
        return this.call(
          'layerNormalization',
          this.optional(`${name}/gamma`, given, 1),
          this.optional(`${name}/beta`, given, 0),
          config.epsilon,
        );
      }
      case 'globalAveragePooling1d':
      case 'globalMaxPooling1d':
        this.whyNoStream ??= `${name} looks at all steps at once`;
        return this.nameOf(type === 'globalMaxPooling1d' ? 'maxPooling' : 'averagePooling');
      case 'repeatVector':
        this.whyNoStream ??= `${name} makes several steps of one`;
        return this.call('repeatVector', config.times);
      case 'lstm':
      case 'gru':
      case 'simpleRnn':
        return this.recurrent(config, name);
      case 'bidirectional':
        return this.bidirectional(config);
    }
    throw new ConfigError(
      `${name} is ${type}, of which no standalone module can be made: it knows chains of lstm, gru, simpleRnn, bidirectional, ` +
        'dense, embedding, activation, masking, normalization, pooling, repeatVector and dropout',
    );
  }

  private dense(config: LayerConfig): string {
    const { name, units } = config;
    if (config.tiedTo !== undefined)
      throw new ConfigError(`${name} is tied to ${config.tiedTo}: a standalone module has no such layer`);
    const product = this.call(
      'dense',
      units,
      this.weight(`${name}/kernel`),
      this.orZeros(`${name}/bias`, units as number),
    );
    if (config.activation === 'linear') return product;
    return `${product},\n  ${this.activation(config.activation as string)}`;
  }

  private activation(name: string): string {
    return name === 'softmax' ? this.nameOf('softmax') : this.call('elementwise', this.nameOf(name));
  }

  private recurrent(config: LayerConfig, at: string): string {
    const { returnState, returnSequences, stateful } = config;
    if (returnState || stateful) {
      const option = returnState ? 'returnState' : 'stateful';
      throw new ConfigError(`${at} has ${option}: true, which a standalone module has no place for`);
    }
    let layer = this.call('recurrent', this.cell(config, at), returnSequences);
    if (config.goBackwards) {
      this.whyNoStream ??= `${at} goes backwards, from the last step to the first`;
      layer = this.call('backwards', layer);
    }
    return config.zeroOutputForMask ? this.call('zeroMasked', layer) : layer;
  }

  private cell(config: LayerConfig, at: string): string {
    const { type, activation, recurrentActivation } = config;
    const units = config.units as number;
    const states = type === 'lstm' ? ['H', 'C'] : ['H'];
    const biasWidth = type === 'lstm' ? 4 : type === 'simpleRnn' ? 1 : config.resetAfter ? 6 : 3;
    const weights =
      `{ kernel: ${this.weight(`${at}/kernel`)}, recurrentKernel: ${this.weight(`${at}/recurrentKernel`)}, ` +
      `bias: ${this.orZeros(`${at}/bias`, biasWidth * units)}, ` +
      `begin: [${states.map((state) => this.orZeros(`${at}/initial${state}`, units)).join(', ')}] }`;
    const squash = this.nameOf(activation as string);
    if (type === 'simpleRnn') return this.call('simpleRnn', units, weights, squash);
    const gate = this.nameOf(recurrentActivation as string);
    if (type === 'gru')
      return this.call(config.resetAfter ? 'gru' : 'gruResetBefore', units, weights, squash, gate);
    const isPlain =
      activation === 'tanh' && recurrentActivation === 'sigmoid' && config.cellClip === undefined;
    if (isPlain) return this.call('plainLstm', units, weights);
    return this.call('lstm', units, weights, squash, gate, config.cellClip ?? 'Infinity');
  }

  private bidirectional(config: LayerConfig): string {
    const { name } = config;
    const inner = config.layer as LayerConfig;
    const backward = (config.backwardLayer ?? { ...inner, goBackwards: true }) as LayerConfig;
    this.whyNoStream ??= `${name} reads a sequence from its end too`;
    const merges: Readonly<Record<string, string>> = {
      concat: this.nameOf('sideBySide'),
      sum: this.call('summed', 1),
      ave: this.call('summed', 0.5),
      mul: this.nameOf('multiplied'),
    };
    const merge = merges[config.mergeMode as string];
    if (merge === undefined) {
      throw new ConfigError(
        `${name} has two outputs, mergeMode 'none', which a standalone module has no place for`,
      );
    }
    const directions = [
      this.recurrent(inner, `${name}/forward`),
      this.recurrent(backward, `${name}/backward`),
    ];
    return this.call('bidirectional', ...directions, merge);
  }

  private call(exported: string, ...values: unknown[]): string {
    return `${this.nameOf(exported)}(${values.join(', ')})`;
  }

  private weight(name: string): string {
    const { data } = this.weights[name] as Tensor;
    this.taken.push(data as Float32Array);
    return `take(${data.length})`;
  }

  private orZeros(name: string, count: number): string {
    return name in this.weights ? this.weight(name) : `new Float32Array(${count})`;
  }

  /** A weight, or as many numbers as `like` has. */
  private optional(name: string, like: string, value: number): string {
    if (name in this.weights) return this.weight(name);
    return `new Float32Array(${this.weights[like]?.data.length}).fill(${value})`;
  }
}
