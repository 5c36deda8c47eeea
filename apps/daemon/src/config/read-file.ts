import { readFile } from 'node:fs/promises'

import { parse, TomlError } from 'smol-toml'

import { ConfigError } from '../config-error.ts'
import { OPTION_TABLE } from './option-table.ts'
import { checked, type OptionValue } from './read-value.ts'

/**
 * Reads a configuration file: the values of its options by key.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG` for a file that cannot be read or holds anything else
 */
export async function readConfigFile(file: string): Promise<ReadonlyMap<string, OptionValue>> {
  const name = JSON.stringify(file)
  let table: unknown
  try {
    table = parse(await readFile(file, 'utf8'))
  } catch (cause) {
    const why = whyOf(cause)
    throw new ConfigError(`Cannot read ${name}: ${why}`, { cause })
  }
  const values = new Map<string, OptionValue>()
  for (const [key, value] of flatten(table)) {
    const row = OPTION_TABLE.find((each) => each.key === key)
    if (row === undefined) throw new ConfigError(`Cannot use ${name}: found the unknown key ${JSON.stringify(key)}`)
    values.set(key, checked(row, value, `${key} of ${name}`))
  }
  return values
}

/** The first line of a failure, and where in the file it is. */
function whyOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const place = cause instanceof TomlError ? ` in line ${cause.line}` : ''
  return `${cause.message.split('\n')[0] ?? ''}${place}`
}

/** The keys of a table and of the tables in it, by their full names. */
function flatten(table: unknown, prefix: string = ''): [string, unknown][] {
  if (typeof table !== 'object' || table === null) return []
  return Object.entries(table).flatMap(([key, value]: [string, unknown]): [string, unknown][] => {
    const isTable = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
    return isTable && prefix === '' ? flatten(value, `${key}.`) : [[prefix + key, value]]
  })
}
