/** The package as a stranger gets it: packed, installed in an empty folder, imported, compiled against. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT, read, run, runNode, runTsc, temporaryFolder, writeFiles } from './support.js';

const folder = temporaryFolder();
const installed = join(folder, 'node_modules/longhand');
let files: string[] = [];

describe('package.json', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, unknown>;

  test('depends on nothing and runs nothing when it is installed', () => {
    const needs = ['dependencies', 'optionalDependencies', 'bundleDependencies'];
    expect(needs.filter((name) => name in manifest)).toEqual([]);
    // What reads Keras's HDF5 is installed by whoever has such files.
    expect(Object.keys(manifest.peerDependencies as object)).toEqual(['h5wasm']);
    expect(manifest.peerDependenciesMeta).toEqual({ h5wasm: { optional: true } });
    const scripts = Object.keys(manifest.scripts as object);
    expect(scripts.filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([]);
  });

  test('is an ES module without side effects under MIT', () => {
    const { name, type, sideEffects, license } = manifest;
    expect({ name, type, sideEffects, license }).toEqual({
      name: 'longhand',
      type: 'module',
      sideEffects: false,
      license: 'MIT',
    });
  });

  test('exports the entries of the design and no other way in', () => {
    const entry = (path: string) => ({
      types: `./dist/${path}.d.ts`,
      node: `./dist/bundle/${path}.js`,
      default: `./dist/${path}.js`,
    });
    expect(manifest.exports).toEqual({
      '.': entry('index'),
      './lean': entry('lean'),
      './node': entry('node/index'),
      './formats': entry('formats/index'),
      './kernels': entry('kernels/index'),
      './package.json': './package.json',
    });
  });
});

describe('packed and installed', () => {
  beforeAll(async () => {
    expect(existsSync(join(ROOT, 'dist/index.js')), 'there is no dist: run `npm run build` first').toBe(true);
    writeFiles(folder, { 'package.json': '{ "name": "stranger", "type": "module", "private": true }' });
    const packed = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], ROOT);
    expect(packed.code, packed.stderr).toBe(0);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) as string;
    const flags = ['--offline', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
    const result = await run('npm', ['install', ...flags, `./${tarball}`], folder);
    expect(result.code, result.stderr).toBe(0);
    files = readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(installed, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  });

  describe('the tarball', () => {
    test('holds the build, its sources and the pages, and nothing else', () => {
      const expected = [
        /^package\.json$/,
        /^(README|CHANGELOG)\.md$/,
        /^LICENSE$/,
        /^dist\/.+\.(js|js\.map|d\.ts|d\.ts\.map)$/,
        /^src\/.+\.ts$/,
        /^docs\/.+$/,
      ];
      expect(files.filter((path) => !expected.some((pattern) => pattern.test(path)))).toEqual([]);
      const pages = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'docs/lstm.md', 'docs/keras.md'];
      const entries = ['index', 'lean', 'node/index', 'formats/index', 'kernels/index'].flatMap((path) => [
        `dist/${path}.js`,
        `dist/bundle/${path}.js`,
        `src/${path}.ts`,
      ]);
      expect([...pages, ...entries].filter((path) => !files.includes(path))).toEqual([]);
    });

    test('has types and a source map beside every module, and no module without a source', () => {
      const modules = files.filter((path) => /^dist\/(?!bundle\/).+\.js$/.test(path));
      expect(modules.length).toBeGreaterThan(10);
      const wrong: string[] = [];
      for (const path of modules) {
        const stem = path.slice(0, -'.js'.length);
        const source = `${stem.replace('dist/', 'src/')}.ts`;
        const maps = [`${stem}.js.map`, `${stem}.d.ts.map`];
        // A module without a source is left from an older build: remove dist and build again.
        const missing = [`${stem}.d.ts`, source, ...maps].filter((partner) => !files.includes(partner));
        wrong.push(...missing.map((partner) => `${partner} is missing`));
        for (const map of maps.filter((partner) => files.includes(partner))) {
          const { sources } = JSON.parse(readFileSync(join(installed, map), 'utf8')) as { sources: string[] };
          const found = sources.map((from) => posix.join(posix.dirname(map), from));
          if (found.join() !== source) wrong.push(`${map} leads to ${found}`);
        }
      }
      expect(wrong).toEqual([]);
    });

    test('has every module once more in the files that Node loads, with maps that lead to the sources', () => {
      // The code of standalone modules is no module of the package.
      const isBundled = (path: string) => /^dist\/bundle\/(?!cli\/standalone\.).+\.js$/.test(path);
      const bundled = files.filter(isBundled);
      const sources = bundled.flatMap((path) => {
        const map = JSON.parse(readFileSync(join(installed, `${path}.map`), 'utf8')) as { sources: string[] };
        return map.sources.map((from) => posix.join(posix.dirname(path), from));
      });
      expect(sources.filter((from) => !files.includes(from))).toEqual([]);
      expect(sources).toContain('src/kernels/lstm.ts');
      expect(sources.length, 'a module in two files would be two modules').toBe(new Set(sources).size);
    });
  });

  /** A first model, as the README has it. */
  const MODEL = `
  const model = sequential([lstm(4), dense(1, { activation: 'sigmoid' })], { seed: 42 });
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'binaryCrossentropy', metrics: ['accuracy'] });
  const x = [[[1], [2], [3]], [[3], [2], [1]], [[0], [1], [2]], [[2], [1], [0]]];
  const history = await model.fit(x, [1, 0, 1, 0], { epochs: 3, batchSize: 2, verbose: 0 });
  const probabilities = model.predict(x);
`;

  describe('a stranger', () => {
    test('runs it from JavaScript', async () => {
      writeFiles(folder, {
        'program.js': `
        import assert from 'node:assert/strict';
        import { createRequire } from 'node:module';
        import { sequential, lstm, dense, adam } from 'longhand';
        import * as kernels from 'longhand/kernels';
        import { fromTorchStateDict, readSafetensors, toTorchStateDict, writeSafetensors } from 'longhand/formats';
        import { saveModel, loadModel } from 'longhand/node';
        ${MODEL}
        assert.equal(history.history.loss.length, 3);
        assert.deepEqual(probabilities.shape, [4, 1]);
        await saveModel(model, 'model.safetensors');
        const loaded = await loadModel('model.safetensors');
        assert.deepEqual(loaded.predict(x).data, probabilities.data);
        const { tensors } = readSafetensors(writeSafetensors(toTorchStateDict(model)));
        loaded.setWeights(fromTorchStateDict(tensors, model));
        assert.deepEqual(loaded.predict(x).data, probabilities.data);
        assert.ok(Object.values(kernels).filter((kernel) => typeof kernel === 'function').length > 5);
        assert.equal(createRequire(import.meta.url)('longhand/package.json').name, 'longhand');
        for (const inner of ['dist/index.js', 'dist/bundle/index.js', 'src/index.ts', 'core/errors', 'layers/lstm.js']) {
          await assert.rejects(import('longhand/' + inner), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
        }
        const lean = await import('longhand/lean');
        const small = lean.sequential([lean.lstm(4), lean.dense(1, { activation: lean.sigmoid })], {
          backend: lean.fastest(lean.relaxedSimd, lean.simd, lean.reference),
        });
        small.build([null, 1]).setWeights(model.getWeights());
        assert.deepEqual(small.predict(x).data, probabilities.data);
        console.log('all is well');`,
      });
      const { stdout, stderr } = await runNode(['program.js'], folder);
      expect(stderr).toBe('');
      expect(stdout).toBe('all is well\n');
    });

    test('has the command', async () => {
      const { version } = JSON.parse(read('package.json')) as { version: string };
      const { code, stdout, stderr } = await run(
        join(folder, 'node_modules/.bin/longhand'),
        ['--version'],
        folder,
      );
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    });

    const resolutions = [
      { module: 'node16', moduleResolution: 'node16' },
      { module: 'esnext', moduleResolution: 'bundler' },
    ];

    describe.each(resolutions)(
      'compiles against it with moduleResolution $moduleResolution',
      (resolution) => {
        const strict = { ...resolution, strict: true, skipLibCheck: false, target: 'es2022', noEmit: true };

        async function compile(name: string, program: string, options: object): Promise<void> {
          const place = `${name}-${resolution.moduleResolution}`;
          const config = { compilerOptions: { ...strict, ...options }, files: ['program.ts'] };
          writeFiles(join(folder, place), {
            'package.json': '{ "type": "module" }',
            'tsconfig.json': JSON.stringify(config),
            'program.ts': program,
          });
          const { code, stdout } = await runTsc(join(folder, place));
          expect(stdout).toBe('');
          expect(code).toBe(0);
        }

        test('for a browser, without the types of Node', async () => {
          const program = `
        import { sequential, lstm, dense, adam, tensor } from 'longhand';
        import { toTorchStateDict, writeSafetensors } from 'longhand/formats';
        import * as kernels from 'longhand/kernels';
        ${MODEL}
        export const file: Uint8Array = writeSafetensors(toTorchStateDict(model), { dtype: 'F16' });
        export const losses: readonly (number | undefined)[] | undefined = history.history.loss;
        export const first: number | undefined = probabilities.data[0];
        export const size: number | undefined = probabilities.shape[0];
        export const steps = model.predict(tensor(new Float32Array(6), [2, 3, 1]));
        export const names: string[] = Object.keys(kernels);
        // @ts-expect-error the units are a number, not an option
        lstm({ units: 64 });
        // @ts-expect-error no such option
        lstm(64, { return_sequences: true });
        // @ts-expect-error no such loss
        model.compile({ optimizer: 'adam', loss: 'binary_crossentropy' });
      `;
          await compile('browser', program, { types: [] });
        });

        test('the lean entry, with layers and losses of the main one beside its own', async () => {
          const program = `
        import { earlyStopping, gru, meanSquaredError } from 'longhand';
        import * as lean from 'longhand/lean';
        const backend = lean.fastest(lean.relaxedSimd, lean.simd, lean.reference);
        const layers: lean.Layer[] = [lean.lstm(4, { returnSequences: true }), gru(3), lean.dense(1)];
        const model: lean.Sequential = lean.sequential(layers, { seed: 42, backend });
        model.compile({ optimizer: lean.adam({ learningRate: 0.01 }), loss: meanSquaredError() });
        const callbacks = [earlyStopping({ monitor: 'loss', patience: 1 })];
        const { history } = await model.fit([[[1], [2]], [[3]]], [1, 0], { epochs: 2, callbacks });
        export const loss: number | undefined = history.loss?.[0];
        export const first: number | undefined = model.predict([[[1]]]).data[0];
        // @ts-expect-error nothing is found by its name
        lean.dense(1, { activation: 'sigmoid' });
        // @ts-expect-error nothing is found by its name
        model.compile({ optimizer: 'adam', loss: lean.binaryCrossentropy() });
        // @ts-expect-error the kernels have to be given
        lean.sequential(layers, { seed: 1 });
      `;
          await compile('lean', program, { types: [] });
        });

        test('for Node, without the types of a browser', async () => {
          const program = `
        import { sequential, lstm, dense, adam } from 'longhand';
        import { saveModel, loadModel } from 'longhand/node';
        ${MODEL}
        await saveModel(model, 'model.safetensors');
        const loaded = await loadModel('model.safetensors');
        export const again: number | undefined = loaded.predict(x).data[0];
        process.exitCode = probabilities.data[0] === again && history ? 0 : 1;
      `;
          const typeRoots = [join(ROOT, 'node_modules/@types')];
          await compile('node', program, { lib: ['es2022'], types: ['node'], typeRoots });
        });
      },
    );
  });
});
