/** The short form of `npm run kill-test`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT, temporaryFolder } from '../project/support.js';
import { killTest } from '../support/kill.js';

const folder = temporaryFolder();

it('a training process that is killed again and again ends with the bits of one that was not', async () => {
  expect(existsSync(join(ROOT, 'dist/node/index.js')), 'there is no dist: run `npm run build`').toBe(true);
  const report = await killTest(ROOT, folder, { times: 4, epochs: 10, seed: 4 });
  expect(report.kills).toBe(4);
  expect(report.loaded).toBeGreaterThan(0);
  expect(report.runs).toBeGreaterThan(0);
  expect(report.different).toEqual([]);
});
