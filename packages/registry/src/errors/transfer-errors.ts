import { DrayageError, type DrayageErrorOptions } from '@drayage/bytes'

import { RequestError, type RequestFacts } from './answer-errors.ts'

/**
 * Why an upload has to continue with another request: the registry took a part of the bytes (`partial`), forgot the upload
 * (`session-lost`), takes only smaller requests (`too-large`), wanted a new token meanwhile (`unauthorized`) or takes the
 * bytes elsewhere (`redirected`).
 */
export type UploadInterruption = 'partial' | 'session-lost' | 'too-large' | 'unauthorized' | 'redirected'

/** An upload that stopped and can continue at once, after the bytes that the registry has. */
export class RegistryUploadError extends RequestError<'ERR_REGISTRY_UPLOAD'> {
  override readonly name: string = 'RegistryUploadError'
  readonly reason: UploadInterruption
  /** Bytes that the registry has; the upload continues after them. */
  readonly actualBytes: number
  /** Bytes that it should have by now. */
  readonly expectedBytes: number
  readonly retryable = true
  /** There is nothing to wait for. */
  readonly retryAfterMs = 0

  constructor(
    facts: RequestFacts,
    reason: UploadInterruption,
    actualBytes: number,
    expectedBytes: number,
    options?: DrayageErrorOptions,
  ) {
    const stop = `the upload stopped at byte ${actualBytes} of ${expectedBytes} (${reason})`
    super('ERR_REGISTRY_UPLOAD', facts, stop, options)
    this.reason = reason
    this.actualBytes = actualBytes
    this.expectedBytes = expectedBytes
  }
}

/**
 * A mirror gave wrong bytes of some content, or stopped in the middle, as the cause says. The same call can be made again at
 * once: another endpoint answers it.
 */
export class RegistryMirrorError extends DrayageError<'ERR_REGISTRY_MIRROR'> {
  override readonly name: string = 'RegistryMirrorError'
  readonly host: string
  readonly retryable = true
  /** There is nothing to wait for. */
  readonly retryAfterMs = 0

  constructor(host: string, digest: string, options?: DrayageErrorOptions) {
    super(
      'ERR_REGISTRY_MIRROR',
      `Cannot fetch "${digest}" from mirror "${host}": its bytes are wrong or incomplete`,
      options,
    )
    this.host = host
  }
}

/** A list whose pages form a circle or do not end. */
export class RegistryListingError extends DrayageError<'ERR_REGISTRY_LISTING'> {
  override readonly name: string = 'RegistryListingError'
  readonly reason: 'cycle' | 'pages' | 'tags'
  /** Redacted. */
  readonly url: string
  readonly retryable = false

  constructor(url: string, reason: 'cycle' | 'pages' | 'tags', problem: string, options?: DrayageErrorOptions) {
    super('ERR_REGISTRY_LISTING', `Cannot list "${url}": ${problem}`, options)
    this.url = url
    this.reason = reason
  }
}
