import { readFile } from 'node:fs/promises'

import { quote } from '@drayage/bytes'
import { parse, TomlError } from 'smol-toml'

import { ConfigError, reasonOf } from '../errors.ts'
import { OPTION_TABLE } from './option-table.ts'
import { checked, type OptionValue } from './read-value.ts'

/**
 * Reads a configuration file: the values of its options by key.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG` for a file that cannot be read or holds anything else
 */
export async function readOptionFile(file: string): Promise<ReadonlyMap<string, OptionValue>> {
  const name = quote(file)
  let table: unknown
  try {
    table = parse(String(await readNamedFile(file)))
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    throw new ConfigError(`Cannot read ${name}: ${whyOf(cause)}`, { cause })
  }
  const values = new Map<string, OptionValue>()
  for (const [key, value] of flatten(table)) {
    const row = OPTION_TABLE.find((each) => each.key === key)
    if (row === undefined) throw new ConfigError(`Cannot use ${name}: unknown key ${quote(key)}`)
    values.set(key, checked(row, value, `${key} of ${name}`))
  }
  return values
}

/** The first line of a failure, and its line in the file. */
function whyOf(cause: unknown): string {
  const place = cause instanceof TomlError ? ` in line ${cause.line}` : ''
  return `${reasonOf(cause).split('\n')[0] ?? ''}${place}`
}

/**
 * Reads a file that the configuration names.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function readNamedFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new ConfigError(`Cannot read ${quote(file)}: ${reasonOf(cause)}`, { cause })
  }
}

/** The keys of a table and of the tables in it, by their full names. */
function flatten(table: unknown, prefix: string = ''): [string, unknown][] {
  if (typeof table !== 'object' || table === null) return []
  return Object.entries(table).flatMap(([key, value]: [string, unknown]): [string, unknown][] => {
    const isTable = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
    return isTable && prefix === '' ? flatten(value, `${key}.`) : [[prefix + key, value]]
  })
}
