import path from 'node:path'

import { run, type RunResult } from '@drayage/testkit'

/** The file that `dray` is started by. */
export const program = path.resolve(import.meta.dirname, '../apps/cli/bin/dray.js')

/** Runs `dray` with its store and its user's files below `directory`, for linux/amd64, and without the logins of this machine. */
export async function drayIn(directory: string, ...args: string[]): Promise<RunResult> {
  return await run(process.execPath, [program, ...args], {
    env: {
      DRAYAGE_STORE: path.join(directory, 'store'),
      DOCKER_CONFIG: directory,
      HOME: directory,
      DOCKER_DEFAULT_PLATFORM: 'linux/amd64',
      DOCKER_AUTH_CONFIG: undefined,
      REGISTRY_AUTH_FILE: undefined,
    },
  })
}
