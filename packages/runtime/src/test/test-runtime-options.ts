import path from 'node:path'

import type { RuntimeOptions } from '../create-runtime.ts'

/** A runtime for linux/amd64 with its store and home below `directory`, which knows nothing of this machine. */
export function testRuntimeOptions(directory: string): RuntimeOptions {
  return {
    env: {},
    home: path.join(directory, 'home'),
    etc: path.join(directory, 'etc'),
    storeDirectory: path.join(directory, 'store'),
    platform: { os: 'linux', architecture: 'amd64' },
    retry: { attempts: 3, stepMs: 1 },
  }
}
