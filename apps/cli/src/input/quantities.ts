import { quote } from '@drayage/bytes'

import { UsageError } from '../errors.ts'

/** Reads a count from 0 on. @throws UsageError `ERR_USAGE` */
export function readCount(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`Cannot use ${option} ${quote(text)}: expected a count`)
}
