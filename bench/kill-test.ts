/**
 * `npm run kill-test -- --times 200`: a training process is killed at random moments and resumed each time; what comes
 * out in the end has to be that of an undisturbed run, to the bit. `--epochs` is the length of a run, `--seed` decides
 * the moments.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killTest } from '../test/support/kill.js';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '200' },
    epochs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'longhand-kill-'));
try {
  const report = await killTest(process.cwd(), folder, {
    times: Number(values.times),
    epochs: Number(values.epochs),
    seed: Number(values.seed),
    say: (line) => console.log(line),
  });
  console.log(
    `${report.kills} kills, ${report.whileWriting} of them while a checkpoint was written; ${report.loaded} checkpoints ` +
      `loaded; ${report.runs} runs ended, ${report.different.length === 0 ? 'all equal to the bit' : `different: ${report.different.join(', ')}`}`,
  );
  if (report.different.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
