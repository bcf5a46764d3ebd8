/** The tables of arguments in docs/recurrent.md say what is true: each option is there, and each that is not is an error. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bidirectional, gru, type Layer, lstm, simpleRnn } from '../../src/index.js';
import { errorOf } from '../support/bits.js';

const page = readFileSync(new URL('../../docs/recurrent.md', import.meta.url), 'utf8');

interface Row {
  argument: string;
  of: string;
  here: string;
}

const rows: Row[] = [...page.matchAll(/^\| `?([^|]+?)`?(?: \([^)|]*\))? \| ([^|]+) \| ([^|]+) \| .* \|$/gm)]
  .map(([, argument, of, here]) => ({ argument, of, here }) as Row)
  .filter(({ argument }) => argument !== 'argument');

const makers: Record<string, (options: object) => Layer> = {
  LSTM: (options) => lstm(2, options),
  GRU: (options) => gru(2, options),
  SimpleRNN: (options) => simpleRnn(2, options),
  Bidirectional: (options) => bidirectional(lstm(2), options),
  'nn.LSTM': (options) => lstm(2, options),
};

/** A value that an option can have; others are true. */
const values: Record<string, unknown> = {
  activation: 'relu',
  recurrentActivation: 'tanh',
  kernelInitializer: 'zeros',
  recurrentInitializer: 'zeros',
  biasInitializer: 'zeros',
  kernelRegularizer: 'l2',
  recurrentRegularizer: 'l2',
  biasRegularizer: 'l2',
  activityRegularizer: 'l2',
  kernelConstraint: 'nonNegative',
  recurrentConstraint: 'nonNegative',
  biasConstraint: 'nonNegative',
  dropout: 0.1,
  recurrentDropout: 0.1,
  name: 'reader',
  mergeMode: 'mul',
  backwardLayer: gru(3, { goBackwards: true }),
};

const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const layersOf = (of: string) => (of === 'all' ? ['LSTM', 'GRU', 'SimpleRNN'] : of.split(', '));

describe('the tables of arguments in docs/recurrent.md', () => {
  it('are found', () => expect(rows.length).toBeGreaterThan(45));

  const options = rows.flatMap(({ of, here }) => {
    const name = /^`(\w+)`$/.exec(here)?.[1];
    return name === undefined ? [] : layersOf(of).map((layer) => [layer, name] as const);
  });

  it.each(options)('%s has %s', (layer, name) => {
    const needs = name === 'zeroOutputForMask' ? { returnSequences: true } : {};
    const value = Object.hasOwn(values, name) ? values[name] : name !== 'useBias';
    const made = (makers[layer] as (options: object) => Layer)({ ...needs, [name]: value });
    expect(Object.keys(made.config())).toContain(name);
  });

  it('name every option that there is', () => {
    const known = new Set(options.map(([, name]) => name));
    const extras = ['type', 'units', 'initialState', 'cellClip', 'layer', 'weightDropout'];
    for (const make of [lstm, gru, simpleRnn]) {
      for (const name of Object.keys(make(2).config())) {
        if (!extras.includes(name)) expect(known, name).toContain(name);
      }
    }
  });

  const missing = rows
    .filter(({ here }) => here === 'not an option')
    .flatMap(({ argument, of }) => layersOf(of).map((layer) => [layer, camelCase(argument)] as const));

  it.each(missing)('%s has no %s', async (layer, name) => {
    const error = await errorOf(() => (makers[layer] as (options: object) => Layer)({ [name]: 1 }));
    expect(error.name).toBe('ConfigError');
    expect(error.message).toContain(name);
  });
});
