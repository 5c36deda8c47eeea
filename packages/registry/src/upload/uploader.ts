import { createLruMap } from '@drayage/bytes'
import { assertIngestKey, createKeyedLock, type BeginOptions, type Mounter } from '@drayage/content'

import type { RemoteRepository } from '../endpoints/fallback.ts'
import { MAX_REMEMBERED } from '../limits.ts'
import { mountBlob } from './mount-blob.ts'
import { NO_SESSIONS, type UploadSessionStore } from './session-store.ts'
import { sessionKey, Upload, type UploadContext } from './upload.ts'
import { openUploadIngest, type PutManifestBytes, type UploadIngest } from './upload-ingest.ts'
import { UploadMode } from './upload-mode.ts'

/** Options of `RepositoryClient.begin()`. */
export interface BeginUploadOptions extends BeginOptions {
  /** The session to continue, as {@link UploadIngest.session} gave it; by default the one that was kept. */
  readonly session?: string | undefined
}

/** How a repository's uploads are made. */
export interface UploaderOptions {
  readonly uploadSessions: UploadSessionStore
  readonly chunkBytes: number | undefined
  readonly now: () => number
}

/** Takes content into a repository. */
export interface Uploader extends Mounter {
  begin(key: string, options?: BeginUploadOptions): Promise<UploadIngest>
}

/**
 * Creates the uploader of a repository.
 *
 * @param putManifest takes a manifest in by its digest
 */
export function createUploader(
  remote: RemoteRepository,
  putManifest: PutManifestBytes,
  { uploadSessions, chunkBytes, now }: UploaderOptions,
): Uploader {
  const lock = createKeyedLock()
  const context: UploadContext = { remote, sessions: uploadSessions, mode: new UploadMode(chunkBytes), now }
  /** Uploads that a mount has opened, by digest. */
  const opened = createLruMap<string, Upload>({ maxEntries: MAX_REMEMBERED })
  return {
    mount: async (what, from, options) => {
      const { isMounted, upload } = await mountBlob(context, what, from, options)
      if (upload !== undefined) opened.set(what.digest, upload)
      return isMounted
    },
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
        claim = await uploadSessions.claim(sessionKey(remote, key), { signal })
        // Another process uses the session that is kept: this upload has one of its own, which is not kept.
        const sessions = claim === undefined ? NO_SESSIONS : uploadSessions
        const upload = await startUpload({ ...context, sessions }, key, options, opened.delete(key))
        return openUploadIngest({ key, upload, size, putManifest, release })
      } catch (error) {
        release()
        throw error
      }
    },
  }
}

/** Continues the session that was kept, else the one that a mount has opened. */
async function startUpload(
  context: UploadContext,
  key: string,
  options: BeginUploadOptions,
  opened: Upload | undefined,
): Promise<Upload> {
  const { signal } = options
  const upload = new Upload(context, key)
  const kept = options.session ?? (await context.sessions.load(sessionKey(context.remote, key), { signal }))
  if (kept !== undefined) await upload.resume(kept, { signal })
  if (opened === undefined) return upload
  await (upload.session === undefined ? upload.adopt(opened) : opened.cancel({ signal }))
  return upload
}
