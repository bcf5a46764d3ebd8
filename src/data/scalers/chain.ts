/** Scalers one behind the other: each is fitted on what those before it make, and all are taken back from the last on. */
import { ConfigError, FormatError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import type { Json, Transform, TransformJSON } from '../transform.js';
import type { Doubles, Numbers } from './numbers.js';
import { checkInverseOptions, type Scaler } from './scaler.js';

const KIND = 'chain';

/**
 * Applies scalers in order; `inverse` undoes them backwards.
 *
 * @throws ConfigError for what is no array of scalers
 *
 * @example chain([log1p(), difference({ lag: 12 }), standardScaler()]).fit(train)
 */
export function chain(scalers: readonly Scaler[]): Scaler {
  if (!Array.isArray(scalers) || scalers.length === 0) {
    throw new ConfigError(`${KIND} takes scalers, [log1p(), standardScaler()], but got ${describe(scalers)}`);
  }
  scalers.forEach((scaler, i) => {
    if (isScaler(scaler)) return;
    throw new ConfigError(`${KIND}: scalers[${i}] is ${describe(scaler)}, which is no scaler`);
  });
  /** What the first `count` make of values. */
  const through = (values: Numbers, count: number): Numbers =>
    scalers.slice(0, count).reduce((made: Numbers, scaler) => scaler.transform(made), values);
  return {
    kind: KIND,
    lags: scalers.flatMap(({ lags }) => lags),
    get isFitted() {
      return scalers.every(({ isFitted }) => isFitted);
    },
    fit(values) {
      scalers.reduce((made: Numbers, scaler) => scaler.fit(made).transform(made), values);
      return this;
    },
    transform: <N extends Numbers>(values: N) => through(values, scalers.length) as Doubles<N>,
    inverse: <N extends Numbers>(values: N, options: { after?: Numbers } = {}) => {
      checkInverseOptions(KIND, options);
      const { after } = options;
      return scalers.reduceRight((made: Numbers, scaler, i) => {
        if (after === undefined || scaler.lags.length === 0) return scaler.inverse(made);
        return scaler.inverse(made, { after: through(after, i) });
      }, values) as Doubles<N>;
    },
    toJSON: () => ({
      kind: KIND,
      options: { scalers: scalers.flatMap(toJsons) },
    }),
  };
}

/** A chain's scalers in place of the chain, so that no file nests them without end. */
function toJsons(scaler: Scaler): readonly Json[] {
  const json = scaler.toJSON();
  return json.kind === KIND ? (json.options.scalers as readonly Json[]) : [json as unknown as Json];
}

/** Whether it is one of the scalers here, which know how differences are taken back. */
export function isScaler(value: unknown): value is Scaler {
  const scaler = value as Partial<Scaler> | null;
  return typeof scaler === 'object' && typeof scaler?.transform === 'function' && Array.isArray(scaler.lags);
}

/**
 * @param restore  makes each of its scalers again
 * @throws FormatError for what no chain wrote
 */
export function restoreChain(
  { options: { scalers } }: TransformJSON,
  restore: (json: unknown) => Transform<unknown, unknown>,
): Scaler {
  if (!Array.isArray(scalers)) throw new FormatError(`the file's ${KIND} holds no array of scalers`);
  return chain(
    scalers.map((json) => {
      if ((json as Partial<TransformJSON> | null)?.kind === KIND)
        throw new FormatError(`the file's ${KIND} holds another one, which none does that was written here`);
      return restore(json) as unknown as Scaler;
    }),
  );
}
