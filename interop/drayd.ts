import { readFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import { findPeer, run, startProgram, type Program, type RunOptions, type RunResult } from '@drayage/testkit'

const DRAYD = path.resolve(import.meta.dirname, '../apps/daemon/bin/drayd.js')

/** A running `drayd`. */
export interface Drayd extends Program {
  readonly store: string
  /** The socket of its Engine API. */
  readonly socket: string
  /** Where it listens, in the order of its arguments: Engine API, registry, admin. */
  readonly places: readonly string[]
  readonly logFile: string
  /** Runs the `docker` command against it, with an empty configuration. */
  docker(args: readonly string[], options?: RunOptions): Promise<RunResult>
}

/** Starts the built `drayd` on a socket in `directory`, with its store there. */
export async function startDrayd(directory: string, args: readonly string[] = []): Promise<Drayd> {
  const store = path.join(directory, 'store')
  const socket = path.join(directory, 'drayd.sock')
  const logFile = path.join(directory, 'drayd.log')
  // Ignores what an earlier run wrote.
  const earlier = (await readFile(logFile, 'utf8').catch(() => '')).length
  const places = async (): Promise<readonly string[] | undefined> => {
    const lines = (await readFile(logFile, 'utf8'))
      .slice(earlier)
      .split('\n')
      .filter((line) => line.includes('"places"'))
    const last: unknown = JSON.parse(lines.at(-1) ?? 'null')
    const found = typeof last === 'object' && last !== null && 'places' in last ? last.places : undefined
    return Array.isArray(found) ? found.map(String) : undefined
  }
  const daemon = await startProgram({
    command: process.execPath,
    args: [DRAYD, '--host', `unix://${socket}`, '--store', store, ...args],
    logFile,
    isReady: async () => (await places()) !== undefined,
  })
  const client = findPeer('docker') ?? 'docker'
  const docker: Drayd['docker'] = (words, options = {}) =>
    run(client, words, {
      ...options,
      env: { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: directory, DOCKER_CONTEXT: undefined, ...options.env },
    })
  return { ...daemon, store, socket, logFile, docker, places: (await places()) ?? [] }
}
