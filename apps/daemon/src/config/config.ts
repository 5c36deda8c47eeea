import { OPTION_TABLE, variableOf, type OptionRow } from './option-table.ts'
import { readConfigFile } from './read-file.ts'
import { readText, type OptionValue } from './read-value.ts'

/** Where the values of options come from. */
export interface ConfigSources {
  /** The configuration file; none by default. */
  readonly file?: string | undefined
  /** The values of flags, as text, by key. */
  readonly flags: ReadonlyMap<string, string>
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The values of options: those of flags before those of the environment before those of the file. */
export interface Config {
  text(key: string): string | undefined
  texts(key: string): readonly string[] | undefined
  count(key: string): number | undefined
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
  const ofFile = file === undefined ? new Map<string, OptionValue>() : await readConfigFile(file)
  const values = new Map<string, OptionValue>()
  for (const row of OPTION_TABLE) {
    const value = valueOf(row, flags, env) ?? ofFile.get(row.key)
    if (value !== undefined) values.set(row.key, value)
  }
  const get = <T>(key: string, isKind: (value: OptionValue | undefined) => value is OptionValue & T): T | undefined => {
    const value = values.get(key)
    return isKind(value) ? value : undefined
  }
  return {
    values,
    text: (key) => get<string>(key, (value): value is string => typeof value === 'string'),
    texts: (key) => get<readonly string[]>(key, (value): value is readonly string[] => Array.isArray(value)),
    count: (key) => get<number>(key, (value): value is number => typeof value === 'number'),
    isOn: (key) => values.get(key) === true,
  }
}

function valueOf(
  row: OptionRow,
  flags: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string | undefined>>,
): OptionValue | undefined {
  const flag = flags.get(row.key)
  if (flag !== undefined) return readText(row, flag, `the flag of ${row.key}`)
  const variable = env[variableOf(row)]
  // As an unset one: a unit or a compose file can name it without a value.
  return variable === undefined || variable === '' ? undefined : readText(row, variable, `$${variableOf(row)}`)
}
