/** Forecasters in files. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { difference, forecaster, mackeyGlass } from '../../src/index.js';
import { loadForecaster, saveForecaster } from '../../src/node/index.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longhand-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a forecaster goes on from its file', async () => {
  const path = join(folder, 'forecaster.safetensors');
  const model = forecaster({ input: 8, horizon: 3, scaler: difference({ lag: 2 }) });
  await model.fit(mackeyGlass(80), { epochs: 1, calibration: 20 });
  await saveForecaster(model, path, { includeOptimizer: false });
  const loaded = await loadForecaster(path);
  expect(loaded.forecast(3, { level: 0.8 })).toEqual(model.forecast(3, { level: 0.8 }));
  await writeFile(path, 'no forecaster');
  await expect(loadForecaster(path)).rejects.toThrow(path);
});
