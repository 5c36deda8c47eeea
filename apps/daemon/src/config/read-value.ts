import { escapeText, quote } from '@drayage/bytes'

import { ConfigError } from '../errors.ts'
import type { OptionRow } from './option-table.ts'

/** A value of an option, by its kind. */
export type OptionValue = string | readonly string[] | number | boolean

/**
 * Reads the value of a flag or a variable, which is text. Several texts are separated by commas.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export function parseOption(row: OptionRow, text: string, where: string): OptionValue {
  switch (row.kind) {
    case 'text':
      return checked(row, text, where)
    case 'texts':
      return text.split(',').flatMap((each) => (each.trim() === '' ? [] : [each.trim()]))
    case 'count':
      return checked(row, /^\d{1,9}$/.test(text) ? Number(text) : text, where)
    case 'switch':
      if (['true', '1', 'yes', 'on'].includes(text)) return true
      if (['false', '0', 'no', 'off'].includes(text)) return false
      throw invalid(row, text, where)
  }
}

/**
 * Checks the value of a file, which has a type.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export function checked(row: OptionRow, value: unknown, where: string): OptionValue {
  switch (row.kind) {
    case 'text':
      if (typeof value === 'string' && value !== '' && row.choices?.includes(value) !== false) return value
      break
    case 'texts': {
      if (typeof value === 'string') return [value]
      if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value
      break
    }
    case 'count':
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= (row.least ?? 0)) return value
      break
    case 'switch':
      if (typeof value === 'boolean') return value
  }
  throw invalid(row, value, where)
}

const WANTED = { text: 'a text', texts: 'a list of texts', count: 'an integer', switch: 'true or false' } as const

function invalid(row: OptionRow, value: unknown, where: string): ConfigError {
  const found = typeof value === 'string' ? quote(value, 160) : escapeText(JSON.stringify(value) ?? String(value), 160)
  const kind = row.kind === 'count' ? `${WANTED.count} of at least ${row.least ?? 0}` : WANTED[row.kind]
  const wanted = row.choices === undefined ? kind : `one of ${row.choices.join(', ')}`
  return new ConfigError(`Cannot use ${where}: found ${found}, expected ${wanted}`)
}
