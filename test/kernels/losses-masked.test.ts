/** What stands in rows that do not count, NaN too, changes no loss and no gradient. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { bitsOf } from '../support/bits.js';
import { plain } from './cases.js';
import { lossCases } from './loss-cases.js';

describe('NaN in rows that do not count', () => {
  it.each(lossCases)('$name', ({ name, problem }) => {
    let masked = 0;
    for (let seed = 0; seed < 20; seed++) {
      const arrays: Float64Array[] = [];
      const masks: Uint8Array[] = [];
      const floats = (length: number) => {
        const array = new Float64Array(length);
        arrays.push(array);
        return array;
      };
      const bytes = (length: number) => {
        const array = new Uint8Array(length);
        masks.push(array);
        return array;
      };
      const sizes = { rows: 8, columns: 6, steps: 6, batch: 3, classes: 4 };
      const { inputs, outputs, forward, backward } = problem(sizes, new Random(seed), floats, {
        ...plain,
        bytes,
      });
      const given = arrays.slice(0, arrays.indexOf(outputs.loss as Float64Array));
      const run = () => {
        forward();
        const [gradient] = Object.values(backward({ loss: Float64Array.of(0.7) }));
        return bitsOf([...(outputs.loss as Float64Array), ...(gradient as Float64Array)]);
      };
      const before = run();
      const [mask] = masks as [Uint8Array];
      mask.forEach((real, row) => {
        if (real === 1) return;
        // Labels are those of a whole sequence, whichever of its steps are masked.
        for (const array of name === 'ctc' ? Object.values(inputs) : given) {
          const width = array.length / mask.length;
          array.fill(Number.NaN, row * width, (row + 1) * width);
        }
      });
      if (mask.includes(0)) masked++;
      expect(run()).toBe(before);
    }
    expect(masked).toBeGreaterThan(5);
  });
});
