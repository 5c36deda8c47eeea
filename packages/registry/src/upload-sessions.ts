import type { AbortOptions } from '@drayage/bytes'

import { MAX_REMEMBERED } from './limits.ts'
import { LruMap } from './lru-map.ts'

/**
 * Keeps the sessions of unfinished uploads, so that a later process goes on with them. A session's text may hold a
 * secret of the registry's: only its user may read it.
 */
export interface UploadSessions {
  /** The session kept for `key`. What it gives is checked before it is used. */
  load(key: string, options?: AbortOptions): Promise<string | undefined>
  /** Keeps `session` for `key`, in place of what was kept before. */
  save(key: string, session: string, options?: AbortOptions): Promise<void>
  /** Forgets what was kept for `key`, if anything was. */
  forget(key: string, options?: AbortOptions): Promise<void>
}

/** Keeps the 1 000 sessions used last in memory. */
export function createMemorySessions(): UploadSessions {
  const sessions = new LruMap<string>(MAX_REMEMBERED)
  return {
    load: async (key) => sessions.get(key),
    save: async (key, session) => sessions.set(key, session),
    forget: async (key) => sessions.delete(key),
  }
}
