/** What `import ... from 'longhand'` brings along: no Node, no other package, and nothing that is not used. */
import { createContext, runInContext } from 'node:vm';
import { type BuildOptions, type BuildResult, build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { importsOf, ROOT, readSources, resolveImport } from './support.js';

/** The files that an entry reaches, and what it imports from outside the project. */
function reach(
  sources: ReadonlyMap<string, string>,
  entry: string,
): { files: Set<string>; outside: string[] } {
  const files = new Set([entry]);
  const outside: string[] = [];
  for (const file of files) {
    for (const { specifier, line } of importsOf(sources.get(file) ?? '')) {
      if (specifier.startsWith('.')) files.add(resolveImport(file, specifier));
      else outside.push(`${file}:${line} imports ${specifier}`);
    }
  }
  return { files, outside };
}

type Bundle = BuildResult<{ write: false; metafile: true }>;

/** A program that imports from 'longhand', bundled for a browser from the sources as an application would be. */
function bundle(program: string, options: BuildOptions = {}): Promise<Bundle> {
  return build({
    stdin: { contents: program, resolveDir: ROOT },
    absWorkingDir: ROOT,
    alias: { longhand: './src/index.ts' },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'esm',
    logLevel: 'silent',
    ...options,
  });
}

const textOf = ({ outputFiles }: Bundle) => outputFiles[0]?.text ?? '';

/** The files of which something is left in the bundle. */
function filesLeft({ metafile }: Bundle): string[] {
  const inputs = Object.values(metafile.outputs)[0]?.inputs ?? {};
  return Object.keys(inputs).filter((path) => (inputs[path]?.bytesInOutput ?? 0) > 0 && path !== '<stdin>');
}

describe('the import graph', () => {
  const sources = readSources();

  test.each(['src/index.ts', 'src/lean.ts', 'src/formats/index.ts', 'src/kernels/index.ts'])(
    'of %s reaches no module of Node and no package',
    (entry) => {
      expect(sources.has(entry), `${entry} is missing`).toBe(true);
      const { files, outside } = reach(sources, entry);
      expect(outside).toEqual([]);
      expect(files.size).toBeGreaterThan(1);
    },
  );

  test('of the kernels stays on the two lowest floors', () => {
    const { files } = reach(sources, 'src/kernels/index.ts');
    expect([...files].filter((path) => !/^src\/(kernels|core)\//.test(path))).toEqual([]);
  });

  test('is followed to its end', () => {
    const made = new Map([
      ['src/index.ts', "export * from './model/m.js';"],
      ['src/model/m.ts', "import './n.js';\nexport type { A } from 'pkg';"],
      ['src/model/n.ts', "import '../index.js';\n\nimport { readFile } from 'node:fs/promises';"],
    ]);
    expect(reach(made, 'src/index.ts').outside).toEqual([
      'src/model/m.ts:2 imports pkg',
      'src/model/n.ts:3 imports node:fs/promises',
    ]);
  });
});

describe('in a browser', () => {
  test('loading the whole library changes nothing, which `sideEffects: false` promises', async () => {
    const everything = await bundle("export * from 'longhand';", { format: 'iife', globalName: 'longhand' });
    expect(everything.warnings).toEqual([]);
    const context = createContext({});
    const names = () => runInContext('Reflect.ownKeys(globalThis).map(String)', context) as string[];
    const before = names();
    runInContext(textOf(everything), context);
    expect(names().filter((name) => !before.includes(name))).toEqual(['longhand']);
  });

  test('it trains, predicts, saves and loads with nothing there but the language, a clock and UTF-8', async () => {
    const everything = await bundle("export * from 'longhand';", { format: 'iife', globalName: 'longhand' });
    const context = createContext({ setTimeout, clearTimeout, performance, TextEncoder, TextDecoder });
    runInContext(textOf(everything), context);
    const program = `(async () => {
      const { sequential, lstm, dense, serializeModel, deserializeModel } = longhand;
      const model = sequential([lstm(2), dense(1, { activation: 'sigmoid' })], { seed: 1 });
      model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' });
      const x = [[[1], [2]], [[3]], [[2], [1]], [[0], [1]]];
      await model.fit(x, [1, 0, 1, 0], { epochs: 2, batchSize: 2, verbose: 0 });
      const loaded = deserializeModel(serializeModel(model));
      return [model, loaded].map((one) => one.predict(x)).map(({ data, shape }) => shape.join() + ': ' + data.join());
    })()`;
    const [trained, loaded] = (await runInContext(program, context)) as [string, string];
    expect(trained).toMatch(/^4,1: 0\.\d+,0\.\d+,0\.\d+,0\.\d+$/);
    expect(loaded).toEqual(trained);
  });
});

describe('what is not used falls out', () => {
  test('of `import { lstm }`: the model, training, data and their words', async () => {
    const all = await bundle("export * from 'longhand';");
    const one = await bundle("import { lstm } from 'longhand';\nglobalThis.layer = lstm(4);");
    expect(filesLeft(one)).toContain('src/layers/lstm.ts');
    expect(filesLeft(one).filter((path) => !/^src\/(core|kernels|backend|layers)\//.test(path))).toEqual([]);
    expect(filesLeft(one)).not.toContain('src/layers/dense.ts');
    // Words that minification leaves alone: of Adam and SGD, the metrics, the losses, saving and fit.
    const words = ['beta2', 'nesterov', 'binaryAccuracy', 'huber', '__metadata__', 'validationSplit'];
    expect(words.filter((word) => !textOf(all).includes(word))).toEqual([]);
    expect(words.filter((word) => textOf(one).includes(word))).toEqual([]);
    expect(textOf(one).length).toBeGreaterThan(1000);
    expect(textOf(one).length).toBeLessThan(0.5 * textOf(all).length);
  });

  test('of an import of nothing: everything', async () => {
    const none = await bundle("import 'longhand';\nimport * as unused from 'longhand';");
    expect(textOf(none).trim()).toBe('');
  });

  test('of all exports together: the command line', async () => {
    const all = await bundle("export * from 'longhand';");
    expect(filesLeft(all).filter((path) => /^src\/(cli|node|formats)\//.test(path))).toEqual([]);
  });
});
