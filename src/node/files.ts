/** Writing files so that an interruption at any moment leaves either the old file or the new one, whole. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes beside the file, waits until the bytes are on the disk, and renames onto it.
 *
 * @throws the system's error, such as ENOENT for a folder that does not exist; the old file is untouched then
 */
export async function writeFileWhole(path: string, content: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  const beside = join(folder, `.longhand-${randomUUID()}.tmp`);
  try {
    const file = await open(beside, 'wx');
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
  await syncFolder(folder);
}

/** Makes the new name last too; not every system can, and then the file is whole all the same. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {}
}
