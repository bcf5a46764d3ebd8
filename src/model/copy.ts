/** A copy of a model to look into, so that the one that is looked at stays as it is. */
import type { Precision } from '../backend/memory.js';
import {
  type FloatTensor,
  readSafetensors,
  type StoredTensor,
  writeSafetensors,
} from '../core/safetensors.js';
import type { FloatArray } from '../core/tensor.js';
import { sgd } from '../training/optimizers/sgd.js';
import type { Compiled, CompiledOutput } from './compiled.js';
import type { Model } from './model.js';
import { deserializeModel, serializeModel } from './model-file.js';
import type { CompileOptions } from './options.js';
import type { SymbolicPorts } from './ports.js';

/** The same layers with the same weights in this precision; an update of it changes nothing. */
export function copyToLookInto<I extends SymbolicPorts, O extends SymbolicPorts>(
  model: Model<FloatArray, I, O>,
  { outputs }: Compiled,
  precision: Precision,
): Model<FloatArray, I, O> {
  const { tensors, metadata } = readSafetensors(
    serializeModel(model as unknown as Model<FloatArray>, { includeOptimizer: false }),
  );
  const stored = JSON.parse(metadata['longhand.model'] as string);
  const backend = precision === 'float64' ? 'reference' : stored.backend;
  const copied = new Map<string, StoredTensor>();
  for (const [name, tensor] of tensors) {
    const { shape, data } = tensor as FloatTensor;
    copied.set(
      name,
      precision === 'float64'
        ? { dtype: 'F64', shape, data: Float64Array.from(data) }
        : { dtype: 'F32', shape, data: Float32Array.from(data) },
    );
  }
  const description = JSON.stringify({ ...stored, precision, backend });
  const copy = deserializeModel<Model<FloatArray>>(
    writeSafetensors(copied, { ...metadata, 'longhand.model': description }),
  );
  copy.layers.forEach((layer, i) => {
    layer.trainable = model.layers[i]?.trainable ?? true;
  });
  const { outputPorts } = copy.internals;
  const each = (what: (output: CompiledOutput) => unknown) =>
    outputPorts.write(
      outputPorts.names.map((_, i) => {
        const output = outputs.find((one) => one.output === i);
        return output && what(output);
      }),
    );
  copy.compile({
    optimizer: sgd({ learningRate: 0 }),
    loss: each(({ loss }) => loss),
    lossWeights: each(({ weight }) => weight),
  } as CompileOptions<SymbolicPorts>);
  return copy as unknown as Model<FloatArray, I, O>;
}
