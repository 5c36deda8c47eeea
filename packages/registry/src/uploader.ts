import type { AbortOptions } from '@drayage/bytes'
import { assertIngestKey, createKeyedLock, type Mounter } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import type { Endpoint } from './endpoint.ts'
import { mountBlob } from './mount-blob.ts'
import { UrlRefusedError } from './errors.ts'
import { MAX_REMEMBERED } from './limits.ts'
import { LruMap } from './lru-map.ts'
import { askStatus, cancel, forget, keep, openUpload, sessionKey, type Upload, type UploadContext } from './upload.ts'
import { openUploadIngest, type UploadIngest } from './upload-ingest.ts'
import { sessionAt } from './upload-session.ts'
import { NO_SESSIONS, type UploadSessions } from './upload-sessions.ts'

/** Options of `RepositoryClient.begin()`. */
export interface BeginOptions extends AbortOptions {
  /** Bytes of the whole content, when they are known: then requests say how long they are, as some proxies want. */
  readonly size?: number | undefined
  /** The session to go on with, as {@link UploadIngest.session} gave it; by default the one that was kept. */
  readonly session?: string | undefined
}

/** How a repository's uploads are made. */
export interface UploaderOptions {
  readonly uploadSessions: UploadSessions
  readonly chunkBytes: number | undefined
  readonly now: () => number
}

/** What an uploader is made of. */
export interface UploaderParts extends UploaderOptions {
  readonly endpoint: Endpoint
  readonly repository: Repository
  /** The repository's path, from `/v2/` on. */
  readonly base: string
  readonly has: (what: Descriptor, options: AbortOptions) => Promise<boolean>
  readonly putManifest: (what: Descriptor, bytes: Uint8Array, options: AbortOptions) => Promise<void>
}

/** Takes content into a repository. */
export interface Uploader extends Mounter {
  begin(key: string, options?: BeginOptions): Promise<UploadIngest>
}

/** Creates the uploader of a repository. */
export function createUploader(parts: UploaderParts): Uploader {
  const { endpoint, repository, base, has, putManifest, uploadSessions, chunkBytes, now } = parts
  const lock = createKeyedLock()
  const context: UploadContext = {
    endpoint,
    repository,
    base,
    sessions: uploadSessions,
    mode: { chunkBytes, isPatchOnly: false },
    now,
    opened: new LruMap<Upload>(MAX_REMEMBERED),
    has: (digest, size, options) => has({ mediaType: 'application/octet-stream', digest, size }, options),
  }
  return {
    mount: (what, from, options) => mountBlob(context, what, from, options),
    begin: async (key, options = {}) => {
      const { size, signal } = options
      assertIngestKey(key)
      if (size !== undefined && (!Number.isSafeInteger(size) || size < 0)) {
        throw new RangeError(`Cannot push ${key}: its size is ${size}, expected a whole number of bytes`)
      }
      const unlock = await lock.acquire(key, { signal })
      let claim: Disposable | undefined
      const release = (): void => {
        claim?.[Symbol.dispose]()
        unlock()
      }
      try {
        claim = await uploadSessions.claim(sessionKey(context, key), { signal })
        // Somebody else is at work in the session that is kept: this upload has one of its own, which is not.
        const sessions = claim === undefined ? NO_SESSIONS : uploadSessions
        const upload = await startUpload({ ...context, sessions }, key, options)
        return openUploadIngest({ key, upload, size, hasContent: has, putManifest, release })
      } catch (error) {
        release()
        throw error
      }
    },
  }
}

/** Goes on with the session that was kept, else with the one that a mount has opened. */
async function startUpload(context: UploadContext, key: string, options: BeginOptions): Promise<Upload> {
  const upload = openUpload(context, key)
  const opened = context.opened.get(key)
  context.opened.delete(key)
  await resume(upload, options)
  if (opened === undefined) return upload
  if (upload.session !== undefined) {
    await cancel(opened, options)
    return upload
  }
  const taken = { ...opened, context }
  await keep(taken)
  return taken
}

/** Finds out where the session that was kept stands; one that is lost, or must not be used, is forgotten. */
async function resume(upload: Upload, options: BeginOptions): Promise<void> {
  const { endpoint, sessions } = upload.context
  const { signal } = options
  const kept = options.session ?? (await sessions.load(upload.key, { signal }))
  if (kept === undefined) return
  upload.isDoubtful = true
  try {
    upload.session = sessionAt(endpoint, kept, endpoint.origin())
    await askStatus(upload, upload.session, { signal })
  } catch (error) {
    if (!(error instanceof UrlRefusedError)) throw error
    await forget(upload)
  }
}
