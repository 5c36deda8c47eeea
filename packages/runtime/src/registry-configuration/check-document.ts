import { showJsonPath } from '@drayage/bytes'
import type { z } from 'zod'

import { RegistryConfigError } from '../errors.ts'

/**
 * The document of a file in the form that `schema` gives it.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG` with the path of the first invalid value
 */
export function checkDocument<T>(file: string, schema: z.ZodType<T>, document: unknown): T {
  const result = schema.safeParse(document)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new RegistryConfigError(
    file,
    showJsonPath(issue?.path ?? []),
    'another value',
    issue?.message ?? 'a known form',
  )
}

/** @throws RegistryConfigError `ERR_REGISTRY_CONFIG` */
export function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RegistryConfigError(file, '', 'no JSON', 'a JSON object', { cause })
  }
}
