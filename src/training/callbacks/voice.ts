/** What a callback says of itself. */
import { checkInteger } from '../../core/options.js';

/** Says a line when asked to be heard. */
export function createVoice(where: string, verbose: number): (line: string) => void {
  checkInteger(`${where}: verbose`, verbose, { min: 0, max: 1 });
  return verbose === 0 ? () => {} : (line) => void console.log(line);
}
