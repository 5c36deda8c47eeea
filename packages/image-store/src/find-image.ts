import { tryParseReference } from '@drayage/reference'

import { AmbiguousImageError } from './errors.ts'
import type { ImageRecord, NameRecord } from './image-record.ts'
import type { Ledger } from './ledger.ts'
import { storedNameText } from './names.ts'

const FULL_ID = /^(?:sha256:)?([0-9a-f]{64})$/
const SHORT_ID = /^(?:sha256:)?([0-9a-f]{1,63})$/

/**
 * The image that a user's text selects: by full ID, then by name, then by the start of its ID.
 *
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 */
export function findImage(ledger: Pick<Ledger, 'names' | 'images'>, text: string): ImageRecord | undefined {
  const full = FULL_ID.exec(text)?.[1]
  if (full !== undefined) return ledger.images.get(`sha256:${full}`)
  const named = findName(ledger, text)?.image
  if (named !== undefined) return ledger.images.get(named)
  const short = SHORT_ID.exec(text)?.[1]
  if (short === undefined) return undefined
  const [image, other] = ledger.images.withPrefix(short)
  if (other !== undefined) throw new AmbiguousImageError(text)
  return image
}

/** The name that a user's text means, when it is in the store. */
export function findName({ names }: Pick<Ledger, 'names'>, text: string): NameRecord | undefined {
  const parsed = tryParseReference(text)
  return parsed.ok ? names.get(storedNameText(parsed.value)) : undefined
}
