/**
 * Where in a JSON text something stands, to be told in an error: an element, by the names and numbers that lead to it, or the
 * first character at which the text ceases to be JSON (RFC 8259). `JSON.parse` says the latter in the words of each engine, or
 * not at all. It is slow beside it, and runs once something is wrong.
 */
import { type Place, placeAt } from './utf8.js';

/** What leads to an element: names in objects and numbers in arrays, from the outermost on. */
export type JsonPath = readonly (string | number)[];

interface Container {
  readonly isObject: boolean;
  /** The name or number of the element at hand. */
  at: string | number;
  /** What comes next in it. */
  expects: 'first' | 'key' | 'colon' | 'value' | 'comma';
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

/** The place of an element of a text that is JSON. */
export function placeInJson(text: string, path: JsonPath): Place {
  return placeAt(text, scan(text, path));
}

/** The place at which a text that is no JSON ceases to be. */
export function placeOfBrokenJson(text: string): Place {
  return placeAt(text, scan(text, undefined));
}

/** The index of the element at the path, or without one of the first token that does not belong. */
function scan(text: string, path: JsonPath | undefined): number {
  const stack: Container[] = [];
  let position = 0;
  let found = 0;
  let isDone = false;
  const isAt = () => path?.length === stack.length && stack.every(({ at }, depth) => at === path[depth]);
  for (;;) {
    position = skip(SPACE, text, position);
    const top = stack.at(-1);
    const character = text[position];
    if (character === undefined || isDone) return path === undefined ? position : found;
    if (top !== undefined && (top.expects === 'first' || top.expects === 'comma')) {
      if (character === (top.isObject ? '}' : ']')) {
        stack.pop();
        position++;
        isDone = finish(stack);
        continue;
      }
      if (top.expects === 'comma') {
        if (character !== ',') return position;
        position++;
        if (!top.isObject) top.at = Number(top.at) + 1;
        top.expects = top.isObject ? 'key' : 'value';
        continue;
      }
      top.expects = top.isObject ? 'key' : 'value';
    }
    if (top?.expects === 'colon') {
      if (character !== ':') return position;
      position++;
      top.expects = 'value';
      continue;
    }
    if (top?.expects === 'key') {
      const end = endOfString(text, position);
      if (end < 0) return position;
      top.at = JSON.parse(text.slice(position, end)) as string;
      top.expects = 'colon';
      position = end;
      continue;
    }
    // Of a name that stands twice in an object the last one counts.
    if (isAt()) found = position;
    if (character === '{' || character === '[') {
      stack.push({ isObject: character === '{', at: 0, expects: 'first' });
      position++;
      continue;
    }
    const end = character === '"' ? endOfString(text, position) : skip(SCALAR, text, position);
    if (end <= position) return position;
    position = end;
    isDone = finish(stack);
  }
}

/** A value has ended: whether that was all. */
function finish(stack: Container[]): boolean {
  const top = stack.at(-1);
  if (top === undefined) return true;
  top.expects = 'comma';
  return false;
}

function skip(pattern: RegExp, text: string, position: number): number {
  pattern.lastIndex = position;
  return position + (pattern.exec(text)?.[0].length ?? 0);
}

/** Behind the closing quote of a string, or -1 where there is no string. */
function endOfString(text: string, start: number): number {
  if (text[start] !== '"') return -1;
  let end = start + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  try {
    return typeof JSON.parse(text.slice(start, end + 1)) === 'string' ? end + 1 : -1;
  } catch {
    return -1;
  }
}
