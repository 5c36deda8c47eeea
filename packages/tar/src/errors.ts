import { DrayageError, errorGuard } from '@drayage/bytes'

/** Codes of the errors of this package. */
export type TarErrorCode = TarError['code']

/** Bytes that are not a tar. */
export class TarSyntaxError extends DrayageError<'ERR_TAR_SYNTAX'> {
  override readonly name: string = 'TarSyntaxError'
  /** What was found, such as `a header with a wrong checksum`. */
  readonly found: string
  /** Where in the tar, in bytes. */
  readonly offset: number

  constructor(found: string, offset: number, options?: ErrorOptions) {
    super('ERR_TAR_SYNTAX', `Cannot read the tar: it has ${found} at byte ${offset}`, options)
    this.found = found
    this.offset = offset
  }
}

/** An extended header or a map of holes that is larger than {@link MAX_TAR_META_BYTES}. */
export class TarLimitError extends DrayageError<'ERR_TAR_LIMIT'> {
  override readonly name: string = 'TarLimitError'
  /** What was found, such as `an extended header of 2147483648 bytes`. */
  readonly found: string
  /** Where in the tar, in bytes. */
  readonly offset: number

  constructor(found: string, offset: number, options?: ErrorOptions) {
    super(
      'ERR_TAR_LIMIT',
      `Cannot read the tar: it has ${found} at byte ${offset}, expected at most ${MAX_TAR_META_BYTES} bytes`,
      options,
    )
    this.found = found
    this.offset = offset
  }
}

/** Most bytes of one PAX header, GNU long name or map of holes: 1 MiB, as in Go. */
export const MAX_TAR_META_BYTES: number = 2 ** 20

/** Any error of this package. */
export type TarError = TarSyntaxError | TarLimitError

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isTarError: (value: unknown) => value is TarError = errorGuard<TarError>([
  'ERR_TAR_SYNTAX',
  'ERR_TAR_LIMIT',
])
