/**
 * The path of a member inside its archive, whose root is empty; nothing for a name that climbs or cannot be one. It is a
 * key of a table and never the path of a file.
 */
export function memberPath(name: string): string | undefined {
  if (name.includes('\0')) return undefined
  const parts = pathParts(name)
  return parts.includes('..') ? undefined : parts.join('/')
}

/** The parts of a name that mean something. */
export function pathParts(name: string): string[] {
  return name.split('/').filter((part) => part !== '' && part !== '.')
}
