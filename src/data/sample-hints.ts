/** What mends mistakes in x, to stand behind the sentence that says what they are. */
import { ConfigError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { Missing, SampleHints } from './samples.js';

export const sampleHints: SampleHints = {
  ofRank: (rank, ranks) => {
    if (rank === 2 && ranks.includes(3))
      return ': for one feature write every step as an array, [[1], [2], [3]]';
    if (rank !== 1) return '';
    return ranks.includes(2)
      ? ': for one row write [[1, 2, 3]]'
      : ': for one row of one feature write [[[1], [2], [3]]]';
  },
  ofValue: (value, sequence) => {
    if (!Number.isNaN(value)) return ': every number must be finite';
    return sequence
      ? ": mend it, or mask such steps with { missing: 'mask' }"
      : ': mend it or leave the row out, for without steps there is nothing to mask';
  },
};

/** @throws ConfigError when `missing` is none of its two values */
export function checkMissing(missing: Missing): void {
  if (missing === 'error' || missing === 'mask') return;
  throw new ConfigError(`missing is 'error' or 'mask' but is ${describe(missing)}`);
}
