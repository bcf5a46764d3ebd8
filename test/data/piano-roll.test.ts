import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError, FormatError, LonghandError, readPianoRolls } from '../../src/index.js';

const notes = fc.uniqueArray(fc.integer({ min: 21, max: 108 }), { maxLength: 5 });
const pieces = fc.array(fc.array(notes, { minLength: 2, maxLength: 6 }), { minLength: 1, maxLength: 4 });

/** The MIDI notes of a step. */
function notesOf(data: Float32Array, step: number): number[] {
  return [...Array(88).keys()].filter((key) => data[88 * step + key] === 1).map((key) => key + 21);
}

describe('readPianoRolls', () => {
  test('gives the frames of each piece, and the frame after each', () => {
    fc.assert(
      fc.property(pieces, (train) => {
        const { train: read, ...others } = readPianoRolls(JSON.stringify({ train }));
        expect(Object.keys(others)).toEqual([]);
        const { x, y } = read as NonNullable<typeof read>;
        const steps = Math.max(...train.map(({ length }) => length - 1));
        expect([x.shape, y.shape]).toEqual([x.shape, x.shape]);
        expect(x.shape).toEqual([train.length, steps, 88]);
        train.forEach((frames, p) => {
          expect([x, y].map(({ lengths }) => lengths?.[p] ?? steps)).toEqual([
            frames.length - 1,
            frames.length - 1,
          ]);
          const sorted = frames.map((frame) => [...frame].sort((a, b) => a - b));
          for (let f = 0; f + 1 < frames.length; f++) {
            expect(notesOf(x.data, p * steps + f)).toEqual(sorted[f]);
            expect(notesOf(y.data, p * steps + f)).toEqual(sorted[f + 1]);
          }
        });
      }),
      { numRuns: 50 },
    );
  });

  test('names the place of what is wrong', () => {
    const cases: [string, new (message: string) => Error, string][] = [
      ['{"train": [', FormatError, 'rolls, line 1, column 12: from here on it is no JSON'],
      [
        '[[[60]]]',
        FormatError,
        'rolls, line 1, column 1: it must be an object of parts, such as train and test, but is an array of 1',
      ],
      ['null', FormatError, 'it must be an object of parts, such as train and test, but is null'],
      ['{}', FormatError, 'rolls, line 1, column 1: it has no parts'],
      ['{"a": 1}', FormatError, 'rolls, line 1, column 7: a must be an array of pieces but is 1'],
      ['{"a": []}', DataError, 'rolls, line 1, column 7: a has no pieces'],
      [
        '{"a": [[[60], [60]], {}]}',
        FormatError,
        'rolls, line 1, column 22: a, piece 1 must be an array of frames but is an object',
      ],
      [
        '{"a": [[[60], 60]]}',
        FormatError,
        'rolls, line 1, column 15: a, piece 0, frame 1 must be an array of notes but is 60',
      ],
      [
        '{"a": [[[60]]]}',
        DataError,
        'rolls, line 1, column 8: a, piece 0 has 1 frames: without two of them there is no next one',
      ],
      ['{"a": [[[60], [61, 20]]]}', DataError, 'a note is a whole number from 21 to 108 but is 20'],
      [
        '{"a": [[[60], [109]]]}',
        DataError,
        'a, piece 0, frame 1: a note is a whole number from 21 to 108 but is 109',
      ],
      ['{"a": [[[60.5], []]]}', DataError, 'but is 60.5'],
      ['{"a": [[["C4"], []]]}', DataError, "but is 'C4'"],
    ];
    for (const [text, kind, message] of cases) {
      expect(() => readPianoRolls(text, { name: 'rolls' }), text).toThrow(kind);
      expect(() => readPianoRolls(text, { name: 'rolls' }), text).toThrow(message);
    }
  });

  test('reads damaged files, or says what is wrong with them', () => {
    const whole = JSON.stringify({
      train: [
        [[60, 64], [62]],
        [[], [21], [108]],
      ],
      test: [[[50], [51]]],
    });
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.constantFrom(...'[]{},:"0129-.e '),
        fc.boolean(),
        (at, put, cut) => {
          const text = `${whole.slice(0, at)}${put}${whole.slice(at + (cut ? 1 : 0))}`;
          try {
            for (const { x, y } of Object.values(readPianoRolls(text))) expect(x.shape).toEqual(y.shape);
          } catch (error) {
            if (!(error instanceof LonghandError)) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
