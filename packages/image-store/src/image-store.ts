import {
  type Checker,
  type Fetcher,
  isContentError,
  NameNotFoundError,
  readBlob,
  type Resolver,
  type Tagger,
  type Untagger,
} from '@drayage/content'
import type { Digest, ImageId } from '@drayage/digest'
import {
  decodeImageConfig,
  decodeManifest,
  type DecodedImageConfig,
  type DecodedManifest,
  type Descriptor,
} from '@drayage/manifest'
import { familiarReference, type Reference, type Repository } from '@drayage/reference'

import type { AbortOptions } from './abort-options.ts'
import { rememberConfigs } from './config-cache.ts'
import type { Database } from './database.ts'
import { ImageConflictError, ImageNotFoundError } from './errors.ts'
import { findImage } from './find-image.ts'
import type { ImageRecord, ListedImage, NameRecord, NewImage } from './image-record.ts'
import { openLedger } from './ledger.ts'
import { assertCanName, storedName, storedNameText } from './names.ts'
import { planRemoval, type RemovalPlan } from './removal.ts'
import { forgetSource, recordSources, sourcesOf, type ContentSource, type NewSource } from './sources.ts'

/** What an image store works on. */
export interface ImageStoreOptions {
  /** Of `openDatabase`. */
  readonly database: Database
  /** Where manifests and configs are. */
  readonly content: Fetcher & Checker
  /** The file that names and images can be rebuilt from; nothing is journaled without it. */
  readonly journal?: string
  /** Milliseconds since 1970; the system's clock by default. */
  readonly now?: () => number
}

/** Options of a removal. */
export interface RemovalOptions extends AbortOptions {
  /** Whether an ID takes names in several repositories away; `false` by default. */
  readonly force?: boolean
}

/** Images, their names, and where content came from. Every change is durable when its call resolves. */
export interface ImageStore extends Resolver, Tagger, Untagger {
  /** Makes `name` stand for what was pulled and for the image that it selects. @throws NameRefusedError `ERR_NAME_REFUSED` */
  nameImage(name: Reference, target: Descriptor, image: ImageId, options?: AbortOptions): Promise<void>
  /** The image that `name` selects. */
  imageOf(name: Reference, options?: AbortOptions): Promise<ImageId | undefined>
  /** All names, sorted by their full text. */
  listNames(options?: AbortOptions): Promise<NameRecord[]>
  /** Makes a whole image visible; one that is there takes the manifest as its own. */
  put(image: NewImage, options?: AbortOptions): Promise<void>
  get(id: ImageId, options?: AbortOptions): Promise<ImageRecord | undefined>
  /** The image that a user's text selects: full ID, then name, then short ID. @throws ImageNotFoundError, AmbiguousImageError */
  find(text: string, options?: AbortOptions): Promise<ListedImage>
  /** The image that has this manifest. */
  findImage(manifest: Pick<Descriptor, 'digest'>, options?: AbortOptions): Promise<ImageId | undefined>
  /** All images with their names: the latest built first. */
  list(options?: AbortOptions): Promise<ListedImage[]>
  /** Removes an image without names; resolves to whether it was there. @throws ImageConflictError `ERR_IMAGE_CONFLICT` */
  delete(id: ImageId, options?: AbortOptions): Promise<boolean>
  /** What {@link remove} would do now. */
  planRemoval(text: string, options?: RemovalOptions): Promise<RemovalPlan>
  /** Takes names and image away as planned, at once; layers and content of the image are the caller's to release. */
  remove(text: string, options?: RemovalOptions): Promise<RemovalPlan>
  /** Everything that names and images hold: targets, manifests and configs, each digest once. */
  roots(options?: AbortOptions): Promise<Digest[]>
  readManifest(image: ImageRecord, options?: AbortOptions): Promise<DecodedManifest>
  /**
   * Its config, from memory when it was used not long ago.
   *
   * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND` for an image that was removed since it was found
   */
  readConfig(image: ImageRecord, options?: AbortOptions): Promise<DecodedImageConfig>
  /** Remembers that content came from a repository or was pushed to it, all of it at once. */
  recordSources(content: readonly NewSource[], repository: Repository, options?: AbortOptions): Promise<void>
  /** Forgets that content is in a repository. */
  forgetSource(digest: Digest, repository: Repository, options?: AbortOptions): Promise<void>
  /** The repositories that content is in, as far as it is known, newest first, at most 50. */
  sourcesOf(digest: Digest, options?: AbortOptions): Promise<ContentSource[]>
}

