import { defineConfig } from 'vitest/config'

/** Tests against foreign programs (docker-registry, skopeo, umoci): one file at a time, they share ports and daemons. */
export default defineConfig({
  test: {
    include: ['interop/**/*.test.ts'],
    fileParallelism: false,
    maxConcurrency: 2,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 120_000 } },
  },
})
