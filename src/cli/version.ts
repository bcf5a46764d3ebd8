/** The version of the package that this program lies in. */
import { readFile } from 'node:fs/promises';

/** The nearest package.json above, since the program is built to more than one depth. */
export async function version(): Promise<string> {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    try {
      const { version: found } = JSON.parse(await readFile(new URL('package.json', folder), 'utf8'));
      return found;
    } catch (error) {
      if (folder.pathname === '/') throw error;
    }
  }
}
