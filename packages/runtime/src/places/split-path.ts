import { existsSync, statSync } from 'node:fs'
import path from 'node:path'

import { quote } from '@drayage/bytes'
import { isDigest, type Digest } from '@drayage/digest'
import { tryParseReference } from '@drayage/reference'

import { TransportError } from '../errors.ts'
import { nonEmpty } from './place-names.ts'

/** A path, and which image there, if it says so. */
export type SplitPath = readonly [path: string, name: string | undefined]

/** Which image, by its position from 0 or by its ID. */
export type ImageChoice = number | Digest

const POSITION = /^@(\d{1,9})$/
const IMAGE_ID = /^[0-9a-f]{64}$/
/** What an entry of a layout may be called. @see OCI image-spec v1.1.1, annotations.md, "ref.name" */
const ENTRY_NAME = /^[A-Za-z0-9][\w.:@+/-]*$/
const ARCHIVE_NAME = /\.(?:tar|tgz|tbz2?|txz|tzst)(?:\.\w+)?$/

/** The image that `@N`, a digest or an ID stands for; nothing for a name. */
export function imageChoice(name: string): ImageChoice | undefined {
  const [, position] = POSITION.exec(name) ?? []
  if (position !== undefined) return Number(position)
  const digest = IMAGE_ID.test(name) ? `sha256:${name}` : name
  return isDigest(digest) ? digest : undefined
}

/** Whether text chooses an image of an archive: by name, ID or position. */
export function isImageName(name: string): boolean {
  return imageChoice(name) !== undefined || tryParseReference(name).ok
}

/** Whether text chooses an entry of a layout: by name, digest or position. */
export function isEntryName(name: string): boolean {
  return imageChoice(name) !== undefined || ENTRY_NAME.test(name)
}

/**
 * A path, and what follows a colon. Paths may have colons too: what exists as a whole is a path; otherwise the first colon
 * after a directory that exists ends it. Text that leads to two places so is refused.
 *
 * @throws TransportError `ERR_TRANSPORT`
 */
export function splitPath(rest: string, text: string, isName: (name: string) => boolean): SplitPath {
  const first = nonEmpty(rest, text).indexOf(':')
  if (first < 0 || existsSync(rest)) return [rest, undefined]
  const readings = readingsOf(rest, isName)
  const byDirectory = Map.groupBy(readings, ([file]) => path.dirname(file))
  const plausible = [...byDirectory].filter(([directory]) => isDirectory(directory))
  const likely = plausible.flatMap(([, group]) => {
    const there = group.filter(([file]) => existsSync(file))
    return there.length > 0 ? there : group.slice(0, 1)
  })
  const [one = readings[0], other = mistakable(rest, one)] = likely
  if (one === undefined) return [nonEmpty(rest.slice(0, first), text), nonEmpty(rest.slice(first + 1), text)]
  if (other === undefined) return one
  throw new TransportError('use', text, `it can be read in two ways: as ${shown(one)}, and as ${shown(other)}`, {
    hint: 'Change to the directory and name the file alone, or use a path without a colon.',
  })
}

/** All ways to read the text; as a whole only where a directory has a colon and the file has none. */
function readingsOf(rest: string, isName: (name: string) => boolean): readonly SplitPath[] {
  const colons = [...rest.matchAll(/:/g)].map(({ index }) => index)
  const split = colons.map((at): SplitPath => [rest.slice(0, at), rest.slice(at + 1)])
  const named = split.filter(([file, name]) => file !== '' && name !== undefined && isName(name))
  return path.basename(rest).includes(':') ? named : [...named, [rest, undefined]]
}

/** The text as the path of an archive, where a name is as likely to be the rest of one. */
function mistakable(rest: string, one: SplitPath | undefined): SplitPath | undefined {
  const name = one?.[1]
  const isLikePath = name?.includes('/') === true && ARCHIVE_NAME.test(name)
  return one !== undefined && isLikePath && !existsSync(one[0]) ? [rest, undefined] : undefined
}

function isDirectory(directory: string): boolean {
  try {
    return statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    return false
  }
}

function shown([file, name]: SplitPath): string {
  return name === undefined ? quote(file) : `${quote(name)} in ${quote(file)}`
}
