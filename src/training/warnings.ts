/** What is no mistake in itself and yet cannot be meant: data of which there is nothing to be learned. */
import type { FloatArray } from '../core/tensor.js';
import type { Samples } from '../data/samples.js';
import type { Loss } from './losses.js';
import type { Dataset, Targets } from './targets.js';

/** So many features are named in a sentence. */
const MOST_NAMED = 10;

/** Says what there is to say of the data, by default on the console: what is in `said` not again. */
export function warnOf(
  dataset: Dataset,
  goals: readonly { readonly loss: Loss }[],
  said: Set<string>,
  onWarning: ((message: string) => void) | undefined,
): void {
  const losses = goals.map(({ loss }) => loss);
  for (const message of warningsOf(dataset, losses)) {
    if (onWarning) onWarning(message);
    else if (!said.has(message)) console.warn(`longhand: ${message}`);
    said.add(message);
  }
}

/** One sentence for each thing that is the same everywhere: a feature of the inputs, the targets of an output. */
function warningsOf({ inputs, outputs, rows }: Dataset, losses: readonly Loss[]): string[] {
  if (rows < 2) return [];
  const constant = inputs.flatMap(constantFeatures);
  const same = outputs.flatMap((targets, i) => sameTargets(targets, losses[i] as Loss));
  return [...constant, ...same];
}

function constantFeatures({ data, features, mask }: Samples): string[] {
  const found: { readonly feature: number; readonly value: number }[] = [];
  for (let feature = 0; feature < features; feature++) {
    const value = sameEverywhere(
      data,
      data.length / features,
      features,
      feature,
      (cell) => mask?.[cell] !== 0,
    );
    if (value !== undefined) found.push({ feature, value });
  }
  const [first] = found;
  if (!first) return [];
  if (found.length === 1)
    return [
      `feature ${first.feature} of x is ${first.value} everywhere, so that nothing can be learned from it`,
    ];
  const named = found.slice(0, MOST_NAMED).map(({ feature }) => feature);
  const more = found.length > MOST_NAMED ? ` and ${found.length - MOST_NAMED} more` : '';
  return [
    `features ${named.join(', ')}${more} of x are each the same everywhere, so that nothing can be learned from them`,
  ];
}

function sameTargets({ values, columns, steps, weights }: Targets, { targetKind, name }: Loss): string[] {
  if (targetKind === 'labels') return [];
  const cells = values.length / columns;
  const same: number[] = [];
  for (let k = 0; k < columns; k++) {
    const value = sameEverywhere(values, cells, columns, k, (cell) => weights?.[cell] !== 0);
    if (value === undefined) return [];
    same.push(value);
  }
  const what = columns === 1 ? same[0] : `[${same.join(', ')}]`;
  const isClass = targetKind !== 'values' && targetKind !== 'outcomes' && targetKind !== 'counts';
  const each = steps === 1 ? 'row' : 'step';
  return [
    isClass
      ? `every target is ${what}: with one class ${name} learns to say it of each ${each}, whatever x is`
      : `every target is ${what}, so that there is nothing to tell apart`,
  ];
}

/** The number that column `k` holds in all cells that count, if it is one and the same. */
function sameEverywhere(
  values: FloatArray,
  cells: number,
  columns: number,
  k: number,
  counts: (cell: number) => boolean,
): number | undefined {
  let first: number | undefined;
  for (let cell = 0; cell < cells; cell++) {
    if (!counts(cell)) continue;
    const value = values[cell * columns + k] as number;
    if (first !== undefined && value !== first) return undefined;
    first = value;
  }
  return first;
}
