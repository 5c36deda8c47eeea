import process from 'node:process'

import { parsePlatform } from '@drayage/manifest'
import { createRuntime, type Runtime } from '@drayage/runtime'

import { createJsonProgress } from './render/progress-json.ts'
import { createPlainProgress } from './render/progress-plain.ts'
import { createTtyProgress } from './render/progress-tty.ts'
import type { ProgressView } from './render/progress-view.ts'
import { writeText } from './streams.ts'
import { UsageError } from './usage-error.ts'

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly store?: string | undefined
  readonly progress?: string | undefined
  readonly debug?: boolean | undefined
}

/** What a verb works with: the composed packages, the output and the signal that stops it. */
export interface CommandContext {
  readonly runtime: Runtime
  readonly signal: AbortSignal
  /** Writes a line to stdout. */
  print(line: string): Promise<void>
  /** Writes a line to stderr. */
  warn(line: string): void
  /** Opens a view of progress: on stdout for the verbs whose progress is their result, else on stderr. */
  progress(stream: 'stdout' | 'stderr', quiet?: boolean): ProgressView
}

/** Composes the packages for one command. */
export async function createCommandContext(
  options: GlobalOptions,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<CommandContext> {
  const runtime = await createRuntime({
    ...(options.store === undefined ? {} : { storeDirectory: options.store }),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
  })
  return {
    runtime,
    signal,
    print: (line) => writeText(process.stdout, `${line}\n`),
    warn: (line) => void process.stderr.write(`${line}\n`),
    progress: (stream, quiet = false) => (quiet ? silent : openProgress(options.progress ?? 'auto', process[stream])),
  }
}

const silent: ProgressView = { onEvent() {}, close() {} }

function openProgress(kind: string, stream: NodeJS.WriteStream): ProgressView {
  const write = (text: string): void => void stream.write(text)
  switch (kind) {
    case 'auto':
      return stream.isTTY && process.env['TERM'] !== 'dumb' ? createTtyProgress(stream) : createPlainProgress(write)
    case 'tty':
      return createTtyProgress(stream)
    case 'plain':
      return createPlainProgress(write)
    case 'json':
      return createJsonProgress(write)
    case 'none':
      return silent
    default:
      throw new UsageError(`Cannot show progress as "${kind}": expected auto, tty, plain, json or none`)
  }
}
