import type { Followable, Ingest } from './ports.ts'

/** Tells whether the bytes of `ingest` can be read while they arrive. */
export function canFollow(ingest: Ingest): ingest is Ingest & Followable {
  return 'follow' in ingest && typeof ingest.follow === 'function'
}
