import { OPTION_TABLE, variableOf, type OptionRow } from './option-table.ts'
import { readOptionFile } from './read-file.ts'
import { parseOption, type OptionValue } from './read-value.ts'

/** Where the values of options come from. */
export interface ConfigSources {
  /** The configuration file; none by default. */
  readonly file?: string | undefined
  /** The values of flags, as text, by key. */
  readonly flags: ReadonlyMap<string, string>
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The values of options: a flag takes precedence over a variable, a variable over the file, the file over the default. */
export interface Config {
  text(key: string): string | undefined
  texts(key: string): readonly string[] | undefined
  /** The value of a count; every count has a default. */
  count(key: string): number
  isOn(key: string): boolean
  /** Every value that is set, by key, in the order of the table. */
  readonly values: ReadonlyMap<string, OptionValue>
}

/**
 * Reads the configuration.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function readConfig({ file, flags, env }: ConfigSources): Promise<Config> {
  const ofFile = file === undefined ? new Map<string, OptionValue>() : await readOptionFile(file)
  const values = new Map<string, OptionValue>()
  const all = new Map<string, OptionValue>()
  for (const row of OPTION_TABLE) {
    const value = valueOf(row, flags, env) ?? ofFile.get(row.key)
    if (value !== undefined) values.set(row.key, value)
    const effective = value ?? row.fallback
    if (effective !== undefined) all.set(row.key, effective)
  }
  return {
    values,
    text(key) {
      const value = all.get(key)
      return typeof value === 'string' ? value : undefined
    },
    texts(key) {
      const value = all.get(key)
      return typeof value === 'object' ? value : undefined
    },
    count(key) {
      const value = all.get(key)
      if (typeof value === 'number') return value
      throw new TypeError(`Cannot read option "${key}": it is no count with a default`)
    },
    isOn: (key) => all.get(key) === true,
  }
}

function valueOf(
  row: OptionRow,
  flags: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string | undefined>>,
): OptionValue | undefined {
  const flag = flags.get(row.key)
  if (flag !== undefined) return parseOption(row, flag, `the flag of ${row.key}`)
  const variable = env[variableOf(row)]
  // An empty variable counts as unset, since a unit or a compose file can name it without a value.
  return variable === undefined || variable === '' ? undefined : parseOption(row, variable, `$${variableOf(row)}`)
}
