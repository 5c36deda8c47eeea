import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** A system call of a command that changes something in its place. */
export interface Point {
  readonly call: string
  /** What it is called on; `undefined` when that has another name in each run. */
  readonly file: string | undefined
  /** Which of the calls on this file it is, or of all where that has no name; from 1. */
  readonly nth: number
  /** The same for equal seeds: the call, where, and which. */
  readonly label: string
}

/** System calls that write, create, name or remove. */
export const WRITE_CALLS: readonly string[] = [
  ...['write', 'pwrite64', 'writev', 'pwritev', 'copy_file_range', 'sendfile', 'ftruncate', 'truncate', 'fallocate'],
  ...['fsync', 'fdatasync', 'openat', 'mkdir', 'mkdirat', 'rename', 'renameat', 'renameat2', 'link', 'linkat'],
  ...['symlink', 'symlinkat', 'unlink', 'unlinkat', 'rmdir', 'chmod', 'fchmod', 'fchown', 'utimensat'],
]

/** The command line that writes the system calls of the rest of its arguments to a file. */
export function recorder(log: string): string[] {
  return [...strace(log), '--seccomp-bpf', '-y', '-e', `trace=${WRITE_CALLS.join(',')}`]
}

/** The command line that does something at one system call of the rest of its arguments, such as `signal=KILL`. */
export function injector(log: string, { call, file, nth }: Point, what: string, isForGood = false): string[] {
  const only = file === undefined ? [] : ['-P', file]
  return [
    ...[...strace(log), ...only, '-e', `trace=${call}`, '-e'],
    `inject=${call}:${what}:when=${nth}${isForGood ? '+' : ''}`,
  ]
}

/** The command line that lets the rest of its arguments believe that they synced. */
export function syncNothing(log: string): string[] {
  return [...strace(log), '-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:retval=0']
}

/** With the tracer beside the program, so that signals and exit codes are the program's own. */
const strace = (log: string): string[] => ['strace', '-D', '-f', '-q', '-s', '0', '-o', log]

/** Whether an injection took place. */
export async function wasInjected(log: string): Promise<boolean> {
  const text = await readFile(log, 'utf8').catch(() => '')
  return text.includes('(INJECTED') || text.includes('+++ killed by SIGKILL')
}

const RANDOM_NAME = /[0-9a-f]{8}-[0-9a-f]{4}-|\.[A-Za-z0-9_-]{6,}\.(?:partial|tmp)|\.\d+\.(?:partial|tmp)/

/** The points of a recorded run, in an order that does not depend on the order of threads. */
export async function readPoints(log: string, directory: string): Promise<Point[]> {
  const counts = new Map<string, number>()
  const count = (...key: readonly string[]): number => {
    const text = key.join(' ')
    counts.set(text, (counts.get(text) ?? 0) + 1)
    return counts.get(text) ?? 1
  }
  const points = new Map<string, Point>()
  for (const line of (await readFile(log, 'utf8')).split('\n')) {
    const [, thread = '', call = '', rest = ''] = /^(\d+) +(\w+)\((.*)$/.exec(line) ?? []
    if (call === '') continue
    const overall = count(thread, call)
    const files = [...rest.matchAll(/[<"](\/[^<>"]*)[>"]/g)].flatMap(([, file = '']) => (file === '' ? [] : [file]))
    const numbers = new Map([...new Set(files)].map((file) => [file, count(thread, call, file)]))
    const here = [...numbers.keys()].filter((file) => file.startsWith(`${directory}/`))
    const [any] = here
    if (any === undefined || (call === 'openat' && !rest.includes('O_CREAT'))) continue
    const file = here.find((each) => !RANDOM_NAME.test(each))
    const nth = file === undefined ? overall : (numbers.get(file) ?? 1)
    const where = path.relative(directory, file ?? any).replace(RANDOM_NAME, '*')
    const label = `${call} ${file === undefined ? path.dirname(where) + '/*' : where} #${nth}`
    points.set(label, { call, file, nth, label })
  }
  return [...points.values()].toSorted((one, other) => (one.label < other.label ? -1 : 1))
}
