/** A setup file of vitest.config.ts: what the tests leave to `auto` runs on the backend that BACKEND names. */
import { vi } from 'vitest';
import type * as backends from '../../src/backend/backend.js';

vi.mock('../../src/backend/backend.js', async (importOriginal) => {
  const original = await importOriginal<typeof backends>();
  const named = process.env.BACKEND as backends.ChosenBackend;
  const selectBackend: typeof backends.selectBackend = (name, precision) =>
    original.selectBackend(name === 'auto' && precision === 'float32' ? named : name, precision);
  return { ...original, selectBackend };
});
