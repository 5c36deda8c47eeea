import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { Repository } from '@drayage/reference'

import { discardBody } from './body.ts'
import { expectStatus, type Answer, type Endpoint } from './endpoint.ts'
import { errorOfAnswer } from './error-of-answer.ts'
import type { RegistryError } from './errors.ts'
import { UPLOAD_PROOF_MS } from './limits.ts'
import type { LruMap } from './lru-map.ts'
import type { UploadMode } from './upload-mode.ts'
import { formatSession, minChunkBytes, sessionOf, uploadedBytes, type UploadSession } from './upload-session.ts'
import type { UploadSessions } from './upload-sessions.ts'

/** What the uploads of a repository share. */
export interface UploadContext {
  readonly endpoint: Endpoint
  readonly repository: Repository
  /** The repository's path, from `/v2/` on. */
  readonly base: string
  readonly sessions: UploadSessions
  readonly mode: UploadMode
  readonly now: () => number
  /** Uploads that a mount has opened, by digest, for who begins one. */
  readonly opened: LruMap<Upload>
  has(digest: Digest, size: number, options: AbortOptions): Promise<boolean>
}

/** One upload, as far as this client knows it. */
export interface Upload {
  readonly context: UploadContext
  /** What its session is kept by. */
  readonly key: string
  session: UploadSession | undefined
  /** Bytes that the registry has. */
  offset: number
  /** Whether a request failed, so that the registry may have another count. */
  isDoubtful: boolean
  /** When the registry last said how the upload stands; `undefined` when it has to be asked. */
  provenAtMs: number | undefined
  /** The smallest chunk that the registry takes. */
  minChunkBytes: number
}

/** What the session of an upload to a repository is kept by. */
export function sessionKey({ repository: { domain, path } }: UploadContext, name: string): string {
  return `${domain}/${path}@${name}`
}

/** An upload of which nothing is known. */
export function openUpload(context: UploadContext, name: string): Upload {
  return {
    context,
    key: sessionKey(context, name),
    session: undefined,
    offset: 0,
    isDoubtful: false,
    provenAtMs: undefined,
    minChunkBytes: 0,
  }
}

/** A request of an upload. */
export interface UploadRequest extends AbortOptions {
  readonly method: 'GET' | 'PATCH' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly content?: Uint8Array | ByteStream
}

/** Where uploads begin, and what their requests need. */
export function uploadsPath(context: UploadContext): string {
  return `${context.base}/blobs/uploads/`
}

/** Sends a request to a session. */
export async function sendTo(context: UploadContext, session: UploadSession, request: UploadRequest): Promise<Answer> {
  const { endpoint } = context
  return session.at === 'elsewhere'
    ? await endpoint.sendAway({ ...request, url: session.url })
    : await endpoint.send({ ...request, path: session.path, scopePath: uploadsPath(context) })
}

/** Begins a session. @see OCI distribution-spec v1.1.1, "Pushing blobs" (end-4a) */
export async function openSession(upload: Upload, options: AbortOptions): Promise<UploadSession> {
  const { endpoint } = upload.context
  const path = uploadsPath(upload.context)
  const sent = await endpoint.send({ method: 'POST', path, signal: options.signal })
  const answer = await expectStatus(sent, 202)
  await discardBody(answer.response)
  const session = sessionOf(endpoint, answer) ?? { at: 'registry', path: answer.url.pathname }
  upload.offset = 0
  await follow(upload, session, answer)
  return session
}

/** Takes over what an accepted request says: where the upload goes on and how small its chunks may be. */
export async function follow(upload: Upload, session: UploadSession, answer: Answer): Promise<void> {
  const { now } = upload.context
  const isNew = upload.session === undefined || formatSession(upload.session) !== formatSession(session)
  upload.session = session
  upload.isDoubtful = false
  upload.provenAtMs = now()
  upload.minChunkBytes = Math.max(upload.minChunkBytes, minChunkBytes(answer.response.headers))
  if (isNew) await keep(upload)
}

/** Keeps the session for who goes on with the upload later. */
export async function keep({ context, key, session }: Upload): Promise<void> {
  if (session !== undefined) await context.sessions.save(key, formatSession(session))
}

