/** What is asked of batches, and looked for when a number is not finite: by the model of the main entry. */
import { gradientOriginOf, originOf } from './origin.js';
import { checkStatefulRows } from './stateful.js';
import type { Scrutiny } from './trainable.js';

export const scrutiny: Scrutiny = { originOf, gradientOriginOf, checkRows: checkStatefulRows };
