/** What needs Node: models in files. Everything else is in the main entry. */
export { loadModel, saveModel } from './model-files.js';
