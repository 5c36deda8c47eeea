import { DrayageError, type DrayageErrorOptions } from '@drayage/bytes'

/** Why a URL is refused. */
export type UrlRefusal = 'syntax' | 'scheme' | 'user-info' | 'downgrade' | 'address' | 'origin' | 'redirects'

/** A URL that a registry named and that is not followed. */
export class UrlRefusedError extends DrayageError<'ERR_URL_REFUSED'> {
  override readonly name: string = 'UrlRefusedError'
  readonly reason: UrlRefusal
  /** Redacted. */
  readonly url: string
  readonly retryable = false
  /** Redirects may end another time; any other URL stays refused. */
  readonly doubtful: boolean

  constructor(url: string, reason: UrlRefusal, problem: string, options?: DrayageErrorOptions) {
    super('ERR_URL_REFUSED', `Cannot follow "${url}": ${problem}`, options)
    this.url = url
    this.reason = reason
    this.doubtful = reason === 'redirects'
  }
}

/** A `WWW-Authenticate` header that cannot be read. */
export class ChallengeSyntaxError extends DrayageError<'ERR_CHALLENGE_SYNTAX'> {
  override readonly name: string = 'ChallengeSyntaxError'
  /** Where the text stops being a list of challenges, in UTF-16 units. */
  readonly offset: number
  readonly retryable = false

  constructor(found: string, wanted: string, offset: number, options?: DrayageErrorOptions) {
    super(
      'ERR_CHALLENGE_SYNTAX',
      `Cannot parse challenge: found ${found} at offset ${offset}, expected ${wanted}`,
      options,
    )
    this.offset = offset
  }
}
