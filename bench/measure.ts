import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What one run of a command took. */
export interface Sample {
  readonly wallSeconds: number
  /** User and system time, of helpers too. */
  readonly cpuSeconds: number
  readonly peakBytes: number
}

/** A long-running process that does a command's work, such as the docker daemon; its time and memory count as well. */
export interface Daemon {
  readonly pid: number
}

/**
 * Runs a command to its end under GNU time and returns what it took, plus what `daemon` took meanwhile.
 *
 * @throws Error when the command fails
 */
export async function measure(command: readonly string[], env: NodeJS.ProcessEnv, daemon?: Daemon): Promise<Sample> {
  const before = daemon === undefined ? undefined : processCost(daemon.pid)
  const child = spawn('/usr/bin/time', ['-q', '-f', '%e %U %S %M', ...command], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const errors: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
  const started = performance.now()
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const wallSeconds = (performance.now() - started) / 1000
  const output = Buffer.concat(errors).toString()
  if (code !== 0) throw new Error(`Cannot measure "${command.join(' ')}": exit ${code}: ${output.slice(-2000)}`)
  const [, user = '0', system = '0', kilobytes = '0'] = output.trimEnd().split('\n').at(-1)?.split(' ') ?? []
  const own = { cpuSeconds: Number(user) + Number(system), peakBytes: Number(kilobytes) * 1024 }
  if (daemon === undefined || before === undefined) return { wallSeconds, ...own }
  const after = processCost(daemon.pid)
  return {
    wallSeconds,
    cpuSeconds: own.cpuSeconds + after.cpuSeconds - before.cpuSeconds,
    peakBytes: own.peakBytes + after.peakBytes,
  }
}

/** CPU time with ended children, and peak memory, of a running process. */
export function processCost(pid: number): { cpuSeconds: number; peakBytes: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number)
  // From the state field on: utime, stime, cutime and cstime are fields 14 to 17 of proc(5).
  const ticks = fields.slice(11, 15).reduce((sum, each) => sum + each, 0)
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  return { cpuSeconds: ticks / 100, peakBytes: Number(peak) * 1024 }
}

/** The sample with the median wall time. */
export function median(samples: readonly Sample[]): Sample {
  const sorted = samples.toSorted((a, b) => a.wallSeconds - b.wallSeconds)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  if (middle === undefined) throw new RangeError('Cannot take the median of no samples')
  return middle
}
