/** Writing files so that an interruption at any moment leaves either the old file or the new one, whole. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../core/errors.js';
import { describe } from '../core/options.js';

/**
 * Writes beside the file, waits until the bytes are on the disk, and renames onto it.
 *
 * @param beside  where it is written first, in the same folder; a name that nobody else has by default
 * @throws the system's error, such as ENOENT for a folder that does not exist; the old file is untouched then
 */
export async function writeFileWhole(
  path: string,
  content: Uint8Array | string,
  beside = join(dirname(path), `.longhand-${randomUUID()}.tmp`),
): Promise<void> {
  try {
    const file = await open(beside, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes the new name last too; not every system can, and then the file is whole all the same. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {}
}

/** Whether an error comes from the system: `error.code` says which it is, such as ENOENT. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

/** @throws ConfigError for what is no path */
export function checkPath(where: string, path: unknown): void {
  if (typeof path === 'string' && path !== '') return;
  throw new ConfigError(`${where} takes the path of a file first but got ${describe(path)}`);
}
