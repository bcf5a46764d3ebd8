import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  classLabels,
  DataError,
  dense,
  FormatError,
  type Label,
  lstm,
  oneHotLabels,
  restoreTransform,
  ShapeError,
  sequential,
  stepLabels,
  tensor,
} from '../../../src/index.js';

const someLabels = fc.oneof(
  fc.array(fc.string(), { minLength: 1 }),
  fc.array(fc.integer(), { minLength: 1 }),
  fc.array(fc.boolean(), { minLength: 1 }),
) as fc.Arbitrary<Label[]>;
const twoOrMore = someLabels.filter((labels) => new Set(labels).size > 1);

describe('labels of rows', () => {
  it('are numbers in the order of their names, whatever the order of the rows', () => {
    const labels = classLabels().fit(['spam', 'ham', 'spam', 'eggs']);
    expect(labels.classes).toEqual(['eggs', 'ham', 'spam']);
    expect(labels.size).toBe(3);
    expect(labels.transform(['spam', 'eggs'])).toEqual([2, 0]);
    expect(classLabels<number>().fit([10, 9, -1]).classes).toEqual([-1, 9, 10]);
    expect(classLabels<boolean>().fit([true, false]).transform([true, false])).toEqual([1, 0]);
  });

  it('have the order that is given', () => {
    const labels = classLabels({ classes: ['low', 'middle', 'high'] });
    expect(labels.isFitted).toBe(true);
    expect(labels.fit(['high']).transform(['high', 'low'])).toEqual([2, 0]);
    expect(() => labels.fit(['none' as 'low'])).toThrow(DataError);
  });

  it('come back from numbers and from what a model predicts', () => {
    fc.assert(
      fc.property(twoOrMore, (given) => {
        const labels = classLabels<Label>().fit(given);
        const indices = labels.transform(given);
        expect(labels.inverse(indices)).toEqual(given);
        const rows = indices.flatMap((index) => labels.classes.map((_, k) => (k === index ? 0.6 : 0.1)));
        expect(labels.inverse(tensor(rows, [given.length, labels.size]))).toEqual(given);
      }),
    );
  });

  it('have probabilities beside them, the likeliest first', () => {
    const labels = classLabels({ classes: ['a', 'b', 'c'] });
    expect(labels.rank(tensor(Float64Array.of(0.25, 0.25, 0.5, 1, 0, 0), [2, 3]))).toEqual([
      [
        { label: 'c', probability: 0.5 },
        { label: 'a', probability: 0.25 },
        { label: 'b', probability: 0.25 },
      ],
      [
        { label: 'a', probability: 1 },
        { label: 'b', probability: 0 },
        { label: 'c', probability: 0 },
      ],
    ]);
  });

  it('of two classes come from one output, above a threshold', () => {
    const chances = tensor(Float64Array.of(0.25, 0.5, 0.875), [3, 1]);
    expect(classLabels({ classes: ['no', 'yes'] }).inverse(chances)).toEqual(['no', 'yes', 'yes']);
    const careful = classLabels({ classes: ['no', 'yes'], threshold: 0.75 });
    expect(careful.inverse(chances)).toEqual(['no', 'no', 'yes']);
    expect(careful.rank(chances)[2]).toEqual([
      { label: 'yes', probability: 0.875 },
      { label: 'no', probability: 0.125 },
    ]);
  });

  it('are what a model predicts', () => {
    const x = [[[1]], [[2]], [[3]]];
    for (const outputs of [1, 3]) {
      const names = outputs === 1 ? ['n', 'y'] : ['a', 'b', 'c'];
      const labels = classLabels({ classes: names });
      const activation = outputs === 1 ? 'sigmoid' : 'softmax';
      const model = sequential([lstm(2), dense(outputs, { activation })], { seed: 1 });
      const predicted = model.predict(x);
      const ranked = labels.rank(predicted);
      expect(ranked.map(([best]) => best?.label)).toEqual(labels.inverse(predicted));
      for (const row of ranked)
        expect(row.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1);
    }
  });
});

describe('labels as zeros and a one', () => {
  it('are there and back', () => {
    const labels = oneHotLabels().fit(['b', 'a', 'c']);
    expect(labels.transform(['c', 'a'])).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
    expect(labels.inverse(labels.transform(['c', 'a']))).toEqual(['c', 'a']);
    expect(labels.inverse(tensor([0.1, 0.7, 0.2], [1, 3]))).toEqual(['b']);
    expect(labels.rank(tensor([0.1, 0.7, 0.2], [1, 3]))[0]?.[0]?.label).toBe('b');
    expect(() => labels.inverse([[1, 0, 0], [1]])).toThrow(ShapeError);
  });
});

