/** All evaluations, in the order of the table. */
import { cdnow } from './cdnow.js';
import { characters } from './characters.js';
import { chorales } from './chorales.js';
import { classic } from './classic.js';
import { digits } from './digits.js';
import type { Evaluation } from './evaluation.js';
import { japaneseVowels } from './japanese-vowels.js';
import { series } from './series.js';
import { variants } from './variants.js';

export const evaluations: readonly Evaluation[] = [
  cdnow,
  ...characters,
  chorales,
  japaneseVowels,
  ...digits,
  ...series,
  ...classic,
  variants,
];
