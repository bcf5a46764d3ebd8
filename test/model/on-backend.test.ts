/** These tests run on every backend (vitest.config.ts): this one sees to it that they do. */
import { expect, it } from 'vitest';
import { sequential } from '../../src/index.js';
import { kernelSets } from '../support/guarded-memory.js';

it('a model that names no backend runs on the one under test', () => {
  expect(sequential().backend).toBe(process.env.BACKEND ?? kernelSets.at(-1));
  expect(sequential([], { precision: 'float64' }).backend).toBe('reference');
});
