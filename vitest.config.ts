import { defineConfig } from 'vitest/config';

/** Node 20 has relaxed SIMD behind a flag, which later versions no longer know. */
const relaxedSimd = process.version.startsWith('v20.') ? ['--experimental-wasm-relaxed-simd'] : [];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    execArgv: relaxedSimd,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
