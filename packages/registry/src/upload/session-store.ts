import { createLruMap, type AbortOptions } from '@drayage/bytes'

import { MAX_REMEMBERED } from '../limits.ts'

/**
 * Keeps the sessions of unfinished uploads, so that a later process continues them. A session's text may hold a secret of
 * the registry's: only its user may read it.
 */
export interface UploadSessionStore {
  /**
   * Takes `key` for its caller alone until it is disposed of; `undefined` while another caller, in this process or another,
   * uses the kept session.
   */
  claim(key: string, options?: AbortOptions): Promise<Disposable | undefined>
  /** The session kept for `key`. What it gives is checked before it is used. */
  load(key: string, options?: AbortOptions): Promise<string | undefined>
  /** Keeps `session` for `key`, in place of what was kept before. */
  save(key: string, session: string, options?: AbortOptions): Promise<void>
  /** Forgets what was kept for `key`, if anything was. */
  forget(key: string, options?: AbortOptions): Promise<void>
}

/** Keeps the 1 000 sessions used last in memory. */
export function createMemorySessions(): UploadSessionStore {
  const sessions = createLruMap<string, string>({ maxEntries: MAX_REMEMBERED })
  const claimed = new Set<string>()
  return {
    claim: async (key) => {
      if (claimed.has(key)) return undefined
      claimed.add(key)
      return { [Symbol.dispose]: () => void claimed.delete(key) }
    },
    load: async (key) => sessions.get(key),
    save: async (key, session) => sessions.set(key, session),
    forget: async (key) => void sessions.delete(key),
  }
}

/** Keeps nothing: for an upload whose session ends with it. */
export const NO_SESSIONS: UploadSessionStore = {
  claim: async () => undefined,
  load: async () => undefined,
  save: async () => {},
  forget: async () => {},
}
