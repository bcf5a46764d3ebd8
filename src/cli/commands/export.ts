/** `longhand export --standalone MODEL`: a model as one module that needs nothing else. */
import { readFile } from 'node:fs/promises';
import { deserializeModel, type Sequential } from '../../index.js';
import { writeFileWhole } from '../../node/files.js';
import { type Given, UsageError } from '../command.js';
import { readFrom, STANDARD_INPUT } from '../input.js';
import { packageFile } from '../package-file.js';
import { standaloneModule } from '../standalone/standalone.js';

export async function run(given: Given): Promise<void> {
  if (!given.has('standalone')) {
    throw new UsageError(
      'export makes a standalone module: write --standalone; for other formats take longhand convert',
    );
  }
  const path = given.operands[0] as string;
  const runtime = await readFile(await packageFile('dist/bundle/cli/standalone.js'), 'utf8');
  const model = await readFrom(path, (bytes) => deserializeModel<Sequential>(bytes));
  const text = standaloneModule(model, runtime);
  const out = given.text('out');
  if (out === undefined || out === STANDARD_INPUT) process.stdout.write(text);
  else await writeFileWhole(out, text);
}
