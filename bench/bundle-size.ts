/**
 * What a program that trains and predicts with an LSTM and a Dense takes in a browser: bundled with all that it
 * imports, minified (esbuild), compressed (gzip, level 9).
 */
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

export interface BundleSize {
  /** Bytes of the program as it is sent, compressed. */
  readonly compressed: number;
  /** Bytes before compression. */
  readonly minified: number;
  /** How many of them each file gives, the largest first; none of which nothing is left. */
  readonly files: readonly (readonly [path: string, bytes: number])[];
}

export interface Program {
  readonly name: string;
  readonly text: string;
  /** The most bytes that it may take, compressed. */
  readonly budget: number;
  /** How few it should take. */
  readonly bar?: number;
}

/** The program of the README, its data left out. */
const main = `
  import { adam, dense, lstm, sequential } from 'longhand';
  export async function run(x, y) {
    const model = sequential([lstm(16), dense(1, { activation: 'sigmoid' })], { seed: 42 });
    model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'binaryCrossentropy', metrics: ['accuracy'] });
    await model.fit(x, y, { epochs: 15, validationSplit: 0.2 });
    return model.predict(x);
  }`;

/** The same of the lean entry, on these kernels. */
const lean = (imports: string, backend: string) => `
  import { accuracy, adam, binaryCrossentropy, dense, lstm, sequential, sigmoid } from 'longhand/lean';
  import { ${imports} } from 'longhand/lean';
  export async function run(x, y) {
    const layers = [lstm(16), dense(1, { activation: sigmoid })];
    const model = sequential(layers, { seed: 42, backend: ${backend} });
    const optimizer = adam({ learningRate: 0.01 });
    model.compile({ optimizer, loss: binaryCrossentropy(), metrics: [accuracy()] });
    await model.fit(x, y, { epochs: 15, validationSplit: 0.2 });
    return model.predict(x);
  }`;

/**
 * A name such as `'adam'` may be any optimizer's, so that the main entry brings all optimizers, schedules, losses and
 * metrics along: its budget is a ceiling over what is, so that it does not grow unseen.
 */
export const programs: readonly Program[] = [
  {
    name: 'of the lean entry, with the embedded kernels',
    text: lean('fastest, reference, relaxedSimd, simd', 'fastest(relaxedSimd, simd, reference)'),
    budget: 28_700,
    bar: 25_000,
  },
  {
    name: 'of the lean entry, on the reference kernels',
    text: lean('reference', 'reference'),
    budget: 21_200,
    bar: 15_000,
  },
  { name: 'of the main entry, with the embedded kernels', text: main, budget: 74_000 },
];

/** Bundles a program that imports from 'longhand' or 'longhand/lean', from the sources of the project that lies in `root`. */
export async function bundleSize(program: string, root: string): Promise<BundleSize> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: root },
    absWorkingDir: root,
    alias: { 'longhand/lean': './src/lean.ts', longhand: './src/index.ts' },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'esm',
  });
  const [output] = outputFiles;
  const contents = output?.contents ?? new Uint8Array();
  const inputs = Object.entries(Object.values(metafile.outputs)[0]?.inputs ?? {});
  const files = inputs.map(([path, { bytesInOutput }]) => [path, bytesInOutput] as const);
  return {
    compressed: gzipSync(contents, { level: 9 }).length,
    minified: contents.length,
    files: files.filter(([, bytes]) => bytes > 0).sort(([, a], [, b]) => b - a),
  };
}

/** A table of where the bytes come from. */
export function formatSize({ name, budget }: Program, { compressed, minified, files }: BundleSize): string {
  const row = (bytes: number, what: string) => `${bytes.toLocaleString('en-US').padStart(9)}  ${what}`;
  const total = `${name}: ${compressed.toLocaleString('en-US')} bytes of ${budget.toLocaleString('en-US')} allowed`;
  return [total, row(minified, 'before compression'), ...files.map(([path, bytes]) => row(bytes, path))].join(
    '\n',
  );
}
