import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    // A guard against a hang, not a bound on speed: a busy machine may be many times slower than an idle one.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
