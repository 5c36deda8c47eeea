import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Relative to `--dir`, so that `vitest run --dir packages/digest` finds its tests too.
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'interop/**'],
    // A guard against a hang, not a bound on speed: a busy machine may be many times slower than an idle one.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 120_000 } },
    // All of a small machine: by default one processor is left out, which is half of two.
    maxWorkers: '100%',
  },
})
