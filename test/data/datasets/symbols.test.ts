/** The generated sequences of symbols: grammars, orders, copies, counts and sums. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ADDITION_SYMBOLS,
  additionAsText,
  anbn,
  continualReber,
  copyTask,
  type Dataset,
  embeddedReber,
  isEmbeddedReber,
  REBER_SYMBOLS,
  TEMPORAL_ORDER_SYMBOLS,
  type Tensor,
  temporalOrder,
} from '../../../src/index.js';

const seeds = fc.nat();

/** The classes that are 1 at each real step of each row. */
function hotSteps({ data, shape, lengths }: Tensor): number[][][] {
  const [rows, steps, classes] = shape as [number, number, number];
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: lengths?.[row] ?? steps }, (_, t) =>
      [...Array(classes).keys()].filter((k) => data[(row * steps + t) * classes + k] === 1),
    ),
  );
}

/** The numbers of the real steps of each row. */
function stepsOf({ data, shape, lengths }: Tensor): number[][] {
  const [rows, steps] = shape as [number, number];
  return Array.from({ length: rows }, (_, row) =>
    Array.from(data.subarray(row * steps, row * steps + (lengths?.[row] ?? steps))),
  );
}

/** The symbols of x, one a step, and of the targets. */
function textsOf({ x, y }: Dataset, alphabet: string): { x: string[]; y: string[] } {
  const symbols = (ids: readonly number[]) => ids.map((id) => alphabet[id]).join('');
  const hot = hotSteps(x);
  expect(hot.every((row) => row.every((classes) => classes.length === 1))).toBe(true);
  return { x: hot.map((row) => symbols(row.flat())), y: stepsOf(y).map(symbols) };
}

describe('embeddedReber', () => {
  test('draws strings of the grammar, with the symbol that follows each', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), seeds, (rows, seed) => {
        const dataset = embeddedReber(rows, { seed });
        const { x, y } = textsOf(dataset, REBER_SYMBOLS);
        const { texts } = dataset;
        expect(texts.filter((text) => !isEmbeddedReber(text))).toEqual([]);
        expect(x).toEqual(texts.map((text) => text.slice(0, -1)));
        expect(y).toEqual(texts.map((text) => text.slice(1)));
      }),
    );
  });

  test('says what may follow: what follows in some string with the same beginning', () => {
    const { texts, allowed } = embeddedReber(4000, { seed: 1 });
    const followers = new Map<string, Set<string>>();
    for (const text of texts) {
      for (let t = 1; t < Math.min(text.length, 7); t++) {
        const beginning = text.slice(0, t);
        followers.set(beginning, (followers.get(beginning) ?? new Set()).add(text[t] as string));
      }
    }
    hotSteps(allowed).forEach((row, r) => {
      const text = texts[r] as string;
      for (let t = 1; t < Math.min(text.length, 7); t++) {
        const said = (row[t - 1] as number[]).map((id) => REBER_SYMBOLS[id]).sort();
        expect(said, text.slice(0, t)).toEqual([...(followers.get(text.slice(0, t)) as Set<string>)].sort());
      }
    });
  });

  test('marks the step before the last symbol but one, which repeats the second', () => {
    const { texts, outer, y } = embeddedReber(200, { seed: 2 });
    const targets = stepsOf(y);
    stepsOf(outer).forEach((row, r) => {
      const text = texts[r] as string;
      expect(row.indexOf(1)).toBe(text.length - 3);
      expect(row.filter((mark) => mark === 1)).toHaveLength(1);
      expect(REBER_SYMBOLS[targets[r]?.[text.length - 3] as number]).toBe(text[1]);
    });
  });

  test('knows strings that are in the language, and strings that are not', () => {
    for (const inner of ['BTSSXXTVVE', 'BPVVE', 'BTXXVPSE', 'BPVPXVPXVPXVVE', 'BTSXXVPSE']) {
      expect(isEmbeddedReber(`BT${inner}TE`), inner).toBe(true);
      expect(isEmbeddedReber(`BP${inner}PE`), inner).toBe(true);
      expect(isEmbeddedReber(`BT${inner}PE`), inner).toBe(false);
    }
    for (const inner of ['BTSSPXSE', 'BPTVVB', 'BTXXVVSE', 'BPVSPSE', 'BTSSSE', '', 'B', 'BPVVEE']) {
      expect(isEmbeddedReber(`BT${inner}TE`), inner).toBe(false);
    }
    for (const text of ['', 'B', 'BE', 'BTTE', 'BXBPVVEXE', 'BTconstructorTE']) {
      expect(isEmbeddedReber(text), text).toBe(false);
    }
  });
});

