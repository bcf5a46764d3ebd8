/** What a command reads: a file by its path, or the standard input where `-` stands in its place. */
import { readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { DataError, FormatError } from '../core/errors.js';

/** The place of the standard input on a command line. */
export const STANDARD_INPUT = '-';

/** What a path is called in a message. */
export function nameOf(path: string): string {
  return path === STANDARD_INPUT ? 'the standard input' : path;
}

/**
 * @throws DataError where there is no such file, or nothing in it
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  if (path !== STANDARD_INPUT) await checkFile(path);
  const bytes = path === STANDARD_INPUT ? await buffer(process.stdin) : await readFile(path);
  if (bytes.length === 0) throw new DataError(`${nameOf(path)} is empty`);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** What is read from the bytes of a file; a mistake in it names the file. */
export async function readFrom<T>(path: string, read: (bytes: Uint8Array) => T): Promise<Awaited<T>> {
  const bytes = await readBytes(path);
  try {
    return await read(bytes);
  } catch (error) {
    const isNamed = error instanceof FormatError && error.message.startsWith(nameOf(path));
    if (!(error instanceof FormatError) || isNamed) throw error;
    throw new FormatError(`${nameOf(path)}: ${error.message}`);
  }
}

async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new DataError(`the file ${path} does not exist`);
  if (found.isDirectory()) throw new DataError(`${path} is a folder: give the path of a file in it`);
}
