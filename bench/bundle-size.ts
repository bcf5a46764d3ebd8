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
  /**
   * The most bytes that it may take, compressed. It is a ceiling over what is, not the aim, which is 25,000: a name such
   * as `'adam'` may be any optimizer's, so that `compile` brings all optimizers, schedules, losses and metrics along.
   */
  readonly budget: number;
}

/** The program of the README, its data left out. */
const text = `
  import { adam, dense, lstm, sequential } from 'longhand';
  export async function run(x, y) {
    const model = sequential([lstm(16), dense(1, { activation: 'sigmoid' })], { seed: 42 });
    model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'binaryCrossentropy', metrics: ['accuracy'] });
    await model.fit(x, y, { epochs: 15, validationSplit: 0.2 });
    return model.predict(x);
  }`;

export const programs: readonly Program[] = [{ name: 'with the embedded kernels', text, budget: 75_000 }];

/** Bundles a program that imports from 'longhand', from the sources of the project that lies in `root`. */
export async function bundleSize(program: string, root: string): Promise<BundleSize> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: root },
    absWorkingDir: root,
    alias: { longhand: './src/index.ts' },
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
