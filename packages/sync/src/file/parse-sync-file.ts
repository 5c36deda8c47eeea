import { quote, showJsonPath, valueAtJsonPath } from '@drayage/bytes'
import { parseDocument } from 'yaml'
import * as z from 'zod/mini'

import { SyncFileError } from '../errors.ts'
import {
  repositoryFilterCodec,
  repositoryPathsCodec,
  syncFileCodec,
  tagFilterCodec,
  tagNamesCodec,
  type RawSyncImage,
} from './codecs.ts'
import type { SyncFile, SyncImage } from './sync-file.ts'

/** The maximum length of a file, in characters. */
export const MAX_SYNC_FILE_LENGTH: number = 4 * 1024 * 1024

/** How many nodes a file may have per alias, once its aliases are resolved. */
const MAX_ALIASES = 100

/**
 * Reads a sync file: YAML 1.2, and therefore also JSON. Every scalar is text, so the tag `1.10` is not a number. An unknown
 * key is an error. Nothing is substituted, not even environment variables.
 *
 * @throws SyncFileError `ERR_SYNC_FILE` with the path in the file
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { parseSyncFile } from '@drayage/sync'
 *
 * const { images } = parseSyncFile('images: [{ from: alpine, to: registry.example/alpine, tags: [3.20] }]')
 * assert.deepEqual(images, [{ from: 'alpine', to: 'registry.example/alpine', tags: ['3.20'] }])
 * ```
 */
export function parseSyncFile(text: string): SyncFile {
  const { images, concurrency } = decode(syncFileCodec, parseYaml(text), '')
  return { concurrency, images: images.map((image, position) => completed(image, `images[${position}]`)) }
}

function parseYaml(text: string): unknown {
  if (text.length > MAX_SYNC_FILE_LENGTH) {
    throw new SyncFileError('', `${text.length} characters`, `at most ${MAX_SYNC_FILE_LENGTH}`)
  }
  try {
    const document = parseDocument(text, { schema: 'failsafe', stringKeys: true, logLevel: 'error' })
    const [error] = [...document.errors, ...document.warnings]
    if (error !== undefined) throw new SyncFileError('', firstLine(error.message), 'YAML', { cause: error })
    return document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause
    throw new SyncFileError('', 'aliases that repeat too much', `at most ${MAX_ALIASES}`, { cause })
  }
}

function completed({ tags, repositories, ...image }: RawSyncImage, path: string): SyncImage {
  const chosenTags = oneOf(tags, `${path}.tags`, tagNamesCodec, tagFilterCodec)
  const chosen = oneOf(repositories, `${path}.repositories`, repositoryPathsCodec, repositoryFilterCodec)
  return {
    ...image,
    ...(chosen.names !== undefined && { repositories: chosen.names }),
    ...(chosen.filter !== undefined && { repositoryFilter: chosen.filter }),
    ...(chosenTags.names !== undefined && { tags: chosenTags.names }),
    ...(chosenTags.filter !== undefined && { filter: chosenTags.filter }),
  }
}

/** Decodes a list of names or a filter; `all` is the filter that selects everything. */
function oneOf<N, F extends object>(
  raw: unknown,
  path: string,
  names: z.ZodMiniType<N>,
  filter: z.ZodMiniType<F>,
): { readonly names?: N; readonly filter?: F } {
  if (raw === undefined) return {}
  if (Array.isArray(raw)) return { names: decode(names, raw, path) }
  if (typeof raw !== 'string') return { filter: decode(filter, raw, path) }
  if (raw === 'all') return { filter: decode(filter, {}, path) }
  throw new SyncFileError(path, quote(raw), '"all", a list or a filter')
}

function decode<T>(codec: z.ZodMiniType<T>, input: unknown, base: string): T {
  const result = z.safeParse(codec, input)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = issue?.path ?? []
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    throw new SyncFileError(showJsonPath([...path, key], base), 'an unknown key', knownKeys(base, path))
  }
  const wanted = issue?.code === 'invalid_type' ? issue.expected : (issue?.message ?? 'another value')
  throw new SyncFileError(showJsonPath(path, base), describe(valueAtJsonPath(input, path)), wanted)
}

function knownKeys(base: string, path: readonly PropertyKey[]): string {
  if (base.endsWith('.repositories')) return 'include or exclude'
  if (base !== '') return 'include, exclude, versions, latest, parts or prereleases'
  return path.length === 0 ? 'images or concurrency' : 'from, to, repositories, tags, platforms, index or referrers'
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'string' ? quote(value) : 'a map'
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replace(/:$/, '') ?? ''
}
