import process from 'node:process'

import type { OnEvent, ProgressVerb } from '@drayage/distribution'
import { parsePlatform } from '@drayage/manifest'
import {
  createRuntime,
  hostPlatform,
  type ForeignLayersChoice,
  type ImageSettings,
  type Runtime,
} from '@drayage/runtime'

import { createMirrorWarnings } from './mirror-warnings.ts'
import { createJsonProgress } from './output/progress-json.ts'
import { createPlainProgress } from './output/progress-plain.ts'
import { createTtyProgress } from './output/progress-tty.ts'
import { NO_PROGRESS, type ProgressView } from './output/progress-view.ts'
import { lineOf, writeOut } from './output/write-out.ts'
import { ReportedError } from './errors.ts'
import { reportError } from './report-error.ts'

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
  readonly requireSchema2?: boolean | undefined
  readonly imageId: ImageSettings['imageId']
  readonly debug?: boolean | undefined
  /** As `registry=host`. */
  readonly trustedRealms?: readonly string[] | undefined
  readonly httpBlobs?: readonly string[] | undefined
}

/** What a view of progress shows. */
export interface ViewOptions {
  readonly quiet?: boolean | undefined
  /** Whose words are used, those of a pull or of a push; those of a pull by default. */
  readonly verb?: ProgressVerb
}

/** What a verb works with: the composed packages, the output, and the signal that stops it. */
export interface CommandContext {
  /** The version of dray. */
  readonly version: string
  readonly runtime: Runtime
  readonly signal: AbortSignal
  /** Whether stdout is a terminal, which foreign text must not steer. */
  readonly isTerminal: boolean
  /** Writes a line to stdout. */
  print(line: string): Promise<void>
  /** Writes bytes to stdout. */
  write(bytes: Uint8Array): Promise<void>
  /** Opens a view of progress: on stdout for the verbs whose progress is their result, else on stderr. */
  progress(stream: 'stdout' | 'stderr', options?: ViewOptions): ProgressView
  /** Tells of waits and warnings on stderr, for verbs whose progress is not shown. */
  readonly onEvent: OnEvent
  /** Writes a warning to stderr. */
  warn(text: string): void
  /** Writes the warnings that were held back while progress was shown. */
  flushWarnings(): void
  /** Does `work` for each name, even after one has failed; rejects in the end if any has. */
  forEach(names: readonly string[], work: (name: string) => Promise<void>): Promise<void>
}

/** What the options of a verb say to the packages. */
export interface RunSettings {
  /** The platform that images must run on; this machine's by default. */
  readonly platform?: string | undefined
  /** What is done with layers that are kept at URLs; `skip` by default. */
  readonly foreignLayers?: ForeignLayersChoice | undefined
}

/** What a program gives to its commands. */
export interface CommandEnvironment extends RunSettings {
  readonly version: string
  readonly signal: AbortSignal
}

/** Composes the packages for one command. */
export async function createCommandContext(
  options: GlobalOptions,
  { version, signal, platform, foreignLayers }: CommandEnvironment,
): Promise<CommandContext> {
  const writeError = (line: string): void => void process.stderr.write(`${line}\n`)
  const warnings = createMirrorWarnings()
  const runtime = await createRuntime({
    onRegistryEvent: warnings.onEvent,
    onStoreWarning: (text) => writeError(lineOf(`dray: warning: ${text}`)),
    foreignLayers,
    requireSchema2: options.requireSchema2 ?? false,
    imageId: options.imageId,
    registries: {
      ...(options.trustedRealms && { trustedRealms: options.trustedRealms }),
      ...(options.httpBlobs && { httpBlobs: options.httpBlobs }),
    },
    ...(options.store === undefined ? {} : { storeDirectory: options.store }),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform, { host: hostPlatform() }) }),
  })
  return {
    version,
    runtime,
    signal,
    isTerminal: process.stdout.isTTY,
    print: (line) => writeOut(process.stdout, `${line}\n`, signal),
    write: (bytes) => writeOut(process.stdout, bytes, signal),
    progress: (stream, { quiet = false, verb = 'pull' } = {}) =>
      quiet ? NO_PROGRESS : openProgress(options.progress, process[stream], verb),
    onEvent: openProgress(options.progress, process.stderr, 'pull').onEvent,
    warn: (text) => writeError(lineOf(`dray: warning: ${text}`)),
    flushWarnings: () => warnings.tell(writeError),
    async forEach(names, work) {
      const failures: unknown[] = []
      for (const name of names) {
        try {
          await work(name)
        } catch (error) {
          if (signal.aborted || names.length === 1) throw error
          reportError(error, options, writeError)
          failures.push(error)
        }
      }
      if (failures.length > 0) throw new ReportedError(failures[0])
    },
  }
}

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
      return NO_PROGRESS
  }
}
