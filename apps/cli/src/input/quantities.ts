import { quote } from '@drayage/bytes'
import { parseSize } from '@drayage/distribution'

import { UsageError } from '../errors.ts'

/** Reads a count from 0 on. @throws UsageError `ERR_USAGE` */
export function readCount(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`Cannot use ${option} ${quote(text)}: expected a count`)
}

/** Reads a number of bytes such as `20GB`. @throws UsageError `ERR_USAGE` */
export function readSize(option: string, text: string): number {
  const bytes = parseSize(text)
  if (bytes !== undefined) return bytes
  throw new UsageError(`Cannot use ${option} ${quote(text)}: expected a size such as 20GB or 512MiB`)
}
