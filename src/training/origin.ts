/** Where a number that is not finite came from: looked for only when there is one. */
import type { Edge } from '../backend/plan.js';

/** What is looked through: the layers of a pass, and which row of the data each row of the batch is. */
export interface Origins {
  readonly layers: readonly { readonly name: string; readonly output: Edge }[];
  readonly rowNames: Int32Array;
}

/** The first output of a layer, in the order of computation, that is not finite, in words; nothing where all are. */
export function originOf({ layers, rowNames }: Origins): string {
  for (const { name, output } of layers) {
    const found = nonFiniteIn(output, rowNames);
    if (found !== undefined) return `, for the output of ${name} is ${found}`;
  }
  return '';
}

/** The last layer, going back from the loss the first, whose gradient is not finite, in words. */
export function gradientOriginOf({ layers, rowNames }: Origins): string | undefined {
  for (const { name, output } of [...layers].reverse()) {
    const { gradient } = output;
    const found = gradient && nonFiniteIn({ ...output, value: gradient }, rowNames);
    if (found !== undefined) return `the gradient by the output of ${name} is ${found}`;
  }
  return undefined;
}

function nonFiniteIn({ value, mask, steps, batch, features, sequence }: Edge, rowNames: Int32Array) {
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < batch; b++) {
      if (mask.array[t * batch + b] === 0) continue;
      const start = (t * batch + b) * features;
      for (let k = start; k < start + features; k++) {
        const found = value.array[k] as number;
        if (Number.isFinite(found)) continue;
        const step = sequence ? `, step ${t}` : '';
        return `${found} at row ${rowNames[b]}${step}, output ${k - start}`;
      }
    }
  }
  return undefined;
}
