import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'

import { expectStatus, type EndpointAnswer } from '../endpoints/answer.ts'
import type { RemoteRepository } from '../endpoints/fallback.ts'
import { RegistryError, type RequestFacts } from '../errors/answer-errors.ts'
import type { RegistryProtocolError } from '../errors/connection-errors.ts'
import { UrlRefusedError } from '../errors/refusal-errors.ts'
import { RegistryUploadError, type UploadInterruption } from '../errors/transfer-errors.ts'
import { discardBody } from '../http/body.ts'
import { redactUrl } from '../gate/redact-url.ts'
import { MAX_REDIRECTS, UPLOAD_PROOF_MS } from '../limits.ts'
import { isLostSession, isLostStatus } from './lost-session.ts'
import type { UploadSessionStore } from './session-store.ts'
import {
  countOf,
  formatAddress,
  minChunkBytes,
  namedAddress,
  parseAddress,
  uploadedBytes,
  withDigestQuery,
  withoutLocation,
  type UploadAddress,
} from './upload-address.ts'
import type { UploadMode } from './upload-mode.ts'

/** What the uploads of a repository share. */
export interface UploadContext {
  readonly remote: RemoteRepository
  readonly sessions: UploadSessionStore
  readonly mode: UploadMode
  readonly now: () => number
}

/** A request of an upload. */
export interface UploadRequest extends AbortOptions {
  readonly method: 'GET' | 'PATCH' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly content?: Uint8Array | ByteStream
}

/** Statuses by which registries accept a request of an upload. */
export const ACCEPTED: ReadonlySet<number> = new Set([200, 201, 202, 204])

/** Where uploads to a repository begin. */
export function uploadsPath({ path }: RemoteRepository): string {
  return `${path}/blobs/uploads/`
}

/** What the session of an upload to a repository is kept by. */
export function sessionKey({ name: { domain, path } }: RemoteRepository, name: string): string {
  return `${domain}/${path}@${name}`
}

/** One upload: its session, and how many bytes the registry has as far as is known. */
export class Upload {
  /** What the uploads of the repository share. */
  readonly context: UploadContext
  readonly #key: string
  #address: UploadAddress | undefined
  #offset = 0
  /** Whether a request failed, so that the registry may have another count. */
  #isDoubtful = false
  /** When the registry last said how the upload stands; `undefined` when it has to be asked. */
  #provenAtMs: number | undefined
  #minChunkBytes = 0
  /** URLs that redirect. */
  readonly #left = new Set<string>()
  /** The last request that took bytes, when its answer did not say where the upload continues. */
  #unlocated: RequestFacts | undefined

  /** @param name the digest or token that the upload is for */
  constructor(context: UploadContext, name: string) {
    this.context = context
    this.#key = sessionKey(context.remote, name)
  }

  /** Bytes that the registry has. */
  get offset(): number {
    return this.#offset
  }

  /** The session as text, while there is one. */
  get session(): string | undefined {
    return this.#address === undefined ? undefined : formatAddress(this.#address)
  }

  /** The smallest chunk that the registry takes. */
  get minChunkBytes(): number {
    return this.#minChunkBytes
  }

  /** Continues a session that was kept, if the registry still has it; one whose address is refused is forgotten. */
  async resume(session: string, { signal }: AbortOptions): Promise<void> {
    const { endpoint } = this.context.remote
    const offset = this.context.mode.movedOffset(session)
    this.#isDoubtful = offset === undefined
    try {
      this.#address = parseAddress(endpoint, session, endpoint.origin())
      if (offset === undefined) return await this.#askStatus({ signal })
      this.#offset = offset
      this.#provenAtMs = Infinity
    } catch (error) {
      if (!(error instanceof UrlRefusedError)) throw error
      await this.forget()
    }
  }

  /** Takes over the session of another upload of the same content, and keeps it. */
  async adopt(other: Upload): Promise<void> {
    this.#address = other.#address
    this.#offset = other.#offset
    this.#provenAtMs = other.#provenAtMs
    this.#minChunkBytes = other.#minChunkBytes
    await this.#keep()
  }

