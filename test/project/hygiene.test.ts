/** Small rules for every file of the project, each of which was once broken somewhere. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT, read, readSources, trackedFiles } from './support.js';

const LARGEST_BYTES = 400_000;
const LONGEST_SOURCE = 400;

/** Written in pieces, so that this file itself is clean. */
const HOMES = ['work', 'home', 'root', 'Users'].map((name) => `/${name}/`);
const ON_A_MACHINE = new RegExp(
  `(?<![\\w.:/~-])(?:[A-Z]:)?(?:${[...HOMES, String.raw`\\${'Users'}\\`].join('|')})\\S*`,
);

/** The first path on some developer's machine that a text names. */
function machinePath(text: string): string | undefined {
  return ON_A_MACHINE.exec(text)?.[0];
}

const files = trackedFiles().filter((path) => lstatSync(join(ROOT, path)).isFile());
const sources = [...readSources()];

describe('under version control', () => {
  test('no file names a path on a developer machine', () => {
    const named = files.map((path) => ({ path, found: machinePath(read(path)) }));
    expect(named.filter(({ found }) => found !== undefined)).toEqual([]);
  });

  test('such paths would be found', () => {
    const [work, home, root, users] = HOMES as [string, string, string, string];
    for (const text of [
      `see ${work}main`,
      `"${home}me/x"`,
      `(${root}.npm)`,
      `file: ${users}me`,
      `C:\\${'Users'}\\me\\x`,
    ]) {
      expect(machinePath(text), text).toBeDefined();
    }
    for (const text of [
      'src/home/main.ts',
      'https://example.org/home/x',
      './root/a',
      'the users/ folder',
      '/usr/bin',
    ]) {
      expect(machinePath(text), text).toBe(undefined);
    }
  });

  test(`no file is larger than ${LARGEST_BYTES} bytes`, () => {
    expect(files.filter((path) => lstatSync(join(ROOT, path)).size > LARGEST_BYTES)).toEqual([]);
  });

  test('nothing is built or installed', () => {
    expect(files.filter((path) => /^(dist|node_modules|\.build|coverage)\/|\.tgz$/.test(path))).toEqual([]);
  });

  test('package-lock.json names no registry', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved":\s*"https?:/);
  });
});

describe('the package', () => {
  test('depends on nothing', () => {
    const manifest = JSON.parse(read('package.json')) as { dependencies?: object };
    expect(Object.keys(manifest.dependencies ?? {})).toEqual([]);
    const lock = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { dev?: boolean; optional?: boolean }>;
    };
    const installed = Object.entries(lock.packages).filter(([path]) => path !== '');
    expect(installed.filter(([, { dev }]) => dev !== true).map(([path]) => path)).toEqual([]);
  });

  test('is under the MIT license', () => {
    expect(read('LICENSE')).toMatch(/^(The )?MIT License/);
    expect(read('LICENSE')).toContain('THE SOFTWARE IS PROVIDED "AS IS"');
  });
});

describe('every source file', () => {
  test('has a name in kebab-case', () => {
    const kebab = /^src(\/[a-z0-9]+(-[a-z0-9]+)*)+\.ts$/;
    expect(sources.map(([path]) => path).filter((path) => !kebab.test(path))).toEqual([]);
  });

  test(`has at most ${LONGEST_SOURCE} lines`, () => {
    const lines = sources.map(([path, text]) => ({ path, lines: text.trimEnd().split('\n').length }));
    expect(lines.filter((file) => file.lines > LONGEST_SOURCE)).toEqual([]);
  });

  test('opens with a comment that says what it is', () => {
    expect(
      sources.filter(([, text]) => !/^(#!.+\n)?\/\*\*[\s*]+\S/.test(text)).map(([path]) => path),
    ).toEqual([]);
  });
});
