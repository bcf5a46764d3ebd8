import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeInJson, placeOfBrokenJson } from '../../src/data/json-place.js';

describe('placeInJson', () => {
  test('finds elements by what leads to them', () => {
    const text = '{\n  "a": [1, "x,]", {"b\\"": null}],\n  "c": -1.5e3, "a": [7, 8]\n}';
    expect(placeInJson(text, ['c'])).toEqual({ line: 3, column: 8 });
    expect(placeInJson(text, [])).toEqual({ line: 1, column: 1 });
    // What stands twice is read the second time.
    expect(placeInJson(text, ['a', 1])).toEqual({ line: 3, column: 25 });
    expect(placeInJson(text, ['a', 2, 'b"'])).toEqual({ line: 2, column: 27 });
  });

  test('finds what JSON.parse finds, wherever it is', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), (text) => {
        const walk = (value: unknown, path: (string | number)[]): void => {
          const { line, column } = placeInJson(text, path);
          const rest = text
            .split('\n')
            .slice(line - 1)
            .join('\n')
            .slice(column - 1);
          const start = JSON.stringify(value);
          // Texts and numbers may be written in other ways, but what begins with this is this.
          expect(rest[0]).toBe(start[0]);
          if (typeof value !== 'object' || value === null) return;
          const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
          for (const [key, inner] of entries) walk(inner, [...path, key]);
        };
        walk(JSON.parse(text), []);
      }),
    );
  });
});

describe('placeOfBrokenJson', () => {
  test.each([
    ['', 1],
    ['[1, 2', 6],
    ['[1 2]', 4],
    ['[1,]', 4],
    ['{"a" 1}', 6],
    ['{a: 1}', 2],
    ['{"a": 1,}', 9],
    ['[01]', 3],
    ['[tru]', 2],
    ['"a\tb', 1],
    ['[1] 2', 5],
    ['[}', 2],
    ['[NaN]', 2],
  ])('finds it in %j', (text, column) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(placeOfBrokenJson(text)).toEqual({ line: 1, column });
  });

  test('comes to an end, in text that is nested without one too', () => {
    expect(placeOfBrokenJson('['.repeat(200_000))).toEqual({ line: 1, column: 200_001 });
  });
});
