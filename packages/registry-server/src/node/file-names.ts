import { type Digest, tryParseDigest } from '@drayage/digest'

/** The file name of a digest. */
export function digestFile(digest: Digest): string {
  return digest.replace(':', '-')
}

/** The digest whose file has this name; `undefined` for any other file. */
export function fileDigest(name: string): Digest | undefined {
  const parsed = tryParseDigest(name.replace('-', ':'))
  return parsed.ok ? parsed.value : undefined
}

/** The directory of a repository: one level, so that a repository may be named below another. */
export function repositoryFile(repository: string): string {
  return repository.replaceAll('/', '+')
}

/** The repository whose directory has this name. */
export function fileRepository(name: string): string {
  return name.replaceAll('+', '/')
}

/**
 * The file name of a tag: in lower case, and the positions of its capitals as a hex number, so that tags stay apart on
 * file systems that ignore case.
 */
export function tagFile(tag: string): string {
  const capitals = Array.from(tag, (letter) => (letter >= 'A' && letter <= 'Z' ? '1' : '0')).join('')
  return `${tag.toLowerCase()}+${BigInt(`0b${capitals}`).toString(16)}`
}

/** The tag whose file has this name; `undefined` for any other file. */
export function fileTag(name: string): string | undefined {
  const match = /^([a-z0-9_][a-z0-9_.-]{0,127})\+([0-9a-f]{1,32})$/.exec(name)
  if (match === null) return undefined
  const [, lower = '', mask = ''] = match
  const capitals = BigInt(`0x${mask}`).toString(2).padStart(lower.length, '0')
  return Array.from(lower, (letter, index) => (capitals[index] === '1' ? letter.toUpperCase() : letter)).join('')
}
