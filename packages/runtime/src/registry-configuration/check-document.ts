import type { z } from 'zod'

import { RegistryConfigError } from '../errors.ts'

/**
 * The document of a file in the form that `schema` gives it.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG` with the path of the first value that is none
 */
export function checkDocument<T>(file: string, schema: z.ZodType<T>, document: unknown): T {
  const result = schema.safeParse(document)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new RegistryConfigError(file, keyOf(issue?.path ?? []), 'another value', issue?.message ?? 'a known form')
}

/** A path such as `registry[0].mirror[1].location`. */
export function keyOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    const name = String(part)
    const shown = /^[\w-]+$/.test(name) ? name : JSON.stringify(name)
    return text === '' ? shown : `${text}.${shown}`
  }, '')
}

/** @throws RegistryConfigError `ERR_REGISTRY_CONFIG` */
export function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RegistryConfigError(file, '', 'no JSON', 'a JSON object', { cause })
  }
}
