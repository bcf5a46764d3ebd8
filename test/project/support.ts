/** What the tests of the project itself share: its files, its imports, temporary folders, and commands. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A text file of the project. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The paths of all files in a folder of the project, from its root and with '/', in order; none if it is absent. */
export function filesIn(folder: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
  return entries.map((path) => path.slice(ROOT.length).replaceAll('\\', '/')).sort();
}

/** The sources by their path, `src/core/errors.ts` for example. */
export function readSources(): Map<string, string> {
  const paths = filesIn('src').filter((path) => path.endsWith('.ts'));
  return new Map(paths.map((path) => [path, read(path)]));
}

/** All files under version control, and those that are new and not ignored. */
export function trackedFiles(): string[] {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const deleted = new Set(git(['ls-files', '-z', '--deleted']));
  return git(list).filter((path) => !deleted.has(path));
}

function git(parameters: string[]): string[] {
  const output = execFileSync('git', parameters, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 });
  return output.split('\0').filter((path) => path !== '');
}

/** A new empty folder, removed when the tests of this file are through. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'longhand-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files by their path under a folder, which need not exist. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, which must come within a minute. */
export function run(program: string, parameters: string[], folder: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd: folder, encoding: 'utf8' as const, timeout: 60_000, maxBuffer: 1 << 26 };
    execFile(program, parameters, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr: error?.killed ? `${stderr}\nstopped after a minute` : stderr });
    });
  });
}

export function runNode(parameters: string[], folder: string): Promise<Outcome> {
  return run(process.execPath, parameters, folder);
}

/** Runs the project's own TypeScript compiler on the tsconfig.json of a folder. */
export function runTsc(folder: string): Promise<Outcome> {
  return runNode([join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder], folder);
}

export interface Import {
  specifier: string;
  line: number;
}

const NAMES = String.raw`(?:type\s+)?[\w$\s{},*]*?`;
const STATEMENT = new RegExp(
  String.raw`\b(?:import|export)\b\s*${NAMES}\bfrom\s*(['"])(.+?)\1|\bimport\s*(?:\(\s*)?(['"])(.+?)\3`,
  'g',
);

/** Everything that a source file imports: statically, dynamically, for its types, or to export it again. */
export function importsOf(text: string): Import[] {
  const code = withoutComments(text);
  return [...code.matchAll(STATEMENT)].map((match) => ({
    specifier: (match[2] ?? match[4]) as string,
    line: code.slice(0, match.index).split('\n').length,
  }));
}

/** Blanks out comments and templates, in which examples of imports stand, and keeps strings and line ends. */
function withoutComments(text: string): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/.*|`(?:\\[\s\S]|[^`\\])*`|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;
  return text.replace(token, (found) => (/^['"]/.test(found) ? found : found.replace(/[^\n]/g, ' ')));
}

/** The file of the project that a relative import leads to, with its ending in TypeScript. */
export function resolveImport(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}
