/** `longhand convert IN OUT`: a model from the files of one system into those of another. */
import { type Given, UsageError } from '../command.js';
import { loadAny, saveAs, targetOf } from '../convert/models.js';
import { type Target, targets } from '../convert/targets.js';
import { nameOf } from '../input.js';
import { tell } from '../progress.js';

export async function run(given: Given): Promise<void> {
  const [path, out] = given.operands as [string, string];
  const target = (given.text('to') as Target | undefined) ?? targetOf(out);
  if (target === undefined) {
    throw new UsageError(
      `what ${out} is to be does not show in its name: write --to with one of ${targets.join(', ')}`,
    );
  }
  const loaded = await loadAny(path, given.text('like'));
  const written = await saveAs(loaded, out, target, 'float32');
  tell(`${nameOf(path)} (${loaded.from}), ${loaded.model.countParams()} weights: ${out} is ${written}`);
  if (loaded.preparation !== undefined && target !== 'longhand') {
    tell('what its data goes through before the model is not in the file');
  }
}
