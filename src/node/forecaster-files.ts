/** Forecasters in files: see model/forecaster-file.ts for what is in one. */
import type { Forecaster } from '../model/forecaster.js';
import { deserializeForecaster, serializeForecaster } from '../model/forecaster-file.js';
import type { SaveOptions } from '../model/model-file.js';
import { writeFileWhole } from './files.js';
import { readFrom } from './model-files.js';

/**
 * Writes the forecaster to a file, its model, scalers and the end of its series with it. An interruption at any moment
 * leaves the old file whole.
 *
 * @throws ConfigError before `fit`; the system's error when the file cannot be written
 *
 * @example await saveForecaster(model, 'passengers.safetensors');
 */
export async function saveForecaster(
  forecaster: Forecaster,
  path: string,
  options: Pick<SaveOptions, 'includeOptimizer'> = {},
): Promise<void> {
  await writeFileWhole(path, serializeForecaster(forecaster, options));
}

/**
 * Reads a forecaster from a file of `saveForecaster`. It forecasts the same.
 *
 * @throws FormatError, naming the file, when it is damaged; the system's error when it cannot be read
 */
export async function loadForecaster(path: string): Promise<Forecaster> {
  return readFrom(path, deserializeForecaster);
}
