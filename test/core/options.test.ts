import { describe, expect, test } from 'vitest';
import * as errors from '../../src/core/errors.js';
import { ConfigError, LonghandError } from '../../src/core/errors.js';
import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOptions,
  describe as describeValue,
  nearestName,
  unknownName,
} from '../../src/core/options.js';

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toBeInstanceOf(LonghandError);
    expect((error as ConfigError).name).toBe('ConfigError');
    return (error as ConfigError).message;
  }
  throw new Error('nothing was thrown');
}

test('every error carries its own name and the common ancestor', () => {
  for (const [name, Type] of Object.entries(errors)) {
    const error = new Type('what happened');
    expect([error.name, error.message, error instanceof LonghandError, error instanceof Error]).toEqual([
      name,
      'what happened',
      true,
      true,
    ]);
    expect(String(error)).toBe(`${name}: what happened`);
  }
});

describe('nearestName', () => {
  const known = [
    'sigmoid',
    'tanh',
    'relu',
    'leakyRelu',
    'hardSigmoid',
    'softmax',
    'binaryCrossentropy',
    'lstm',
  ];
  test.each([
    ['sigmiod', 'sigmoid'],
    ['Sigmoid', 'sigmoid'],
    ['hard_sigmoid', 'hardSigmoid'],
    ['LeakyReLU', 'leakyRelu'],
    ['leaky-relu', 'leakyRelu'],
    ['--relu--', 'relu'],
    ['RELU', 'relu'],
    ['rellu', 'relu'],
    ['softmx', 'softmax'],
    ['binary_crossentropy', 'binaryCrossentropy'],
    ['binaryCrossEntropy', 'binaryCrossentropy'],
    ['bce', undefined],
    ['convolution', undefined],
    ['', undefined],
  ])('%s is meant as %s', (name, expected) => {
    expect(nearestName(name, known)).toBe(expected);
  });

  test('takes the nearest of several, and the first of equals', () => {
    expect(nearestName('adamx', ['adamax', 'adam', 'adamw'])).toBe('adamax');
    expect(nearestName('unit', ['units', 'unity'])).toBe('units');
    expect(nearestName('anything', [])).toBe(undefined);
  });
});

describe('unknownName', () => {
  test('asks whether the nearest was meant', () => {
    expect(unknownName('loss', 'binaryCrosentropy', ['binaryCrossentropy', 'huber']).message).toBe(
      "loss 'binaryCrosentropy' is not known: did you mean 'binaryCrossentropy'?",
    );
  });

  test('lists all when none is near', () => {
    expect(unknownName('loss', 'likelihood', ['huber', 'hinge']).message).toBe(
      "loss 'likelihood' is not known: use one of huber, hinge",
    );
  });
});

describe('checkOptions', () => {
  const known = ['units', 'returnSequences'];

  test('lets known options pass, and none', () => {
    expect(() => checkOptions('lstm', { units: 1, returnSequences: undefined }, known)).not.toThrow();
    expect(() => checkOptions('lstm', {}, known)).not.toThrow();
    expect(() => checkOptions('lstm', Object.create({ inherited: 1 }) as object, known)).not.toThrow();
  });

  test('names the option, the place and the mend', () => {
    expect(messageOf(() => checkOptions('lstm', { return_sequences: true }, known))).toBe(
      "lstm: option 'return_sequences' is not known: did you mean 'returnSequences'?",
    );
    expect(messageOf(() => checkOptions('lstm', { shade: 1 }, known))).toBe(
      "lstm: option 'shade' is not known: use one of units, returnSequences",
    );
  });

  test('prefers the hint that goes with a name, and only an own one', () => {
    const hints = { unroll: 'the loop over time is never unrolled; leave it out' };
    expect(messageOf(() => checkOptions('lstm', { unroll: true }, known, hints))).toBe(
      "lstm has no option 'unroll': the loop over time is never unrolled; leave it out",
    );
    for (const name of ['toString', 'constructor', '__proto__']) {
      const options = JSON.parse(`{"${name}": 1}`) as object;
      expect(messageOf(() => checkOptions('lstm', options, known, hints))).toContain(
        `option '${name}' is not known`,
      );
    }
  });

  test.each([
    [5, '5'],
    [null, 'null'],
    ['relu', "'relu'"],
    [[1, 2], 'an array of 2'],
    [() => 1, 'a function'],
  ])('refuses %s in the place of the options', (options, text) => {
    expect(messageOf(() => checkOptions('dense', options as object, known))).toBe(
      `dense takes its options as an object but got ${text}`,
    );
  });
});

