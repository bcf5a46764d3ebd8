/**
 * State dicts beside PyTorch. Random modules, stacked and in both directions, go out as `.pt` and as safetensors and are
 * loaded strictly there; of the same modules PyTorch draws weights of its own and writes them, and they come in. Either
 * way both have to give the same outputs. PYTHON names the interpreter that has PyTorch, /usr/bin/python3 by default.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '../../src/core/random.js';
import {
  fromTorchStateDict,
  readSafetensors,
  readTorchFile,
  type StateDict,
  toTorchStateDict,
  writeSafetensors,
  writeTorchFile,
} from '../../src/formats/index.js';
import {
  batchNormalization,
  bidirectional,
  dense,
  embedding,
  type FloatArray,
  gru,
  type Layer,
  layerNormalization,
  lstm,
  type Model,
  projectedLstm,
  type Sequential,
  sequential,
  simpleRnn,
} from '../../src/index.js';
import type { ComparisonOptions, Finding } from './main.js';

/** Where the script lies, seen from where this is compiled to. */
const SCRIPT = fileURLToPath(new URL('../../../bench/interop/pytorch.py', import.meta.url));

/** Single precision differs by rounding, in sums of another order; double precision hardly. */
const BOUNDS = { float32: 1e-6, float64: 1e-12 } as const;

type Precision = keyof typeof BOUNDS;

const FORMATS = { pt: '.pt', safetensors: 'safetensors' } as const;

/** A module of PyTorch; one that is recurrent is several layers of ours. */
interface ModuleSpec {
  readonly name: string;
  readonly kind: 'embedding' | 'lstm' | 'gru' | 'rnn' | 'batchNorm' | 'layerNorm' | 'linear';
  readonly inputs: number;
  readonly units: number;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly bias: boolean;
  /** 0 is none. */
  readonly projection: number;
  readonly nonlinearity: 'tanh' | 'relu';
}

interface Case {
  readonly precision: Precision;
  readonly modules: readonly ModuleSpec[];
  /** [rows, steps], or with features. */
  readonly x: number[][] | number[][][];
}

interface Result {
  readonly pt: number[];
  readonly safetensors?: number[];
  readonly theirs: number[];
}

const NORMALIZED = { epsilon: 1e-5 };

