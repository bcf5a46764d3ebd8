/**
 * A setup file of vitest.config.ts: random tests draw the same cases in every run, so that a change is judged by what
 * it changes. `SEED=7 npm test` draws others, `SEED=random npm test` new ones each time; a failure names its seed.
 */
import fc from 'fast-check';

const { SEED = '1' } = process.env;
if (SEED !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(SEED) });
