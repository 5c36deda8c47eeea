import type { RuntimeOptions } from '@drayage/runtime'

import { lineOf } from './output/write-out.ts'

/** Gathers the failures of mirrors that another registry made up for. */
export interface MirrorWarnings {
  readonly onEvent: NonNullable<RuntimeOptions['onRegistryEvent']>
  /** Writes a line for each mirror, and forgets them. */
  tell(write: (line: string) => void): void
}

/** Codes of content that a mirror does not have, which is no failure. */
const ABSENT: ReadonlySet<unknown> = new Set(['ERR_NAME_NOT_FOUND', 'ERR_CONTENT_NOT_FOUND', 'ERR_REGISTRY_NOT_FOUND'])

/** Keeps the first failure of each mirror. */
export function createMirrorWarnings(): MirrorWarnings {
  const failures = new Map<string, Error>()
  return {
    onEvent: (event) => {
      if (event.type !== 'endpoint-failed' || ('code' in event.error && ABSENT.has(event.error.code))) return
      if (!failures.has(event.host)) failures.set(event.host, event.error)
    },
    tell: (write) => {
      for (const [host, error] of failures) {
        write(lineOf(`dray: warning: mirror ${host} failed and was skipped: ${error.message}`))
      }
      failures.clear()
    },
  }
}