describe('checkNumber', () => {
  test('gives back what is in the range, its borders as they are named', () => {
    expect(checkNumber('rate', 0.5)).toBe(0.5);
    expect(checkNumber('rate', -1e300)).toBe(-1e300);
    expect([checkNumber('rate', 0, { min: 0, max: 1 }), checkNumber('rate', 1, { min: 0, max: 1 })]).toEqual([
      0, 1,
    ]);
    expect(checkNumber('rate', 0.999, { above: 0, below: 1 })).toBe(0.999);
  });

  test.each([
    [-0.1, { min: 0 }, 'rate must be a number at least 0 but is -0.1'],
    [0, { above: 0 }, 'rate must be a number above 0 but is 0'],
    [1.5, { min: 0, max: 1 }, 'rate must be a number at least 0 and at most 1 but is 1.5'],
    [1, { min: 0, below: 1 }, 'rate must be a number at least 0 and below 1 but is 1'],
    [Number.NaN, {}, 'rate must be a number but is NaN'],
    [Number.POSITIVE_INFINITY, { min: 0 }, 'rate must be a number at least 0 but is Infinity'],
    ['0.5', {}, "rate must be a number but is '0.5'"],
    [undefined, {}, 'rate must be a number but is undefined'],
    [null, {}, 'rate must be a number but is null'],
    [[0.5], {}, 'rate must be a number but is an array of 1'],
    [{ rate: 1, other: 2 }, {}, 'rate must be a number but is an object with rate, other'],
    [1n, {}, 'rate must be a number but is 1'],
  ])('refuses %s in %j', (value, range, message) => {
    expect(messageOf(() => checkNumber('rate', value, range))).toBe(message);
  });
});

describe('checkInteger', () => {
  test('is at least 1 where nothing else is said', () => {
    expect(checkInteger('units', 1)).toBe(1);
    expect(checkInteger('seed', -7, {})).toBe(-7);
    expect(messageOf(() => checkInteger('units', 0))).toMatch(
      /^units must be a .*number at least 1 but is 0$/,
    );
  });

  test.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '3', null, undefined, true])(
    'refuses %s',
    (value) => {
      expect(messageOf(() => checkInteger('units', value))).toBe(
        `units must be a whole number at least 1 but is ${describeValue(value)}`,
      );
    },
  );
});

test('checkBoolean takes true and false and nothing that only looks like them', () => {
  expect([checkBoolean('shuffle', true), checkBoolean('shuffle', false)]).toEqual([true, false]);
  for (const value of [1, 0, 'true', null, undefined, []]) {
    expect(messageOf(() => checkBoolean('shuffle', value))).toBe(
      `shuffle must be true or false but is ${describeValue(value)}`,
    );
  }
});

test('describe says what a value is, in few words', () => {
  expect(describeValue('x'.repeat(41))).toBe(`'${'x'.repeat(40)}...'`);
  expect(describeValue('x'.repeat(40))).toBe(`'${'x'.repeat(40)}'`);
  expect(describeValue('two\nlines\u0000')).toBe("'two\\nlines\\u0000'");
  expect(describeValue({})).toBe('an object with nothing');
  expect(describeValue({ a: 1, b: 2, c: 3, d: 4, e: 5 })).toBe('an object with a, b, c, d');
  expect(describeValue(Symbol('s'))).toBe('Symbol(s)');
});
