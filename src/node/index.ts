/** What needs Node: models, checkpoints and tables in files. Everything else is in the main entry. */
export { fileCheckpoint } from './checkpoints.js';
export { type CsvLoggerOptions, csvLogger } from './csv-logger.js';
export { loadForecaster, saveForecaster } from './forecaster-files.js';
export { type ModelCheckpointOptions, modelCheckpoint } from './model-checkpoint.js';
export { loadModel, loadPipeline, loadPreparation, saveModel, savePipeline } from './model-files.js';
