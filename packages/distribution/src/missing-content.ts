import { TransferError } from './errors.ts'

/** What registries call a blob or child manifest that a manifest names and they do not have. */
const MISSING: ReadonlySet<unknown> = new Set(['MANIFEST_BLOB_UNKNOWN', 'BLOB_UNKNOWN', 'MANIFEST_UNKNOWN'])

/**
 * Whether a sink refused a manifest because something that it names is not there.
 *
 * @see OCI distribution-spec v1.1.1, "Error Codes"
 */
export function isMissingContent(error: unknown): boolean {
  if (!(error instanceof TransferError) || error.side !== 'sink') return false
  const { cause } = error
  return (
    cause instanceof Error &&
    'codes' in cause &&
    Array.isArray(cause.codes) &&
    cause.codes.some((code) => MISSING.has(code))
  )
}
