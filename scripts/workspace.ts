/** The packages of the repository and how to run a program, for scripts and tests. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The directory of the repository. */
export const root: string = path.dirname(import.meta.dirname)

/** The directory of the locked tools, Node among them. */
export const bin: string = path.join(root, 'node_modules', '.bin')

/** The fields of a package.json that scripts and tests read. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly description?: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** One package of the workspace. */
export interface WorkspacePackage {
  /** The name in the table of docs/architecture.md: `digest`, or `apps/cli` for an app. */
  readonly label: string
  readonly directory: string
  readonly manifest: Manifest
}

/** The packages under `packages/` and `apps/`, by name. */
export function workspacePackages(): WorkspacePackage[] {
  return ['packages', 'apps'].flatMap((group) =>
    readdirSync(path.join(root, group))
      .toSorted()
      .filter((name) => existsSync(path.join(root, group, name, 'package.json')))
      .map((name) => ({
        label: group === 'packages' ? name : `${group}/${name}`,
        directory: path.join(root, group, name),
        manifest: readJson<Manifest>(path.join(root, group, name, 'package.json')),
      })),
  )
}

/** The libraries that are published: what is under `packages/` and not private. */
export function publicLibraries(): WorkspacePackage[] {
  return workspacePackages().filter((each) => !each.label.startsWith('apps/') && each.manifest.private !== true)
}

/** The source files of a package, relative to its `src`, tests included. */
export function sourceFiles(each: WorkspacePackage): string[] {
  return readdirSync(path.join(each.directory, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .toSorted()
}

/** Whether a file below `src` is a test or a test helper, which are not built. */
export function isTestFile(file: string): boolean {
  return file.endsWith('.test.ts') || file.startsWith('test/')
}

/** Reads a JSON file; line comments are allowed. */
export function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8').replace(/^\s*\/\/.*$/gm, '')) as T
}

/** How a program ended and what it printed, both streams together. */
export interface Ended {
  readonly status: number
  readonly output: string
}

/** Runs a program with the locked tools first on PATH and keeps what it prints. */
export function capture(
  program: string,
  parameters: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  return start(program, parameters, { ...options, stdio: 'pipe' })
}

/** Runs a program with the locked tools first on PATH, on this terminal. */
export async function show(program: string, parameters: readonly string[]): Promise<number> {
  return (await start(program, parameters, { stdio: 'inherit' })).status
}

function start(
  program: string,
  parameters: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly stdio: 'pipe' | 'inherit' },
): Promise<Ended> {
  const child = spawn(program, parameters, {
    cwd: options.cwd ?? root,
    stdio: ['ignore', options.stdio, options.stdio],
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`, ...options.env },
  })
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve({ status: status ?? 1, output }))
  })
}

/** Calls `work` for each item, at most `limit` at a time, and resolves to the results in order. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Map<number, R>()
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      const item = items[index]
      if (item !== undefined) results.set(index, await work(item))
    }
  }
  await Promise.all(Array.from({ length: limit }, lane))
  return [...results].toSorted(([a], [b]) => a - b).map(([, result]) => result)
}
