/**
 * `npm run example -- NAME [--short]` runs docs/examples/NAME/main.ts in its folder, from which it reads its data and into
 * which it writes its picture. In short form, for the tests, it runs in a copy of the folder in .build, so that the
 * pictures of the pages stay as they are.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const built = fileURLToPath(new URL('.', import.meta.url));
const sources = fileURLToPath(new URL('../../docs/examples/', import.meta.url));
const names = readdirSync(sources).filter((name) => existsSync(join(sources, name, 'main.ts')));

const [name, ...flags] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  const found = name === undefined ? 'no name' : `'${name}'`;
  console.error(
    `npm run example -- NAME takes the name of an example, but got ${found}: ${names.join(', ')}`,
  );
  process.exitCode = 2;
} else {
  const folder = flags.includes('--short') ? copyOf(name) : join(sources, name);
  const main = join(built, name, 'main.js');
  const example = spawn(process.execPath, [main, ...flags], { cwd: folder, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => example.kill(signal));
  example.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

function copyOf(example: string): string {
  const copy = join(built, 'short', example);
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(sources, example), copy, { recursive: true });
  rmSync(join(copy, 'picture.svg'), { force: true });
  return copy;
}
