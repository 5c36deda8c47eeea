import type { LoginFile } from './login-file.ts'

/** The host's own helper, then that of all hosts. An empty name for the host turns helpers off for it. */
export function helpersFor({ helpers, defaultHelper }: LoginFile, keys: readonly string[]): readonly string[] {
  const own = keys.map((key) => helpers.get(key)).find((helper) => helper !== undefined)
  if (own === '') return []
  return [...new Set([own, defaultHelper])].filter((helper) => helper !== undefined)
}
