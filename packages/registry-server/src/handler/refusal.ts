import { DrayageError, type DrayageErrorOptions } from '@drayage/bytes'
import { jsonResponse, type HttpResponse } from '@drayage/content'
import { type Digest, tryParseDigest } from '@drayage/digest'

/**
 * The error codes of a registry's answers.
 *
 * @see OCI distribution-spec v1.1.1, "Error Codes"
 */
export type SpecErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TAG_INVALID'
  | 'PAGINATION_NUMBER_INVALID'
  | 'TOOMANYREQUESTS'
  | 'UNKNOWN'

/** What a {@link RequestRefusedError} says. */
export interface Refusal {
  /** The HTTP status. */
  readonly status: number
  readonly specCode: SpecErrorCode
  /** One sentence; it is sent to the client. */
  readonly message: string
  /** Details for the client, as JSON. */
  readonly detail?: unknown
  /** Further response headers, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A request that the registry answers with an error. */
export class RequestRefusedError extends DrayageError<'ERR_REQUEST_REFUSED'> {
  override readonly name: string = 'RequestRefusedError'
  /** The answer. */
  readonly refusal: Refusal

  constructor(refusal: Refusal, options?: DrayageErrorOptions) {
    super('ERR_REQUEST_REFUSED', refusal.message, options)
    this.refusal = refusal
  }
}

/** The answer to a refused request. @see OCI distribution-spec v1.1.1, "Error Codes" */
export function refusalResponse({ status, specCode, message, detail, headers }: Refusal): HttpResponse {
  const error = { code: specCode, message, ...(detail === undefined ? {} : { detail }) }
  return jsonResponse(status, { errors: [error] }, headers)
}

/** The answer that `work` gives, also where it is a {@link RequestRefusedError}. */
export async function orRefusal(work: Promise<HttpResponse>): Promise<HttpResponse> {
  try {
    return await work
  } catch (error) {
    if (error instanceof RequestRefusedError) return refusalResponse(error.refusal)
    throw error
  }
}

/** Parses the digest of a path or query. @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 400 */
export function requireDigest(text: string | null): Digest {
  const parsed = tryParseDigest(text ?? '')
  if (parsed.ok) return parsed.value
  throw new RequestRefusedError(
    { status: 400, specCode: 'DIGEST_INVALID', message: parsed.error.message },
    { cause: parsed.error },
  )
}

/** The refusal of a method that the path does not have. */
export function methodNotAllowed(allowed: readonly string[]): RequestRefusedError {
  return new RequestRefusedError({
    status: 405,
    specCode: 'UNSUPPORTED',
    message: 'the operation is unsupported',
    headers: { allow: allowed.join(', ') },
  })
}
