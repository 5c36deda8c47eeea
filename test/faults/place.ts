import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { program } from '../dray-process.ts'

/** A directory with a store, the files of its user and what commands write. */
export interface Place {
  readonly directory: string
  readonly store: string
  /** Where `save` and `copy` write. */
  readonly output: string
}

/** How to run a command in a place. */
export interface CommandOptions {
  /** A command line that runs the rest of its arguments, such as that of strace. */
  readonly wrapper?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** How a command ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs. */
export interface Command {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** What it printed so far. */
  stdout(): string
}

/** The place in a directory, which need not exist. */
export function placeIn(directory: string): Place {
  return { directory, store: path.join(directory, 'store'), output: path.join(directory, 'output') }
}

/** Makes a place without a store. */
export async function makePlace(directory: string): Promise<Place> {
  const place = placeIn(directory)
  await mkdir(place.output, { recursive: true })
  await writeFile(path.join(directory, 'config.json'), '{}')
  return place
}

/** Puts a copy of a place where another one was, under the same path each time, so that system calls can be told apart. */
export async function copyPlace(from: Place, directory: string): Promise<Place> {
  await rm(directory, { recursive: true, force: true })
  await cp(from.directory, directory, { recursive: true, preserveTimestamps: true })
  return placeIn(directory)
}

/** Starts `dray` in a place, with one thread for files, so that its system calls come in the same order each time. */
export function startCommand(place: Place, args: readonly string[], options: CommandOptions = {}): Command {
  const [command = '', ...rest] = [...(options.wrapper ?? []), process.execPath, program, ...args]
  const env = {
    PATH: process.env['PATH'],
    HOME: place.directory,
    // Outside of the place, and kept: what is compiled is no part of what is tested.
    XDG_CACHE_HOME: path.join(path.dirname(place.directory), 'cache'),
    DOCKER_CONFIG: place.directory,
    DRAYAGE_STORE: place.store,
    DOCKER_DEFAULT_PLATFORM: 'linux/amd64',
    UV_THREADPOOL_SIZE: '1',
    NO_COLOR: '1',
    ...options.env,
  }
  const child = spawn(command, rest, { env, cwd: place.output, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  child.on('error', reject)
  child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  return { child, ended: promise, stdout: () => stdout }
}

/** Runs `dray` in a place. @throws Error unless it exits with 0 */
export async function commandOk(place: Place, ...args: readonly string[]): Promise<string> {
  const { code, signal, stdout, stderr } = await startCommand(place, args).ended
  if (code !== 0) throw new Error(`dray ${args.join(' ')}: exit ${code ?? signal}\n${stdout}${stderr}`)
  return stdout
}

/** A file system in memory, where syncing costs nothing: what is killed, not cut off from power, keeps its files anyway. */
const MEMORY = '/dev/shm'

/** Makes an empty directory for a scenario, in memory where that is possible. Its owner removes it. */
export async function scratchDirectory(): Promise<string> {
  return await mkdtemp(path.join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'drayage-faults-'))
}