export async function comparePytorch({ runs, seed }: ComparisonOptions): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), 'longhand-interop-'));
  try {
    const random = new Random(seed, 31);
    const cases = Array.from({ length: runs }, (_, i) =>
      drawCase(random, i % 2 === 0 ? 'float32' : 'float64'),
    );
    const models = cases.map((one, i) => buildModel(one, seed + i));
    models.forEach(({ built, names }, i) => {
      const stateDict = toTorchStateDict(built as unknown as Model<FloatArray>, { names });
      writeFileSync(join(folder, `ours-${i}.pt`), writeTorchFile(stateDict));
      writeFileSync(join(folder, `ours-${i}.safetensors`), writeSafetensors(stateDict));
    });
    writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
    const missing = runPython(folder);
    if (missing !== undefined) return [{ name: 'PyTorch', models: 0, worst: 0, bound: 0, missing }];
    return await findings(folder, cases, models);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Lets PyTorch do its part; why it cannot, where it is not there. */
function runPython(folder: string): string | undefined {
  const program = process.env.PYTHON ?? '/usr/bin/python3';
  if (spawnSync(program, ['-c', 'import torch']).status !== 0) {
    return `${program} has no PyTorch: PYTHON names one that has (Debian's python3-torch with libopenblas0-pthread)`;
  }
  const { status, stderr } = spawnSync(program, [SCRIPT, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`pytorch.py failed: ${stderr.slice(-2000)}`);
  return undefined;
}

interface BuiltModel {
  readonly built: Sequential<FloatArray>;
  readonly names: Readonly<Record<string, string>>;
}

async function findings(
  folder: string,
  cases: readonly Case[],
  models: readonly BuiltModel[],
): Promise<Finding[]> {
  const { torch, hasSafetensors, results } = JSON.parse(
    readFileSync(join(folder, 'results.json'), 'utf8'),
  ) as {
    torch: string;
    hasSafetensors: boolean;
    results: Result[];
  };
  const found: Finding[] = [];
  for (const format of ['pt', 'safetensors'] as const) {
    const name = FORMATS[format];
    if (format === 'safetensors' && !hasSafetensors) {
      const missing = 'this Python has no safetensors: pip install safetensors';
      found.push({ name: `PyTorch ${torch}, ${name}`, models: 0, worst: 0, bound: 0, missing });
      continue;
    }
    for (const precision of ['float32', 'float64'] as const) {
      const chosen = cases.flatMap((one, i) => (one.precision === precision ? [i] : []));
      let [out, back] = [0, 0];
      for (const i of chosen) {
        const { x } = cases[i] as Case;
        const { built, names } = models[i] as BuiltModel;
        const result = results[i] as Result;
        out = Math.max(out, worstDifference(built.predict(x).data, result[format] as number[]));
        const stateDict = await readTheirs(folder, i, format);
        const other = built as unknown as Model<FloatArray>;
        const own = built.getWeights();
        built.setWeights(fromTorchStateDict(stateDict, other, { names }));
        back = Math.max(back, worstDifference(built.predict(x).data, result.theirs));
        built.setWeights(own);
      }
      const row = { models: chosen.length, bound: BOUNDS[precision] };
      found.push({ ...row, name: `to PyTorch ${torch} as ${name}, ${precision}`, worst: out });
      found.push({ ...row, name: `from PyTorch ${torch} as ${name}, ${precision}`, worst: back });
    }
  }
  return found;
}

async function readTheirs(folder: string, i: number, format: keyof typeof FORMATS): Promise<StateDict> {
  const bytes = new Uint8Array(readFileSync(join(folder, `theirs-${i}.${format}`)));
  return format === 'pt' ? readTorchFile(bytes) : readSafetensors(bytes).tensors;
}

/** Relative to numbers above 1. */
function worstDifference(ours: FloatArray, theirs: readonly number[]): number {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  theirs.forEach((value, i) => {
    const difference = Math.abs((ours[i] as number) - value) / Math.max(1, Math.abs(value));
    worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference);
  });
  return worst;
}

/** One to four modules, now and then behind an embedding, and a head. */
function drawCase(random: Random, precision: Precision): Case {
  const [rows, steps] = [1 + random.below(3), 1 + random.below(6)];
  const isText = random.below(3) === 0;
  const vocabulary = 3 + random.below(8);
  let width = 1 + random.below(5);
  const modules: ModuleSpec[] = [];
  const add = (kind: ModuleSpec['kind'], inputs: number, units: number, more: Partial<ModuleSpec> = {}) => {
    const common = {
      layers: 1,
      bidirectional: false,
      bias: true,
      projection: 0,
      nonlinearity: 'tanh',
    } as const;
    modules.push({ ...common, ...more, kind, inputs, units, name: `${kind}${modules.length}` });
  };
  const features = width;
  if (isText) add('embedding', vocabulary, width);
  for (let count = 1 + random.below(3); count > 0; count--) {
    const kind = (['lstm', 'gru', 'rnn', 'lstm', 'batchNorm', 'layerNorm'] as const)[
      random.below(6)
    ] as ModuleSpec['kind'];
    if (kind === 'batchNorm' || kind === 'layerNorm') {
      // The variance of few numbers may be next to nothing, and what is divided by it is mostly rounding.
      if (kind === 'batchNorm' || width >= 4) add(kind, width, width);
      continue;
    }
    const units = 2 + random.below(5);
    const isBoth = random.below(2) === 0;
    const projection = kind === 'lstm' && random.below(3) === 0 ? 1 + random.below(units - 1) : 0;
    add(kind, width, units, {
      layers: 1 + random.below(3),
      bidirectional: isBoth,
      bias: random.below(4) > 0,
      projection,
      nonlinearity: random.below(2) === 0 ? 'tanh' : 'relu',
    });
    width = (projection || units) * (isBoth ? 2 : 1);
  }
  add('linear', width, 1 + random.below(3), { bias: random.below(4) > 0 });
  const numbers = <T>(make: () => T) =>
    Array.from({ length: rows }, () => Array.from({ length: steps }, make));
  const x = isText
    ? numbers(() => random.below(vocabulary))
    : numbers(() => Array.from({ length: features }, () => Math.fround(random.normal())));
  return { precision, modules, x };
}

/** The same in layers, with weights that are all different, and which module each layer is of. */
function buildModel({ precision, modules, x }: Case, seed: number): BuiltModel {
  const layers: Layer[] = [];
  const names: Record<string, string> = {};
  for (const module of modules) {
    for (const layer of layersOf(module)) {
      names[layer.name] = module.name;
      layers.push(layer);
    }
  }
  const features = Array.isArray(x[0]?.[0]) ? x[0][0].length : 1;
  const options = { seed, precision: precision as 'float64' };
  const built = sequential(layers, options).build([null, features]) as unknown as Sequential<FloatArray>;
  const random = new Random(seed, 32);
  const weights = built.getWeights();
  for (const [name, { data }] of Object.entries(weights)) {
    const isVariance = name.endsWith('Variance');
    for (let k = 0; k < data.length; k++)
      data[k] = isVariance ? 0.5 + random.uniform() : 0.4 * random.normal();
  }
  built.setWeights(weights);
  return { built, names };
}

function layersOf(module: ModuleSpec): Layer[] {
  const { kind, units, bias: useBias, projection, nonlinearity, inputs } = module;
  const name = `our_${module.name}`;
  if (kind === 'embedding') return [embedding(inputs, units, { name })];
  if (kind === 'linear') return [dense(units, { name, useBias })];
  if (kind === 'batchNorm') return [batchNormalization({ name, ...NORMALIZED })];
  if (kind === 'layerNorm') return [layerNormalization({ name, ...NORMALIZED })];
  return Array.from({ length: module.layers }, (_, i) => {
    const options = {
      useBias,
      returnSequences: true,
      ...(module.bidirectional ? {} : { name: `${name}_${i}` }),
    };
    const layer =
      kind === 'gru'
        ? gru(units, options)
        : kind === 'rnn'
          ? simpleRnn(units, { ...options, activation: nonlinearity })
          : projection > 0
            ? projectedLstm(units, projection, options)
            : lstm(units, options);
    return module.bidirectional ? bidirectional(layer, { name: `${name}_${i}` }) : layer;
  });
}