describe('labels of steps', () => {
  it('are there and back, in rows of unequal lengths', () => {
    const tags = stepLabels().fit([['noun', 'verb'], ['noun']]);
    const given = [['verb'], ['noun', 'verb', 'noun']];
    expect(tags.transform(given)).toEqual([[1], [0, 1, 0]]);
    expect(tags.inverse(tags.transform(given))).toEqual(given);
  });

  it('come from real steps alone', () => {
    const tags = stepLabels({ classes: ['a', 'b'] });
    const data = [0.9, 0.1, 0.2, 0.8, 0.4, 0.6, Number.NaN, Number.NaN];
    const predicted = tensor(data, [2, 2, 2], { lengths: [2, 1] });
    expect(tags.inverse(predicted)).toEqual([['a', 'b'], ['b']]);
    expect(tags.rank(predicted)[1]).toHaveLength(1);
    expect(tags.inverse(tensor([0.2, 0.7], [1, 2, 1]))).toEqual([['a', 'b']]);
  });

  it('name the step of a mistake', () => {
    const tags = stepLabels({ classes: ['a', 'b'] });
    expect(() => tags.transform([['a'], ['a', 'x' as 'a']])).toThrow("stepLabels: row 1, step 1 is 'x'");
    expect(() => tags.inverse([[0], [2]])).toThrow(
      'row 1, step 0 is 2, and the classes have the numbers 0 to 1',
    );
    expect(() => tags.inverse(tensor([0, 0, 1, Number.NaN], [1, 2, 2]))).toThrow(
      'output 1 of row 0, step 1 is NaN',
    );
    expect(() => tags.inverse(tensor([0, 1], [1, 2]))).toThrow(
      'reads outputs [batch, steps, 2], the last axis 1',
    );
  });
});

describe('encoders as JSON', () => {
  it('are made again', () => {
    fc.assert(
      fc.property(twoOrMore, fc.boolean(), (given, isFixed) => {
        const options = isFixed ? { classes: [...new Set(given)], threshold: 0.25 } : {};
        const row = [
          classLabels<Label>(options).fit(given),
          oneHotLabels<Label>(options).fit(given),
        ] as const;
        for (const labels of row) {
          const json = JSON.parse(JSON.stringify(labels));
          const again = restoreTransform(json) as (typeof row)[0];
          expect(JSON.parse(JSON.stringify(again))).toEqual(json);
          expect(again.transform(given)).toEqual(labels.transform(given));
        }
        const steps = stepLabels<Label>(options).fit([given]);
        const again = restoreTransform(JSON.parse(JSON.stringify(steps))) as typeof steps;
        expect(again.transform([given])).toEqual(steps.transform([given]));
      }),
      { numRuns: 50 },
    );
    expect(restoreTransform(JSON.parse(JSON.stringify(classLabels()))).isFitted).toBe(false);
  });

  it.each([
    ['no classes', { learned: {} }],
    ['classes that are no array', { learned: { classes: 'ab' } }],
    ['one class', { learned: { classes: ['a'] } }],
    ['a class twice', { learned: { classes: ['a', 'a'] } }],
    ['classes of two types', { learned: { classes: ['a', 1] } }],
    ['a class that is none', { learned: { classes: [[], []] } }],
    ['an option that is not known', { options: { evil: 1 } }],
    ['a threshold out of range', { options: { threshold: 2 } }],
  ])('are refused for %s', (_, change) => {
    for (const kind of ['classLabels', 'oneHotLabels', 'stepLabels']) {
      expect(() => restoreTransform({ kind, options: {}, ...change })).toThrow(FormatError);
    }
  });
});

describe('a mistake is an error', () => {
  const labels = classLabels({ classes: ['a', 'b'] });
  it.each([
    [() => classLabels().transform(['a']), ConfigError, 'classLabels has learned nothing yet: call fit'],
    [() => classLabels().fit(['a', 'a']), DataError, "tells two classes or more apart but there is only 'a'"],
    [() => classLabels().fit([]), DataError, 'there is none'],
    [
      () => classLabels<Label>().fit(['a', 1]),
      DataError,
      "label 1 is 1, and the first is 'a': labels are of one type",
    ],
    [() => classLabels<Label>().fit([1, Number.NaN]), DataError, 'label 1 is NaN, and labels are texts'],
    [() => classLabels<Label>().fit([undefined as never]), DataError, 'label 0 is undefined'],
    [
      () => classLabels().fit('ab' as never),
      DataError,
      "takes an array but got 'ab': for one label write [label]",
    ],
    [
      () => labels.transform(['a', 'x' as 'a']),
      DataError,
      "row 1 is 'x', which is none of the classes 'a', 'b'",
    ],
    [() => labels.inverse([0, 2]), DataError, 'row 1 is 2, and the classes have the numbers 0 to 1'],
    [() => labels.inverse([0.5]), DataError, 'row 0 is 0.5'],
    [() => labels.inverse('a' as never), DataError, "takes an array but got 'a'"],
    [() => labels.inverse(tensor([1, 2, 3], [1, 3])), ShapeError, 'but got [1, 3]'],
    [() => labels.inverse(tensor([1.5], [1, 1])), DataError, 'is 1.5, which is no probability'],
    [() => labels.rank(tensor([0.9, 0.9], [1, 2])), DataError, 'sum to 1.79'],
    [() => labels.rank([0] as never), DataError, 'a Tensor, but got an array of 1'],
    [() => classLabels({ classes: ['a'] }), DataError, "there is only 'a'"],
    [() => classLabels({ classes: ['a', 'a'] }), ConfigError, "the class 'a' stands there twice"],
    [() => classLabels({ classes: 'ab' as never }), ConfigError, "an array of labels but are 'ab'"],
    [() => classLabels({ threshold: 2 }), ConfigError, 'threshold must be a number at least 0 and at most 1'],
    [() => classLabels({ clases: ['a'] } as never), ConfigError, "did you mean 'classes'?"],
  ])('number %#', (action, type, message) => {
    expect(action).toThrow(type);
    expect(action).toThrow(message);
  });
});