/** Creates the image store in a metadata database that any number of processes use at once. */
export function createImageStore({ database, content, journal, now = Date.now }: ImageStoreOptions): ImageStore {
  const ledger = openLedger(database, journal)
  const { names, images } = ledger

  const readConfig = rememberConfigs(async (config, options) =>
    decodeImageConfig(await readBlob(content, config, options), config),
  )
  const check = (options: AbortOptions = {}): void => options.signal?.throwIfAborted()
  const listed = (image: ImageRecord): ListedImage => ({ ...image, ...familiarNames(names.ofImage(image.id)) })

  const give = (name: Reference, target: Descriptor, wanted: ImageId | undefined): void =>
    ledger.transact((change) => {
      assertCanName(name, target)
      const image = wanted ?? images.ofManifest(target.digest)
      if (wanted !== undefined && images.get(wanted) === undefined) throw new ImageNotFoundError(wanted)
      const held = names.get(storedNameText(name))
      if (held?.target.digest === target.digest && held.image === image) return
      change({ op: 'name', name: storedName(name), target, image, atMs: now() })
    })

  return {
    async resolve(name, options) {
      check(options)
      const record = names.get(storedNameText(name))
      if (record === undefined) throw new NameNotFoundError(storedNameText(name))
      return record.target
    },
    async tag(target, name, options) {
      check(options)
      give(name, target, undefined)
    },
    async nameImage(name, target, image, options) {
      check(options)
      give(name, target, image)
    },
    async untag(name, options) {
      check(options)
      return ledger.transact((change) => {
        if (names.get(storedNameText(name)) === undefined) return false
        change({ op: 'unname', name: storedName(name) })
        return true
      })
    },
    async imageOf(name, options) {
      check(options)
      return names.get(storedNameText(name))?.image
    },
    async listNames(options) {
      check(options)
      return names.list()
    },
    async put(image, options) {
      check(options)
      ledger.transact((change) => change({ op: 'image', image: onlyNewImage(image), atMs: now() }))
    },
    async get(id, options) {
      check(options)
      return images.get(id)
    },
    async find(text, options) {
      check(options)
      const image = findImage(ledger, text)
      if (image === undefined) throw new ImageNotFoundError(text)
      return listed(image)
    },
    async findImage(manifest, options) {
      check(options)
      return images.ofManifest(manifest.digest)
    },
    async list(options) {
      check(options)
      return images.list().map(listed)
    },
    async delete(id, options) {
      check(options)
      return ledger.transact((change) => {
        if (images.get(id) === undefined) return false
        if (names.ofImage(id).length > 0) throw new ImageConflictError(id, 'image is referenced by a name')
        change({ op: 'unimage', id })
        return true
      })
    },
    async planRemoval(text, { force = false, signal } = {}) {
      check({ signal })
      return planRemoval(ledger, text, force)
    },
    async remove(text, { force = false, signal } = {}) {
      check({ signal })
      return ledger.transact((change) => {
        const plan = planRemoval(ledger, text, force)
        for (const { name } of plan.untag) change({ op: 'unname', name: storedName(name) })
        if (plan.image !== undefined) change({ op: 'unimage', id: plan.image })
        return plan
      })
    },
    async roots(options) {
      check(options)
      const held = images.list().flatMap((image) => [image.config.digest, ...images.manifests(image.id)])
      return [...new Set([...names.list().map((name) => name.target.digest), ...held])]
    },
    async readManifest({ manifest }, options = {}) {
      return decodeManifest(await readBlob(content, manifest, options), manifest)
    },
    async readConfig({ id, config }, options = {}) {
      try {
        return await readConfig(config, options)
      } catch (error) {
        // Whoever removed the image since it was found took its config too.
        const isGone = isContentError(error) && error.code === 'ERR_CONTENT_NOT_FOUND' && images.get(id) === undefined
        throw isGone ? new ImageNotFoundError(id, { cause: error }) : error
      }
    },
    async recordSources(content, repository, options) {
      check(options)
      recordSources(database, content, repository)
    },
    async forgetSource(digest, repository, options) {
      check(options)
      forgetSource(database, digest, repository)
    },
    async sourcesOf(digest, options) {
      check(options)
      return sourcesOf(database, digest)
    },
  }
}

function onlyNewImage({ id, manifest, config, platform, created, size, layers }: NewImage): NewImage {
  return { id, manifest, config, platform, created, size, layers }
}

function familiarNames(records: readonly NameRecord[]): Pick<ListedImage, 'repoTags' | 'repoDigests'> {
  const familiar = (wanted: readonly NameRecord[]): string[] => wanted.map((record) => familiarReference(record.name))
  return {
    repoTags: familiar(records.filter((record) => record.name.tag !== undefined)),
    repoDigests: familiar(records.filter((record) => record.name.digest !== undefined)),
  }
}
