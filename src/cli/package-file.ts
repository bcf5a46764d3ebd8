/** Files of the package that this program lies in, which is built to more than one depth. */
import { readFile, stat } from 'node:fs/promises';

/** Where a file of the package is, by its path in it. */
export async function packageFile(path: string): Promise<URL> {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    const isRoot = await stat(new URL('package.json', folder)).catch(() => undefined);
    if (isRoot || folder.pathname === '/') return new URL(path, folder);
  }
}

/** The version of the package. */
export async function version(): Promise<string> {
  const { version: found } = JSON.parse(await readFile(await packageFile('package.json'), 'utf8'));
  return found;
}
