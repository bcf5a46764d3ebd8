/**
 * Imports point down only and never in a circle. Imports of types count like all others: a file that needs the
 * types of a higher floor knows that floor, and cannot be read or moved without it.
 */
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { importsOf, ROOT, readSources, resolveImport } from './support.js';

/** The floor of each folder, as in the design. The main entry stands on the model; what is above may use it. */
const FLOORS: Readonly<Record<string, number>> = {
  'src/core': 0,
  'src/kernels': 1,
  'src/backend': 2,
  'src/training': 3,
  'src/layers': 3,
  'src/data': 3,
  'src/model': 4,
  'src/index.ts': 4.5,
  'src/lean.ts': 4.5,
  'src/formats': 5,
  'src/cli': 6,
  'src/node': 6,
};

type Sources = ReadonlyMap<string, string>;

/** What of the house a file belongs to: a folder under src, or a file that lies there itself. */
const placeOf = (path: string) => path.split('/').slice(0, 2).join('/');

/** Which files (or, with `placeOf`, folders) import which. */
function graphOf(sources: Sources, nodeOf = (path: string) => path): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const [path, text] of sources) {
    const node = nodeOf(path);
    const targets = graph.get(node) ?? new Set();
    graph.set(node, targets);
    for (const { specifier } of importsOf(text)) {
      const target = nodeOf(resolveImport(path, specifier));
      if (specifier.startsWith('.') && target !== node) targets.add(target);
    }
  }
  return graph;
}

/** Every import that does not point down, or leads nowhere, in a sentence. */
function wrongImports(sources: Sources): string[] {
  const wrong: string[] = [];
  for (const [path, text] of sources) {
    const floor = FLOORS[placeOf(path)];
    if (floor === undefined) wrong.push(`${path} is on no floor`);
    for (const { specifier, line } of importsOf(text)) {
      if (!specifier.startsWith('.')) continue;
      const target = resolveImport(path, specifier);
      const targetFloor = FLOORS[placeOf(target)] ?? Number.NaN;
      const where = `${path}:${line} imports ${specifier}`;
      if (!specifier.endsWith('.js') || !sources.has(target)) wrong.push(`${where}, which is no source file`);
      else if (floor !== undefined && targetFloor > floor)
        wrong.push(`${where}, from floor ${floor} up to ${targetFloor}`);
    }
  }
  return wrong;
}

