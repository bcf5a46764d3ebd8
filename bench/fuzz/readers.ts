/** All readers of files that are fuzzed. One of a new format is a line here; it is fuzzed by the tests then, too. */
import type { FuzzReader } from './fuzz-reader.js';
import { kerasReader, onnxReader, tfjsReader } from './readers/exchange.js';
import { modelFileReader, modelJsonReader, safetensorsReader } from './readers/safetensors.js';
import { csvReader, eventLogReader, idxReader, pianoRollReader, timeSeriesReader } from './readers/tables.js';
import { stateDictReader, torchReader, zipReader } from './readers/torch.js';

export const readers: readonly FuzzReader[] = [
  safetensorsReader,
  modelFileReader,
  modelJsonReader,
  zipReader,
  torchReader,
  stateDictReader,
  csvReader,
  eventLogReader,
  timeSeriesReader,
  idxReader,
  pianoRollReader,
  onnxReader,
  tfjsReader,
  kerasReader,
];
