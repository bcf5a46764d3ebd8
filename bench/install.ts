/** `npm ci` in a folder that is a package of its own, whose dependencies are no part of the project's. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Installs what the folder's lock file says, unless that is in place; whether it is in place now. */
export function installPackages(folder: string, what: string): boolean {
  const installed = join(folder, 'node_modules/.package-lock.json');
  const isFresh = existsSync(installed) && modified(installed) >= modified(join(folder, 'package-lock.json'));
  if (isFresh) return true;
  console.error(`installing ${what} (npm ci in ${folder})`);
  return runNpm(['ci', '--no-audit', '--no-fund'], folder);
}

/** Its output is no part of what is printed for people to keep. */
export function runNpm(parameters: readonly string[], folder: string): boolean {
  return spawnSync('npm', parameters, { cwd: folder, stdio: ['ignore', 2, 2] }).status === 0;
}

function modified(path: string): number {
  return statSync(path).mtimeMs;
}