describe('continualReber', () => {
  test('draws string upon string', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 200 }),
        seeds,
        (rows, steps, seed) => {
          const dataset = continualReber(rows, { steps, seed });
          const { x, y } = textsOf(dataset, REBER_SYMBOLS);
          const outer = stepsOf(dataset.outer);
          expect(dataset.x.shape).toEqual([rows, steps, 7]);
          expect(dataset.x.lengths).toBeUndefined();
          dataset.texts.forEach((text, r) => {
            expect([text.slice(0, -1), text.slice(1)]).toEqual([x[r], y[r]]);
            const strings = text.split(/(?<=[TP]E)(?=B[TP])/);
            // The last one is cut off somewhere.
            expect(strings.slice(0, -1).filter((string) => !isEmbeddedReber(string))).toEqual([]);
            const marks = outer[r] as number[];
            let start = 0;
            for (const string of strings.slice(0, -1)) {
              const expected = Array.from(string, (_, t) => (t === string.length - 3 ? 1 : 0));
              expect(marks.slice(start, start + string.length)).toEqual(expected);
              start += string.length;
            }
          });
        },
      ),
    );
  });

  test('allows what comes, and B alone behind the end of a string', () => {
    const { allowed, y, x } = continualReber(2, { steps: 500, seed: 3 });
    const targets = stepsOf(y);
    const inputs = hotSteps(x);
    hotSteps(allowed).forEach((row, r) => {
      row.forEach((ids, t) => {
        expect(ids).toContain(targets[r]?.[t]);
        expect(ids.length).toBeLessThanOrEqual(2);
        const [before, now] = [inputs[r]?.[t - 1]?.[0], inputs[r]?.[t]?.[0]].map(
          (id) => REBER_SYMBOLS[id as number],
        );
        if (now === 'E' && (before === 'T' || before === 'P'))
          expect(ids).toEqual([REBER_SYMBOLS.indexOf('B')]);
      });
    });
  });
});

describe('temporalOrder', () => {
  test('the class is the order of the letters that count, which stand where they should', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 120 }),
        fc.constantFrom(2, 3),
        seeds,
        (steps, relevant, seed) => {
          const { x, y } = temporalOrder(5, { steps, relevant, seed });
          expect([x.shape, y.shape]).toEqual([[5, steps, 8], [5]]);
          hotSteps(x).forEach((row, r) => {
            const text = row.map(([id]) => TEMPORAL_ORDER_SYMBOLS[id as number]).join('');
            expect(text).toMatch(/^E[abcdXY]+B$/);
            const order = text.replace(/[^XY]/g, '');
            expect(order).toHaveLength(relevant);
            expect(y.data[r]).toBe(Number.parseInt(order.replaceAll('X', '0').replaceAll('Y', '1'), 2));
            const places = relevant === 2 ? [0.1, 0.5] : [0.1, 0.33, 0.66];
            const found = [...text.matchAll(/[XY]/g)].map(({ index }) => index);
            found.forEach((at, k) => {
              const from = Math.floor((places[k] as number) * steps);
              expect(at).toBeGreaterThanOrEqual(from);
              expect(at).toBeLessThan(from + Math.floor(steps / 10));
            });
          });
        },
      ),
    );
  });

  test('every class comes up as often', () => {
    const counts = new Array(8).fill(0);
    for (const label of temporalOrder(4000, { steps: 20, relevant: 3, seed: 1 }).y.data) counts[label] += 1;
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(100);
    expect(() => temporalOrder(1, { relevant: 4 } as object)).toThrow(
      'temporalOrder: relevant is 2 or 3 but is 4',
    );
    expect(() => temporalOrder(1, { steps: 9 })).toThrow('steps must be a number at least 10 but is 9');
  });
});

describe('copyTask', () => {
  test('what is shown is asked for behind the sign', () => {
    const sizes = fc.record({
      length: fc.integer({ min: 1, max: 6 }),
      delay: fc.integer({ min: 1, max: 20 }),
      symbols: fc.integer({ min: 1, max: 9 }),
      seed: seeds,
    });
    fc.assert(
      fc.property(sizes, ({ length, delay, symbols, seed }) => {
        const dataset = copyTask(3, { length, delay, symbols, seed });
        expect(dataset.x.shape).toEqual([3, 2 * length + delay, symbols + 2]);
        const alphabet = `${'0123456789'.slice(0, symbols)}.:`;
        const { x, y } = textsOf(dataset, alphabet);
        x.forEach((text, r) => {
          const shown = text.slice(0, length);
          expect(shown).toMatch(/^[0-9]+$/);
          expect(text).toBe(`${shown}${'.'.repeat(delay - 1)}:${'.'.repeat(length)}`);
          expect(y[r]).toBe(`${'.'.repeat(length + delay)}${shown}`);
        });
      }),
    );
  });
});

