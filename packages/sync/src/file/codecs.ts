import { parsePlatform, PlatformSyntaxError } from '@drayage/manifest'
import { isTag, tryParseRepository } from '@drayage/reference'
import * as z from 'zod/mini'

import { TagPatternError, VersionRangeError } from '../errors.ts'
import type { RepositoryFilter, SyncFile, SyncImage, TagFilter } from './sync-file.ts'
import { compileTagPattern } from '../tags/tag-pattern.ts'
import { parseVersionRange } from '../tags/version-range.ts'
import type { VersionParts } from '../tags/version.ts'

/** How many images are compared and copied at a time by default. */
export const DEFAULT_SYNC_CONCURRENCY = 4

/** How many images may be compared and copied at a time. */
export const MAX_SYNC_CONCURRENCY = 64

/** A list of strings, or a single string in its place. */
function texts(text: z.ZodMiniType<string>): z.ZodMiniType<string[]> {
  return z.pipe(
    z.transform((value: unknown): unknown => (typeof value === 'string' ? [value] : value)),
    z.array(text).check(z.minLength(1, { error: 'at least one' })),
  )
}

/** A string that `read` accepts. */
function readable(read: (text: string) => unknown): z.ZodMiniType<string> {
  return z.string().check((payload) => {
    try {
      read(payload.value)
    } catch (error) {
      if (!isUnreadable(error)) throw error
      payload.issues.push({ code: 'custom', input: payload.value, message: error.wanted })
    }
  })
}

function isUnreadable(error: unknown): error is TagPatternError | VersionRangeError | PlatformSyntaxError {
  return [TagPatternError, VersionRangeError, PlatformSyntaxError].some((each) => error instanceof each)
}

const number = z.pipe(
  z.string().check(z.regex(/^[1-9]\d{0,5}$/, { error: 'a number from 1 to 999999' })),
  z.transform(Number),
)

const concurrency = z.pipe(
  z.string().check(
    z.refine((text) => /^[1-9]\d{0,5}$/.test(text) && Number(text) <= MAX_SYNC_CONCURRENCY, {
      error: `a number from 1 to ${MAX_SYNC_CONCURRENCY}`,
    }),
  ),
  z.transform(Number),
)

const flag = z.pipe(
  z.enum(['true', 'false'], { error: 'true or false' }),
  z.transform((text) => text === 'true'),
)

const versionParts: z.ZodMiniType<VersionParts> = z.pipe(
  number,
  z.union([z.literal(1), z.literal(2), z.literal(3)], { error: '1, 2 or 3' }),
)

const patterns = texts(readable(compileTagPattern))

/** Decodes a tag filter. */
export const tagFilterCodec: z.ZodMiniType<TagFilter> = z
  .strictObject({
    include: z.exactOptional(patterns),
    exclude: z.exactOptional(patterns),
    versions: z.exactOptional(readable(parseVersionRange)),
    latest: z.exactOptional(number),
    parts: z.exactOptional(versionParts),
    prereleases: z.exactOptional(flag),
  })
  .check((payload) => {
    const { parts, prereleases, versions, latest } = payload.value
    if (versions !== undefined || latest !== undefined) return
    for (const [key, value] of Object.entries({ parts, prereleases })) {
      if (value === undefined) continue
      payload.issues.push({ code: 'custom', input: value, path: [key], message: 'versions or latest next to it' })
    }
  })

/** Decodes a list of tags. */
export const tagNamesCodec: z.ZodMiniType<string[]> = z
  .array(z.string().check(z.refine(isTag, { error: 'a tag of letters, digits, "_", "." and "-"' })))
  .check(z.minLength(1, { error: 'at least one tag' }))

const platforms = z.pipe(
  texts(readable(parsePlatform)),
  z.transform((list: string[]) => list.map((text) => parsePlatform(text))),
)

/** Decodes a repository filter. */
export const repositoryFilterCodec: z.ZodMiniType<RepositoryFilter> = z.strictObject({
  include: z.exactOptional(patterns),
  exclude: z.exactOptional(patterns),
})

/** Decodes a list of repository paths. */
export const repositoryPathsCodec: z.ZodMiniType<string[]> = z
  .array(
    z
      .string()
      .check(
        z.refine((path) => tryParseRepository(`registry.example/${path}`).ok, { error: 'a path such as team/app' }),
      ),
  )
  .check(z.minLength(1, { error: 'at least one repository' }))

/** An image whose tags and repositories, which have several forms, are not decoded yet. */
export type RawSyncImage = Omit<SyncImage, 'tags' | 'filter' | 'repositories' | 'repositoryFilter'> & {
  readonly tags?: unknown
  readonly repositories?: unknown
}

const place = z.string().check(z.minLength(1, { error: 'a place such as registry.example/team/app' }))

const referrers: z.ZodMiniType<'all' | string[]> = z.pipe(
  texts(z.string().check(z.minLength(1, { error: '"all" or artifact types' }))),
  z.transform((types: string[]) => (types.length === 1 && types[0] === 'all' ? 'all' : types)),
)

const image = z
  .strictObject({
    from: place,
    to: place,
    repositories: z.exactOptional(z.unknown()),
    tags: z.exactOptional(z.unknown()),
    platforms: z.exactOptional(platforms),
    referrers: z.exactOptional(referrers),
    index: z.exactOptional(z.enum(['sparse', 'rewrite'], { error: 'sparse or rewrite' })),
  })
  .check((payload) => {
    const { index, platforms: chosen } = payload.value
    if (index === undefined || chosen !== undefined) return
    payload.issues.push({ code: 'custom', input: index, path: ['index'], message: 'platforms next to it' })
  })

/** Decodes a file except for tags and repositories. */
export const syncFileCodec: z.ZodMiniType<Omit<SyncFile, 'images'> & { readonly images: RawSyncImage[] }> =
  z.strictObject({
    concurrency: z._default(concurrency, DEFAULT_SYNC_CONCURRENCY),
    images: z.array(image).check(z.minLength(1, { error: 'at least one image' })),
  })
