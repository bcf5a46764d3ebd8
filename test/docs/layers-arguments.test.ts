/** The tables of arguments in docs/layers.md say what is true: each option is there, and each that is not is an error. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { batchNormalization, dense, embedding, type Layer, tensor } from '../../src/index.js';
import { errorOf } from '../support/bits.js';

const page = readFileSync(new URL('../../docs/layers.md', import.meta.url), 'utf8');

const makers: Record<string, (options: object) => Layer> = {
  Dense: (options) => dense(2, options),
  Embedding: (options) => embedding(2, 2, options),
  BatchNormalization: (options) => batchNormalization(options),
};

/** A value that an option of this name can have. */
function sampleOf(name: string): unknown {
  if (name.endsWith('Initializer')) return 'zeros';
  if (name.endsWith('Regularizer')) return 'l2';
  if (name.endsWith('Constraint')) return 'nonNegative';
  if (name === 'weights') return tensor([1, 2, 3, 4], [2, 2]);
  return { activation: 'relu', momentum: 0.5, epsilon: 0.1, dropout: 0.5 }[name] ?? true;
}

const quoted = (text: string) => [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name as string);
const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

describe.each(Object.keys(makers))("the table of Keras's %s", (layer) => {
  const make = makers[layer] as (options: object) => Layer;
  const section = page.split(`### ${layer}\n`)[1]?.split('###')[0] ?? '';
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()) as [string, string, string, string])
    .map(([, theirs, here, note]) => ({ theirs, here, note }));
  const options = rows.flatMap(({ here }) => (here.startsWith('the ') ? [] : quoted(here)));
  const missing = rows.flatMap(({ theirs, note }) =>
    note.startsWith('not an option') ? quoted(theirs).map(camelCase) : [],
  );

  it('is found', () => expect(rows.length).toBeGreaterThan(6));

  it.each(options)('has %s', (name) => {
    const value = sampleOf(name);
    const config = make({ [name]: value }).config();
    if (name !== 'weights') expect(config).toHaveProperty(name);
  });

  it('names every option that there is', () => {
    const extras = ['type', 'name', 'trainable', 'units', 'vocabulary'];
    for (const name of Object.keys(make({}).config())) {
      if (!extras.includes(name)) expect(options, name).toContain(name);
    }
  });

  it.each(missing)('has no %s', async (name) => {
    const error = await errorOf(() => make({ [name]: 1 }));
    expect(error.name).toBe('ConfigError');
    expect(error.message).toContain(name);
  });
});
