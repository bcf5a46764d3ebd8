/**
 * Scalers that move and stretch each feature: (x - center) / scale, taken back by y scale + center. They differ in what
 * they learn as center and scale.
 */
import { DataError, FormatError } from '../../core/errors.js';
import { type Json, learnedBy, type TransformJSON } from '../transform.js';
import { type Doubles, type Numbers, type NumberTable, readNumbers } from './numbers.js';
import { checkFeatures, checkInverseOptions, knownValues, numbersOf, type Scaler } from './scaler.js';

export interface Line {
  readonly center: number;
  /** Above 0. */
  readonly scale: number;
}

/** What nothing is spread over, or less than a double can say, is only moved: its scale is 1. */
export function orOne(scale: number): number {
  return scale === 0 ? 1 : scale;
}

/**
 * @param learn  center and scale of a feature from its values, of which there is at least one and none is a gap
 * @param fitted  what it has learned already, a line for each feature
 */
export function affineScaler(
  kind: string,
  options: TransformJSON['options'],
  learn: (known: Float64Array) => Line,
  fitted?: readonly Line[],
): Scaler {
  let learned = fitted;
  const map = <N extends Numbers>(values: N, by: (value: number, line: Line) => number): Doubles<N> => {
    const lines = learnedBy(kind, learned);
    const table: NumberTable<N> = readNumbers(values, kind);
    checkFeatures(kind, table, lines.length);
    const { data, features } = table;
    return table.rebuild(data.map((value, i) => by(value, lines[i % features] as Line)));
  };
  return {
    kind,
    lags: [],
    get isFitted() {
      return learned !== undefined;
    },
    fit(values) {
      learned = knownValues(kind, readNumbers(values, kind)).map((known, k) => {
        const line = learn(known);
        if (Number.isFinite(line.center) && Number.isFinite(line.scale) && line.scale > 0) return line;
        throw new DataError(`${kind}: the values of feature ${k} are too far apart for double precision`);
      });
      return this;
    },
    transform: (values) => map(values, (x, { center, scale }) => (x - center) / scale),
    inverse: (values, inverseOptions = {}) => {
      checkInverseOptions(kind, inverseOptions);
      return map(values, (y, { center, scale }) => y * scale + center);
    },
    toJSON: () => ({
      kind,
      options,
      ...(learned && {
        learned: {
          center: learned.map(({ center }) => center),
          scale: learned.map(({ scale }) => scale),
        },
      }),
    }),
  };
}

/**
 * The lines that a file holds, if it holds any.
 *
 * @throws FormatError for what no scaler wrote
 */
export function readLines({ kind, learned }: TransformJSON): Line[] | undefined {
  if (learned === undefined) return undefined;
  const read = (name: string): number[] => numbersOf(learned[name] as Json | undefined, `${name} of ${kind}`);
  const [centers, scales] = [read('center'), read('scale')];
  if (centers.length !== scales.length || scales.some((scale) => scale <= 0)) {
    throw new FormatError(`the file's ${kind} needs a scale above 0 for each of ${centers.length} features`);
  }
  return centers.map((center, k) => ({ center, scale: scales[k] as number }));
}
