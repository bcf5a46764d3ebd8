/** Tokens put together again, as a reader would write them. What stood between them is not known: it is a guess. */
import { isSpaceless } from './tokens.js';

/** Marks that stand close to what is before them, and close to what is behind them. */
const CLOSING = /^[.,;:!?%…、。，．！？；：\p{Pe}\p{Pf}]/u;
const OPENING = /^[\p{Ps}\p{Pi}¿¡]/u;
/** Marks that open and close by turns. */
const EITHER = /^["'`]$/;

/**
 * One space between two tokens, but none before `. , ; : ! ? %` and what closes, none behind what opens, and none between
 * words of scripts that put none there. Of straight quotes every second one closes.
 */
export function joinWords(tokens: readonly string[]): string {
  const open = new Set<string>();
  let text = '';
  let isOpened = true; // whether nothing, or what opens, stands before
  let isDense = false; // whether the script before puts no spaces; its marks belong to it
  for (const token of tokens) {
    const isQuote = EITHER.test(token);
    const closes = isQuote ? open.delete(token) : CLOSING.test(token);
    if (isQuote && !closes) open.add(token);
    const spaceless = isSpaceless(token);
    text += isOpened || closes || (isDense && spaceless) ? token : ` ${token}`;
    isOpened = (isQuote && !closes) || OPENING.test(token);
    isDense = spaceless || (isDense && closes);
  }
  return text;
}