/** Forgets the session; the upload starts again. */
export async function forget(upload: Upload): Promise<void> {
  upload.session = undefined
  upload.offset = 0
  upload.isDoubtful = false
  upload.provenAtMs = undefined
  await upload.context.sessions.forget(upload.key)
}

/** Gives up the session at the registry too. A registry that does not listen forgets it by itself. */
export async function cancel(upload: Upload, options: AbortOptions = {}): Promise<void> {
  const { context, session } = upload
  await forget(upload)
  if (session === undefined) return
  try {
    await discardBody((await sendTo(context, session, { method: 'DELETE', signal: options.signal })).response)
  } catch {
    options.signal?.throwIfAborted()
  }
}

/** Sees to it that there is a session whose offset the registry has just told. */
export async function connect(upload: Upload, options: AbortOptions): Promise<UploadSession> {
  const { session, provenAtMs, context } = upload
  const isProven = provenAtMs !== undefined && context.now() - provenAtMs <= UPLOAD_PROOF_MS
  const current = session === undefined || isProven ? session : await askStatus(upload, session, options)
  return current ?? (await openSession(upload, options))
}

/** Statuses by which registries say that they know no such session; 400 and 416 are those of stateful `Location`s. */
const LOST: ReadonlySet<number> = new Set([400, 404, 410, 416])

/** Statuses by which another host says so of a signed URL, whose time is over. */
const LOST_ELSEWHERE: ReadonlySet<number> = new Set([401, 403])

/**
 * Asks how many bytes the registry has; `undefined` when it has lost the session.
 *
 * @see OCI distribution-spec v1.1.1, "Pushing a blob in chunks" (end-13)
 */
export async function askStatus(
  upload: Upload,
  session: UploadSession,
  options: AbortOptions,
): Promise<UploadSession | undefined> {
  const { context } = upload
  const sent = await sendTo(context, session, { method: 'GET', signal: options.signal })
  const { status } = sent.response
  const isSilent = status === 405 || status === 501
  const isLost = LOST.has(status) || (session.at === 'elsewhere' && LOST_ELSEWHERE.has(status))
  const answer = isSilent || isLost ? sent : await expectStatus(sent, 200, 202, 204)
  await discardBody(answer.response)
  if (isLost) {
    await forget(upload)
    return undefined
  }
  const bytes = isSilent ? undefined : uploadedBytes(answer.response.headers)
  if (bytes === undefined && upload.isDoubtful) {
    // Nobody knows where it stands.
    await cancel(upload, options)
    return undefined
  }
  // `0-0` says none as well as one.
  if (bytes !== undefined && !(bytes === 0 && upload.offset === 1 && !upload.isDoubtful)) upload.offset = bytes
  const next = isSilent ? session : (sessionOf(context.endpoint, answer) ?? session)
  await follow(upload, next, answer)
  return next
}

/** After a failure: finds out what the registry has, if it tells; never throws. */
export async function reconcile(upload: Upload, options: AbortOptions): Promise<void> {
  upload.isDoubtful = true
  upload.provenAtMs = undefined
  if (upload.session === undefined || options.signal?.aborted === true) return
  try {
    await askStatus(upload, upload.session, options)
  } catch {
    // Whoever goes on asks again.
  }
}

/** Asks once more, of a registry that may have taken less than it seems; without an answer our own count stands. */
export async function recheck(upload: Upload, options: AbortOptions): Promise<void> {
  const { session } = upload
  if (session === undefined) return
  try {
    await askStatus(upload, session, options)
  } catch {
    options.signal?.throwIfAborted()
  }
}

/** The error of an answer that is not what the upload needs. */
export async function refusalOf(answer: Answer): Promise<RegistryError> {
  return await errorOfAnswer(answer.response, answer.url.origin, answer.body)
}

/** Whether an error says that the session is gone. */
export function isLostSession(error: RegistryError): boolean {
  return (
    error.status === 404 ||
    error.status === 410 ||
    (error.status === 400 &&
      error.codes.some((code) => code === 'BLOB_UPLOAD_UNKNOWN' || code === 'BLOB_UPLOAD_INVALID'))
  )
}
