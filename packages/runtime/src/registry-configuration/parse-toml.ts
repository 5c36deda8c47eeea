import { parse, TomlError } from 'smol-toml'

import { RegistryConfigError } from '../errors.ts'

/** Parses a file of TOML. @throws RegistryConfigError `ERR_REGISTRY_CONFIG` with the line */
export function parseToml(file: string, text: string): unknown {
  try {
    return parse(text)
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    // The message of the parser quotes lines of the file, which may hold headers with secrets.
    throw new RegistryConfigError(file, `line ${cause.line}`, 'other text', 'TOML')
  }
}
