/** What may be said of the data that a model is given, and the checks of it. */
import { ConfigError } from '../core/errors.js';
import { checkInteger, describe } from '../core/options.js';
import type { Missing } from '../data/samples.js';
import type { SymbolicTensor } from '../layers/layer.js';
import type { SampleWeightInput } from '../training/targets.js';
import type { Some, SymbolicPorts } from './ports.js';

export interface DataOptions {
  /** How many rows are computed at once; 32 by default. It does not change what comes out. */
  batchSize?: number;
  /** Whether NaN in x is an error (the default) or masks the step that it is in. */
  missing?: Missing;
  /** Ends the call when it is aborted, with its reason. */
  signal?: AbortSignal;
}

export type PredictOptions = DataOptions;

/** What a row or a step weighs in the loss and the metrics. */
export interface WeightOptions<O extends SymbolicPorts = SymbolicTensor> {
  /** A weight a row, or a step where the output has steps; all 1 by default. By output where there are several. */
  sampleWeight?: Some<O, SampleWeightInput>;
}

export interface EvaluateOptions<O extends SymbolicPorts = SymbolicTensor>
  extends DataOptions,
    WeightOptions<O> {}

/** How many rows are computed at once, and what NaN is, with the defaults filled in. */
export function checkDataOptions(
  method: string,
  options: DataOptions,
): { batchSize: number; missing: Missing; signal: AbortSignal | undefined } {
  const { batchSize = 32, missing = 'error', signal } = options;
  checkInteger(`${method}: batchSize`, batchSize);
  checkSignal(method, signal);
  return { batchSize, missing, signal };
}

/** @throws ConfigError for what is no signal of an AbortController */
export function checkSignal(method: string, signal: AbortSignal | undefined): void {
  if (signal === undefined || typeof signal?.throwIfAborted === 'function') return;
  throw new ConfigError(
    `${method}: signal is that of an AbortController, controller.signal, but is ${describe(signal)}`,
  );
}
