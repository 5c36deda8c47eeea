import { isRetryable } from '@drayage/content'
import { isDistributionError, type TransferError } from '@drayage/distribution'

import { registryWords } from './registry-words.ts'

/** Docker Engine's words for a step of a pull that failed; `undefined` where they say no more than the cause's own. */
export function transferWords(error: TransferError): string | undefined {
  const [, kind, digest] = CONTENT.exec(error.what) ?? []
  const isOther = codesOf(error).some((code) => MISMATCHES.has(code))
  const isMissing = codesOf(error).includes('ERR_REGISTRY_NOT_FOUND')
  switch (kind) {
    case 'manifest':
      return isOther ? `manifest verification failed for digest ${digest}` : undefined
    case 'image config': {
      if (isOther) return `error pulling image configuration: image config verification failed for digest ${digest}`
      const words = isMissing ? UNKNOWN_BLOB : registryWords(error)
      if (words === undefined) return undefined
      const attempts = isRetryable(error.cause) ? '' : ' after attempts=1'
      return `error pulling image configuration: download failed${attempts}: ${words}`
    }
    case 'blob':
    case 'layer':
      if (isOther) return `filesystem layer verification failed for digest ${digest}`
      return isMissing ? UNKNOWN_BLOB : undefined
    default:
      return undefined
  }
}

/** The first step of a transfer in a chain of causes. */
export function transferErrorIn(error: unknown): TransferError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isDistributionError(at) && at.code === 'ERR_TRANSFER') return at
  }
  return undefined
}

const UNKNOWN_BLOB = 'unknown blob'

/** The forms of what was on its way; a name is quoted. */
const CONTENT = /^(manifest|image config|blob|layer) (\S+)$/

/** Codes of content that is not what its descriptor says. */
const MISMATCHES: ReadonlySet<string> = new Set([
  'ERR_DIGEST_MISMATCH',
  'ERR_CONTENT_LONG',
  'ERR_CONTENT_SHORT',
  'ERR_REGISTRY_TRUNCATED',
])

function codesOf(error: Error): string[] {
  const codes: string[] = []
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') codes.push(at.code)
  }
  return codes
}
