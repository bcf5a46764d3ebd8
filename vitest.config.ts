import { defineConfig } from 'vitest/config';

/** Node 20 has relaxed SIMD behind a flag, which later versions no longer know. */
const relaxedSimd = process.version.startsWith('v20.') ? ['--experimental-wasm-relaxed-simd'] : [];

const shared = { execArgv: relaxedSimd, testTimeout: 120_000, hookTimeout: 120_000 };
const setupFiles = ['test/support/seed.ts'];

/**
 * All tests run on the fastest backend, and those that build models once more on each of the others. There files share
 * a process, which spares two thirds of the time; in the first run each has its own.
 */
const again = (['simd', 'reference'] as const).map((BACKEND) => ({
  test: {
    ...shared,
    name: BACKEND,
    isolate: false,
    env: { BACKEND },
    setupFiles: [...setupFiles, 'test/support/on-backend.ts'],
    include: ['test/{golden,layers,model,training}/**/*.test.ts'],
  },
}));

export default defineConfig({
  test: {
    projects: [{ test: { ...shared, setupFiles, name: 'all', include: ['test/**/*.test.ts'] } }, ...again],
  },
});
