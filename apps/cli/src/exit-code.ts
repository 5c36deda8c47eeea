/** Exit codes of `dray`, the same for every verb. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  unverified: 5,
  store: 6,
  interrupted: 130,
  terminated: 143,
} as const

const BY_CODE: readonly (readonly [RegExp, number])[] = [
  [/^ERR_(DIGEST_MISMATCH|CONTENT_SHORT|CONTENT_LONG|DIFF_ID_MISMATCH|IMAGE_MISMATCH|LAYER_TAR)$/, EXIT.unverified],
  [/^ERR_(MANIFEST_AMBIGUOUS|MANIFEST_SYNTAX|CONFIG_SYNTAX|DECOMPRESS\w*)$/, EXIT.unverified],
  [/^ERR_(PULL_DENIED|REGISTRY_UNAUTHORIZED|REGISTRY_DENIED)$/, EXIT.denied],
  [/^ERR_(PULL_NOT_FOUND|REGISTRY_NOT_FOUND|PLATFORM_NOT_FOUND|NAME_NOT_FOUND|CONTENT_NOT_FOUND|IMAGE_NOT_FOUND)$/, EXIT.notFound],
  [/^ERR_STORE_/, EXIT.store],
  [/^(ERR_REFERENCE_\w+|ERR_PLATFORM_SYNTAX|ERR_DIGEST_SYNTAX|ERR_RESERVED_NAME|ERR_USAGE)$/, EXIT.usage],
]

/** The exit code for an error: that of the first error in its chain of causes that has one of its own, else 1. */
export function exitCodeOf(error: unknown): number {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : ''
    const found = BY_CODE.find(([pattern]) => pattern.test(code))
    if (found !== undefined) return found[1]
  }
  return EXIT.failed
}
