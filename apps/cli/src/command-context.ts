import process from 'node:process'

import type { ProgressVerb } from '@drayage/distribution'
import { parsePlatform } from '@drayage/manifest'
import { createRuntime, hostPlatform, type Runtime } from '@drayage/runtime'

import { createMirrorWarnings } from './mirror-warnings.ts'
import { ReportedError, reportError } from './report-error.ts'
import { createJsonProgress } from './render/progress-json.ts'
import { createPlainProgress } from './render/progress-plain.ts'
import { createTtyProgress } from './render/progress-tty.ts'
import type { ProgressView } from './render/progress-view.ts'
import { writeOut } from './streams.ts'

/** How progress can be shown. */
export const PROGRESS_KINDS: readonly ['auto', 'tty', 'plain', 'json', 'none'] = [
  'auto',
  'tty',
  'plain',
  'json',
  'none',
]

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly store?: string | undefined
  readonly progress: (typeof PROGRESS_KINDS)[number]
  readonly debug?: boolean | undefined
}

/** What a view of progress shows. */
export interface ProgressOptions {
  readonly quiet?: boolean | undefined
  /** Whose words are used; those of a pull by default. */
  readonly verb?: ProgressVerb
}

/** What a verb works with: the composed packages, the output and the signal that stops it. */
export interface CommandContext {
  readonly runtime: Runtime
  readonly signal: AbortSignal
  /** Whether stdout is a terminal, which foreign text must not steer. */
  readonly isTerminal: boolean
  /** Writes a line to stdout. */
  print(line: string): Promise<void>
  /** Writes bytes to stdout. */
  write(bytes: Uint8Array): Promise<void>
  /** Opens a view of progress: on stdout for the verbs whose progress is their result, else on stderr. */
  progress(stream: 'stdout' | 'stderr', options?: ProgressOptions): ProgressView
  /** Writes what went wrong without harm to stderr, once progress no longer moves there. */
  tellWarnings(): void
  /** Does `work` for each name, also after one that failed; then rejects when any did. */
  forEach(names: readonly string[], work: (name: string) => Promise<void>): Promise<void>
}

/** Composes the packages for one command. */
export async function createCommandContext(
  options: GlobalOptions,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<CommandContext> {
  const warnings = createMirrorWarnings()
  const runtime = await createRuntime({
    onRegistryEvent: warnings.onEvent,
    ...(options.store === undefined ? {} : { storeDirectory: options.store }),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform, { host: hostPlatform() }) }),
  })
  return {
    runtime,
    signal,
    isTerminal: process.stdout.isTTY,
    print: (line) => writeOut(process.stdout, `${line}\n`, signal),
    write: (bytes) => writeOut(process.stdout, bytes, signal),
    progress: (stream, { quiet = false, verb = 'pull' } = {}) =>
      quiet ? silent : openProgress(options.progress, process[stream], verb),
    tellWarnings: () => warnings.tell((line) => void process.stderr.write(`${line}\n`)),
    async forEach(names, work) {
      const failures: unknown[] = []
      for (const name of names) {
        try {
          await work(name)
        } catch (error) {
          if (signal.aborted || names.length === 1) throw error
          reportError(error, options, (line) => void process.stderr.write(`${line}\n`))
          failures.push(error)
        }
      }
      if (failures.length > 0) throw new ReportedError(failures[0])
    },
  }
}

const silent: ProgressView = { onEvent() {}, close() {} }

function openProgress(kind: GlobalOptions['progress'], stream: NodeJS.WriteStream, verb: ProgressVerb): ProgressView {
  const write = (text: string): void => void stream.write(text)
  switch (kind) {
    case 'auto':
      return stream.isTTY && process.env['TERM'] !== 'dumb'
        ? createTtyProgress(stream, verb)
        : createPlainProgress(write, verb)
    case 'tty':
      return createTtyProgress(stream, verb)
    case 'plain':
      return createPlainProgress(write, verb)
    case 'json':
      return createJsonProgress(write, verb)
    case 'none':
      return silent
  }
}