describe('anbn', () => {
  test('draws a^n b^n, or a^n b^n c^n, and says what may follow', () => {
    const sizes = fc.record({
      from: fc.integer({ min: 1, max: 5 }),
      more: fc.integer({ min: 0, max: 8 }),
      letters: fc.constantFrom(2, 3),
      seed: seeds,
    });
    fc.assert(
      fc.property(sizes, ({ from, more, letters, seed }) => {
        const dataset = anbn(6, { from, to: from + more, letters, seed });
        const alphabet = letters === 2 ? 'STab' : 'STabc';
        const { x, y } = textsOf(dataset, alphabet);
        const allowed = hotSteps(dataset.allowed);
        dataset.texts.forEach((text, r) => {
          const n = (text.length - 2) / letters;
          expect(text).toBe(`S${'a'.repeat(n)}${'b'.repeat(n)}${letters === 3 ? 'c'.repeat(n) : ''}T`);
          expect(n).toBeGreaterThanOrEqual(from);
          expect(n).toBeLessThanOrEqual(from + more);
          expect([x[r], y[r]]).toEqual([text.slice(0, -1), text.slice(1)]);
          const said = allowed[r]?.map((ids) => ids.map((id) => alphabet[id]).join(''));
          expect(said).toEqual(Array.from(text.slice(0, -1), (s, t) => (s === 'a' ? 'ab' : text[t + 1])));
        });
      }),
    );
    expect(() => anbn(1, { from: 5, to: 4 })).toThrow('anbn: to must be a number at least 5 but is 4');
    expect(() => anbn(1, { letters: 4 } as object)).toThrow('anbn: letters is 2 or 3 but is 4');
  });
});

describe('additionAsText', () => {
  test('the answer is the sum, and no pair of numbers comes twice', () => {
    const sizes = fc.record({
      rows: fc.integer({ min: 1, max: 55 }),
      digits: fc.integer({ min: 1, max: 6 }),
      reverse: fc.boolean(),
      seed: seeds,
    });
    fc.assert(
      fc.property(sizes, ({ rows, digits, reverse, seed }) => {
        const dataset = additionAsText(rows, { digits, reverse, seed });
        const { x, y } = textsOf(dataset, ADDITION_SYMBOLS);
        const pairs = new Set<string>();
        dataset.questions.forEach((question, r) => {
          const numbers = question.split('+').map(Number);
          const [first, second] = numbers as [number, number];
          expect(question).toBe(`${first}+${second}`);
          expect(Math.max(first, second)).toBeLessThan(10 ** digits);
          expect(dataset.answers[r]).toBe(`${first + second}`);
          pairs.add(numbers.sort((a, b) => a - b).join());
          const asked = question.padEnd(2 * digits + 1);
          expect(x[r]).toBe(reverse ? [...asked].reverse().join('') : asked);
          expect(y[r]).toBe(`${first + second}`.padEnd(digits + 1));
        });
        expect(pairs.size).toBe(rows);
      }),
    );
  });

  test('can draw every pair there is, and no more', () => {
    expect(
      new Set(additionAsText(55, { digits: 1, seed: 4 }).questions.map((q) => [...q].sort().join())).size,
    ).toBe(55);
    expect(() => additionAsText(5051)).toThrow(
      'additionAsText: rows must be a number at least 1 and at most 5050',
    );
    expect(() => additionAsText(1, { digits: 7 })).toThrow(
      'digits must be a number at least 1 and at most 6 but is 7',
    );
  });
});

test('a seed decides all of each, and another one draws others', () => {
  const generators: ((seed: number) => Dataset)[] = [
    (seed) => embeddedReber(20, { seed }),
    (seed) => continualReber(2, { steps: 50, seed }),
    (seed) => temporalOrder(20, { seed }),
    (seed) => copyTask(2, { seed }),
    (seed) => anbn(20, { seed }),
    (seed) => additionAsText(20, { seed }),
  ];
  for (const draw of generators) {
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5).x).not.toEqual(draw(6).x);
    expect(() => draw(-1)).toThrow(/^\w+: seed must be a number at least 0 but is -1$/);
  }
});
