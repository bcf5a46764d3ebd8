/** The errors that docs/keras.md quotes are the ones that are thrown. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as longhand from '../../src/index.js';

const page = readFileSync(new URL('../../docs/keras.md', import.meta.url), 'utf8');

/** The rows of the table whose second column has this title. */
function quotes(title: string): [code: string, message: string][] {
  const table = page.split(`| you write | ${title} |\n`)[1]?.split('\n\n')[0] ?? '';
  return [...table.matchAll(/^\| `(.+)` \| `(.+)` \|$/gm)].map(([, code, message]) => [
    code as string,
    message as string,
  ]);
}

/** The error of an expression, in which all public names are known, and `model`, `x` and `y`. */
async function errorOf(code: string): Promise<unknown> {
  const model = longhand.sequential([longhand.lstm(2), longhand.dense(1)], { seed: 1 });
  model.compile({ loss: 'meanSquaredError' });
  const scope = { ...longhand, model, x: [[[1], [2]]], y: [1] };
  const run = new Function(...Object.keys(scope), `return (${code});`) as (...values: unknown[]) => unknown;
  try {
    await run(...Object.values(scope));
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('the errors in docs/keras.md', () => {
  const whole = quotes('the error says');
  const beginnings = quotes('the error begins');

  test('are found on the page', () => {
    const rows = page.split('## What is not in this version')[1]?.match(/^\| `/gm) ?? [];
    expect(whole.length + beginnings.length).toBe(rows.length);
    expect(whole.length).toBeGreaterThan(10);
    expect(beginnings.length).toBeGreaterThan(3);
  });

  test.each(whole)('%s', async (code, message) => {
    const error = await errorOf(code);
    expect(error).toBeInstanceOf(longhand.ConfigError);
    expect((error as Error).message).toBe(message);
  });

  test.each(beginnings)('%s', async (code, beginning) => {
    const error = await errorOf(code);
    expect(error).toBeInstanceOf(longhand.ConfigError);
    expect((error as Error).message.slice(0, beginning.length)).toBe(beginning);
  });
});