/** The circles of a graph, each as `a > b > a`. */
function circlesIn(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (node: string, path: string[]): void => {
    const start = path.indexOf(node);
    if (start >= 0) circles.push([...path.slice(start), node].join(' > '));
    if (start >= 0 || done.has(node)) return;
    for (const target of graph.get(node) ?? []) visit(target, [...path, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return circles;
}

describe('the house', () => {
  const sources = readSources();

  test('has sources', () => {
    expect(sources.size).toBeGreaterThan(10);
  });

  test('has imports that point down only', () => {
    expect(wrongImports(sources)).toEqual([]);
  });

  test('has no circle between files', () => {
    expect(circlesIn(graphOf(sources))).toEqual([]);
  });

  test('has no circle between folders, those of one floor included', () => {
    expect(circlesIn(graphOf(sources, placeOf))).toEqual([]);
  });

  test('shows every import to this test that a bundler sees', async () => {
    const { metafile } = await build({
      entryPoints: [...sources.keys()],
      absWorkingDir: ROOT,
      bundle: true,
      write: false,
      metafile: true,
      outdir: join(ROOT, '.build'),
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'silent',
    });
    for (const [path, { imports }] of Object.entries(metafile.inputs)) {
      const found = importsOf(sources.get(path) as string).map(({ specifier }) => specifier);
      const seen = imports.map(({ path: target, original }) => original ?? target);
      expect(
        seen.filter((specifier) => !found.includes(specifier)),
        path,
      ).toEqual([]);
    }
  });
});

describe('the test of the house', () => {
  const tree = (files: Record<string, string>) => new Map(Object.entries(files));

  test('finds nothing in a sound tree', () => {
    const sound = tree({
      'src/core/a.ts': '',
      'src/core/b.ts': "import { a } from './a.js';",
      'src/layers/l.ts': "import { a } from '../core/a.js';\nimport { t } from '../training/t.js';",
      'src/training/t.ts': "import { b } from '../core/b.js';\nimport assert from 'node:assert';",
      'src/index.ts': "export { l } from './layers/l.js';",
      'src/node/n.ts': "export * from '../index.js';",
    });
    expect(wrongImports(sound)).toEqual([]);
    expect(circlesIn(graphOf(sound))).toEqual([]);
    expect(circlesIn(graphOf(sound, placeOf))).toEqual([]);
  });

  test('finds an import that points up, for types too', () => {
    const up = tree({
      'src/core/a.ts': "\nimport type { K } from '../kernels/k.js';",
      'src/kernels/k.ts': "const late = () => import('../model/m.js');",
      'src/model/m.ts': "export * from '../index.js';",
      'src/index.ts': "import '../src/node/n.js';",
      'src/node/n.ts': '',
      'src/attic/x.ts': '',
    });
    expect(wrongImports(up)).toEqual([
      'src/core/a.ts:2 imports ../kernels/k.js, from floor 0 up to 1',
      'src/kernels/k.ts:1 imports ../model/m.js, from floor 1 up to 4',
      'src/model/m.ts:1 imports ../index.js, from floor 4 up to 4.5',
      'src/index.ts:1 imports ../src/node/n.js, from floor 4.5 up to 6',
      'src/attic/x.ts is on no floor',
    ]);
  });

  test('finds an import that leads nowhere', () => {
    const lost = tree({ 'src/core/a.ts': "import './b.js';\nimport './a';\nimport '../../bench/x.js';" });
    expect(wrongImports(lost)).toEqual([
      'src/core/a.ts:1 imports ./b.js, which is no source file',
      'src/core/a.ts:2 imports ./a, which is no source file',
      'src/core/a.ts:3 imports ../../bench/x.js, which is no source file',
    ]);
  });

  test('finds circles between files, and between folders of one floor', () => {
    const files = tree({
      'src/core/a.ts': "import type { B } from './b.js';",
      'src/core/b.ts': "import { c } from './c.js';",
      'src/core/c.ts': "export { a } from './a.js';",
      'src/core/self.ts': '',
    });
    expect(circlesIn(graphOf(files))).toEqual([
      'src/core/a.ts > src/core/b.ts > src/core/c.ts > src/core/a.ts',
    ]);
    const folders = tree({
      'src/layers/a.ts': "import { b } from '../training/b.js';",
      'src/training/b.ts': '',
      'src/training/c.ts': "import { d } from '../layers/d.js';",
      'src/layers/d.ts': '',
    });
    expect(wrongImports(folders)).toEqual([]);
    expect(circlesIn(graphOf(folders))).toEqual([]);
    expect(circlesIn(graphOf(folders, placeOf))).toEqual(['src/layers > src/training > src/layers']);
  });

  test('reads every form of import and nothing that only looks like one', () => {
    const text = `
      /* import { no } from './no.js'; */ // import './no.js'
      import a from "./1.js"; import * as b from './2.js'
      import type { C, D } from './3.js';
      import {
        e, // from './no.js'
        type F as g,
      } from './4.js';
      export * from './5.js'; export * as h from './6.js'; export { i as default } from './7.js';
      import './8.js';
      const j = await import('./9.js'), k: import( "./10.js" ).K = 1;
      const url = 'https://example.org'; const text = "import x from './no.js";
      const example = \`import { lstm } from './no.js'\`;
      export const from = 1; export function importing() { return Array.from('./no.js'); }
      import l, { m } from 'node:fs';
    `;
    const found = importsOf(text).map(({ specifier }) => specifier);
    const numbered = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => `./${n}.js`);
    expect(found).toEqual([...numbered, 'node:fs']);
    expect(importsOf(text)[3]?.line).toBe(5);
  });
});
