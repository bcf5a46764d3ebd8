/** What stateful layers carry from batch to batch, for a checkpoint in the middle of an epoch. */
import { FormatError } from '../core/errors.js';
import type { FloatArray } from '../core/tensor.js';
import { Bidirectional } from '../layers/bidirectional.js';
import type { Layer } from '../layers/layer.js';
import { Recurrent } from '../layers/recurrent.js';
import { KeptState } from '../layers/recurrent-state.js';

/** Of one stateful layer: of how many rows, 0 where the next batch begins anew, and an array [rows, width] a state. */
export interface Carried {
  readonly rows: number;
  readonly arrays: readonly FloatArray[];
}

/** What the stateful layers carry, in order. */
export function carriedBy(layers: readonly Layer[]): Carried[] {
  return statefulOf(layers).map(({ kept: { rows, arrays } }) => ({ rows, arrays: rows === 0 ? [] : arrays }));
}

/**
 * Lets the layers go on from there.
 *
 * @throws FormatError for what is not theirs
 */
export function carryOn(layers: readonly Layer[], carried: readonly Carried[]): void {
  const stateful = statefulOf(layers);
  if (!Array.isArray(carried) || carried.length !== stateful.length) throw unsound();
  const kept = stateful.map((layer, i) => toKept(layer, carried[i] as Carried));
  stateful.forEach((layer, i) => {
    layer.kept = kept[i] as KeptState;
  });
}

function toKept({ stateNames, units, outputUnits }: Recurrent, { rows, arrays }: Carried): KeptState {
  const isRight =
    Number.isSafeInteger(rows) &&
    rows >= 0 &&
    Array.isArray(arrays) &&
    arrays.length === (rows === 0 ? 0 : stateNames.length) &&
    arrays.every((array, i) => array?.length === rows * (stateNames[i] === 'h' ? outputUnits : units));
  if (!isRight) throw unsound();
  const kept = new KeptState();
  kept.rows = rows;
  kept.arrays = [...arrays];
  return kept;
}

function statefulOf(layers: readonly Layer[]): Recurrent[] {
  const all = layers.flatMap((layer): readonly Layer[] =>
    layer instanceof Bidirectional ? layer.directions : [layer],
  );
  return all.filter((layer) => layer instanceof Recurrent).filter(({ isStateful }) => isStateful);
}

function unsound(): FormatError {
  return new FormatError('the checkpoint does not hold the states that the layers of its model carry on');
}
