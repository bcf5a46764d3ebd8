/**
 * A model as one ES module: its weights, the kernels that its layers need and no others, a `predict` and, where it can take
 * one step at a time, a `push`. It imports nothing and runs wherever JavaScript does; its answers are those of the
 * reference backend, to the bit, since the kernels are the same.
 */
import { ConfigError } from '../../core/errors.js';
import { formatShape } from '../../core/tensor.js';
import { Sequential } from '../../model/sequential.js';
import { codeFor, readCode } from './code.js';
import { LayerWriter } from './layer-code.js';

/**
 * @param runtime  the bundled script of runtime/
 * @throws ConfigError for a model that is not a chain of layers with one output, is not built, or has a layer that no such
 *   module knows
 */
export function standaloneModule(model: unknown, runtime: string): string {
  if (!(model instanceof Sequential)) {
    throw new ConfigError(
      'a standalone module is made of a chain of layers, sequential([...]), and the model is a graph',
    );
  }
  if (model.precision !== 'float32') {
    throw new ConfigError(`a standalone module computes in float32 and the model in ${model.precision}`);
  }
  const [inputShape] = model.internals.network?.inputShapes ?? [];
  if (inputShape === undefined) throw new ConfigError('the model has no weights yet: train it first');
  const code = readCode(runtime);
  const nameOf = (exported: string) => code.exports.get(exported) as string;
  const writer = new LayerWriter(model.getWeights(), nameOf);
  const layers = model.layers.flatMap((layer) => writer.write(layer.config()) ?? []);
  const hasSteps = inputShape.length === 2;
  const width = inputShape.at(-1) as number;
  const takesIds = model.layers.find(({ type }) => type !== 'input')?.type === 'embedding';
  const read = `${nameOf(hasSteps ? 'sequence' : 'features')}(row, ${width}, \`row \${i}\`)`;
  const streams = hasSteps && writer.whyNoStream === undefined;
  const rows = hasSteps ? (takesIds ? 'steps of ids' : `steps of ${width} numbers`) : `${width} numbers`;
  const own = [
    `const take = ${nameOf('weightReader')}(WEIGHTS);`,
    `const layers = [\n${layers.map((layer) => `  ${layer},`).join('\n')}\n];`,
    '',
    `/** The outputs for rows of ${rows}, each of any length. */`,
    `export function predict(rows) {\n  return Array.from(rows, (row, i) => ${nameOf('run')}(layers, ${read}));\n}`,
    ...(streams
      ? [
          '',
          '/** `push(step)` gives the outputs for the next step of a sequence, `reset()` begins a new one. */',
          `export const { push, reset } = ${nameOf('stream')}(layers, (step) => ${nameOf('sequence')}([step], ${width}, 'the step'));`,
        ]
      : []),
  ].join('\n');
  const output = formatShape([null, ...(model.internals.network?.outputShapes[0] ?? [])]);
  const chain = model.layers.map((layer) => layer.name).join(', ');
  return [
    '/**',
    ` * ${chain}: ${model.countParams().toLocaleString('en-US')} weights, made by Longhand (MIT License).`,
    ` * predict(rows) gives ${output} for rows of ${rows}${streams ? '; push(step) goes on by one step' : ''}.`,
    ' */',
    codeFor(code, own),
    '',
    `const WEIGHTS = '${base64(writer.taken)}';`,
    own,
    '',
  ].join('\n');
}

/** Little-endian, one array behind the other. */
function base64(arrays: readonly Float32Array[]): string {
  const count = arrays.reduce((sum, { length }) => sum + length, 0);
  const view = new DataView(new ArrayBuffer(4 * count));
  let at = 0;
  for (const array of arrays) for (const value of array) view.setFloat32(4 * at++, value, true);
  return Buffer.from(view.buffer).toString('base64');
}
