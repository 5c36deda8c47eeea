import { ConfigError } from '../config-error.ts'
import type { OptionRow } from './option-table.ts'

/** A value of an option, as its kind has it. */
export type OptionValue = string | readonly string[] | number | boolean

/**
 * Reads a value from where it is text: a flag or a variable. Several texts are separated by commas.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export function readText(row: OptionRow, text: string, where: string): OptionValue {
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
 * Checks a value from where it has a type: the file.
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

const WANTED = { text: 'a text', texts: 'a list of texts', count: 'an integer from', switch: 'true or false' } as const

function invalid(row: OptionRow, value: unknown, where: string): ConfigError {
  const found = (JSON.stringify(value) ?? String(value)).slice(0, 160)
  const kind = row.kind === 'count' ? `${WANTED.count} ${row.least ?? 0}` : WANTED[row.kind]
  const wanted = row.choices === undefined ? kind : `one of ${row.choices.join(', ')}`
  return new ConfigError(`Cannot use ${where}: found ${found}, expected ${wanted}`)
}
