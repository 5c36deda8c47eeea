import { defineConfig } from 'vitest/config'

/** Tests against foreign programs (docker-registry, skopeo, umoci): one file at a time, they share ports and daemons. */
export default defineConfig({
  test: {
    // The soak is the same test as without foreign programs, ten times as long.
    include: ['interop/**/*.test.ts', 'packages/distribution/src/soak.test.ts'],
    env: { DRAYAGE_SOAK: '500' },
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 120_000 } },
  },
})