  /** Makes sure that there is a session whose offset the registry has just told. */
  async connect(options: AbortOptions): Promise<void> {
    const { now } = this.context
    const isProven = this.#provenAtMs !== undefined && now() - this.#provenAtMs <= UPLOAD_PROOF_MS
    if (this.#address !== undefined && !isProven) await this.#askStatus(options)
    if (this.#address === undefined) await this.#open(options)
  }

  /** Begins a session. @see OCI distribution-spec v1.1.1, "Pushing blobs" (end-4a) */
  async #open({ signal }: AbortOptions): Promise<void> {
    const { remote } = this.context
    const sent = await remote.endpoint.send({ method: 'POST', path: uploadsPath(remote), signal })
    const answer = await expectStatus(sent, 202)
    await discardBody(answer.response)
    this.#address = undefined
    this.#offset = 0
    if (namedAddress(remote.endpoint, answer) === undefined) throw withoutLocation(answer.body.facts)
    await this.accept(answer)
  }

  /**
   * Takes over what an accepted answer says: where the upload continues, how small its chunks may be, and, where `sent` is
   * given, how many bytes are there by the registry's count, else by that one.
   */
  async accept(answer: EndpointAnswer, sent?: number): Promise<void> {
    const { remote, now } = this.context
    const { headers } = answer.response
    if (sent !== undefined) this.#offset = countOf(headers, sent)
    const before = this.session
    const named = namedAddress(remote.endpoint, answer)
    if (before !== undefined) this.context.mode.endMove(before)
    this.#address = named ?? this.#address
    // A registry that does not say where an upload continues mostly means the same place.
    if (sent !== undefined) this.#unlocated = named === undefined ? answer.body.facts : undefined
    this.#isDoubtful = false
    this.#provenAtMs = now()
    this.#minChunkBytes = Math.max(this.#minChunkBytes, minChunkBytes(headers))
    if (this.session !== before) await this.#keep()
  }

  /**
   * Goes to where an answer sends a request whose body cannot be given again; nothing of it was taken.
   *
   * @throws UrlRefusedError `ERR_URL_REFUSED`, also for redirects in a circle and more than 10
   */
  async move(answer: EndpointAnswer): Promise<void> {
    await discardBody(answer.response)
    this.#left.add(answer.response.url)
    this.#address = namedAddress(this.context.remote.endpoint, answer)
    const target = URL.parse(this.session ?? '', answer.response.url)?.href ?? ''
    if (this.#left.has(target) || this.#left.size > MAX_REDIRECTS) {
      throw new UrlRefusedError(redactUrl(target), 'redirects', 'its redirects form a circle, or do not end')
    }
    // Nothing was sent there yet, so that there is nothing to ask for.
    this.#provenAtMs = Infinity
    this.context.mode.noteMove(this.session ?? '', this.#offset)
    await this.#keep()
  }

  /** Keeps the session for a later upload of the same content. */
  async #keep(): Promise<void> {
    if (this.session !== undefined) await this.context.sessions.save(this.#key, this.session)
  }

  /** Sends a request to the session; `digest` goes into its query. */
  async send(request: UploadRequest, digest?: Digest): Promise<EndpointAnswer> {
    const address = this.#address
    if (address === undefined) throw new TypeError('Cannot send to an upload without a session: connect() opens one')
    return await this.#sendTo(digest === undefined ? address : withDigestQuery(address, digest), request)
  }

  async #sendTo(address: UploadAddress, request: UploadRequest): Promise<EndpointAnswer> {
    const { remote } = this.context
    return address.at === 'elsewhere'
      ? await remote.endpoint.sendAway({ ...request, url: address.url })
      : await remote.endpoint.send({ ...request, path: address.path, scopePath: uploadsPath(remote) })
  }

  /**
   * Asks how many bytes the registry has; forgets a session that it has lost.
   *
   * @see OCI distribution-spec v1.1.1, "Pushing a blob in chunks" (end-13)
   */
  async #askStatus(options: AbortOptions): Promise<void> {
    const sent = await this.send({ method: 'GET', signal: options.signal })
    const { status } = sent.response
    const isSilent = status === 405 || status === 501
    const isLost = isLostStatus(status, this.#address?.at === 'elsewhere')
    const answer = isSilent || isLost ? sent : await expectStatus(sent, 200, 202, 204)
    await discardBody(answer.response)
    if (isLost) return await this.forget()
    const bytes = isSilent ? undefined : uploadedBytes(answer.response.headers)
    // What a registry that does not tell has after a failure is not known.
    if (bytes === undefined && this.#isDoubtful) return await this.cancel(options)
    // `0-0` stands for none as well as one.
    const isOne = bytes === 0 && this.#offset === 1 && !this.#isDoubtful
    if (bytes !== undefined && !isOne) this.#offset = bytes
    await this.accept(answer)
  }

  /** After a failure: finds out what the registry has, if it tells. Never rejects. */
  async reconcile(options: AbortOptions): Promise<void> {
    this.#isDoubtful = true
    this.#provenAtMs = undefined
    if (this.#address === undefined || options.signal?.aborted === true) return
    // Without an answer, the next request asks again.
    await this.#askStatus(options).catch(() => {})
  }

  /** Asks once more, of a registry that may have taken less than it seems; without an answer our own count stands. */
  async recheck(options: AbortOptions): Promise<void> {
    if (this.#address === undefined) return
    try {
      await this.#askStatus(options)
    } catch {
      options.signal?.throwIfAborted()
    }
  }

  /** Forgets the session; the upload starts again, or is over. */
  async forget(): Promise<void> {
    this.#address = undefined
    this.#offset = 0
    this.#isDoubtful = false
    this.#provenAtMs = undefined
    await this.context.sessions.forget(this.#key)
  }

  /** Forgets the session, since the registry has all `bytes` of the content. */
  async complete(bytes: number): Promise<void> {
    await this.forget()
    this.#offset = bytes
  }

  /** Gives up the session at the registry too; a registry that does not listen forgets it by itself. */
  async cancel(options: AbortOptions = {}): Promise<void> {
    const address = this.#address
    await this.forget()
    if (address === undefined) return
    try {
      await discardBody((await this.#sendTo(address, { method: 'DELETE', signal: options.signal })).response)
    } catch {
      options.signal?.throwIfAborted()
    }
  }

  /**
   * Finds out how the upload stands after a refusal. Gives the error of it: that the session is lost, that the registry has
   * another number of bytes, or the refusal itself.
   */
  async settle(
    refusal: RegistryError,
    expectedBytes: number,
    options: AbortOptions,
  ): Promise<RegistryError | RegistryUploadError | RegistryProtocolError> {
    const isLost = isLostSession(refusal)
    if (isLost || refusal.code === 'ERR_REGISTRY_DIGEST_REFUSED') await this.forget()
    else await this.reconcile(options)
    if (isLost) return this.interruption('session-lost', expectedBytes, refusal)
    return refusal.status === 416 ? this.interruption('partial', expectedBytes, refusal) : refusal
  }

  /** The error of an upload that continues with another request, or of one whose registry did not say where. */
  interruption(
    reason: UploadInterruption,
    expectedBytes: number,
    cause?: unknown,
  ): RegistryUploadError | RegistryProtocolError {
    const { remote } = this.context
    const unlocated = this.#unlocated
    this.#unlocated = undefined
    if (unlocated !== undefined && this.#address === undefined) return withoutLocation(unlocated, { cause })
    const facts =
      cause instanceof RegistryError
        ? { method: cause.method, url: cause.url }
        : { method: 'PATCH', url: remote.endpoint.origin().origin + uploadsPath(remote) }
    return new RegistryUploadError(facts, reason, this.#offset, expectedBytes, { cause })
  }
}
