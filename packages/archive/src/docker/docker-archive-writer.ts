import { tmpdir } from 'node:os'

import { abortable, anySignal, type AbortOptions, type ByteStream, withTaskGroup } from '@drayage/bytes'
import { createHasher, digestOf, type DiffId, type ImageId, parseDiffId, parseDigest } from '@drayage/digest'
import { decodeImageConfig, requireRootFs } from '@drayage/manifest'

import { ArchiveClosedError, ArchiveImageError } from '../errors.ts'
import { type ArchiveOutput, isPositional } from '../output/archive-output.ts'
import {
  type ArchiveWritingOptions,
  bytesMember,
  createArchiveFiles,
  DEFAULT_SPOOL_MEMORY_BYTES,
  type Member,
} from '../output/members.ts'
import { createSpool, createSpoolMemory } from '../output/spool.ts'
import { configName, createDockerArchiveIndex, repoTag } from './docker-archive-index.ts'
import { type ArchiveLayer, layerMember, layerName } from './layer-member.ts'
import { legacyLayers } from './legacy-layers.ts'

/** An image on its way into a docker-archive. */
export interface ArchiveImage {
  /** The bytes of the config. */
  readonly config: Uint8Array
  /** Names with a tag, familiar or full. */
  readonly repoTags: readonly string[]
  /** Bottom to top, as the config lists them. */
  readonly layers: readonly ArchiveLayer[]
}

/** A layer that was written. */
export interface WrittenLayer {
  readonly diffId: DiffId
  /** Of its tar, in bytes. */
  readonly size: number
}

/** Writes images into one docker-archive. Disposing it before `finish` takes back what was written. */
export interface DockerArchiveWriter extends AsyncDisposable {
  /**
   * Adds an image; layers and configs that the archive holds are not read again, and the tags of the same image are
   * joined. After a failure the archive is given up.
   *
   * @throws ArchiveImageError `ERR_ARCHIVE_IMAGE`
   * @throws ArchiveClosedError `ERR_ARCHIVE_CLOSED`
   * @throws ImageConfigSyntaxError `ERR_CONFIG_SYNTAX`
   * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
   * @throws DigestMismatchError `ERR_DIGEST_MISMATCH` when a layer has another DiffID
   */
  add(image: ArchiveImage, options?: AbortOptions): Promise<void>
  /**
   * Writes a layer before its image is known; one that the archive holds is not read. A layer without an image stays
   * in the archive. After a failure the archive is given up.
   *
   * @throws ArchiveClosedError `ERR_ARCHIVE_CLOSED`
   * @throws DigestMismatchError `ERR_DIGEST_MISMATCH` when it has another DiffID
   */
  putLayer(layer: ArchiveLayer, options?: AbortOptions): Promise<void>
  /**
   * Writes a layer whose DiffID is not known before: its tar waits in memory or in a temporary file until it has come as a
   * whole.
   *
   * @param tar uncompressed
   * @throws ArchiveClosedError `ERR_ARCHIVE_CLOSED`
   * @throws any error of `tar`, after which the archive is as it was
   */
  putTar(tar: ByteStream, options?: AbortOptions): Promise<WrittenLayer>
  /** Whether the archive holds a layer, so that its stream is not going to be opened. */
  hasLayer(diffId: DiffId): boolean
  /**
   * Gives more names to an image that was added; a name that another image has moves to this one.
   *
   * @throws ArchiveImageError `ERR_ARCHIVE_IMAGE` when the image was not added, and for a name without a tag
   * @throws ArchiveClosedError `ERR_ARCHIVE_CLOSED`
   * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
   */
  addTags(image: ImageId, repoTags: readonly string[], options?: AbortOptions): Promise<void>
  /** Ends the archive; resolves when it is whole and, on a file system, durable. @throws ArchiveClosedError `ERR_ARCHIVE_CLOSED` */
  finish(options?: AbortOptions): Promise<void>
}

/**
 * Creates a writer of the format that every `docker load` reads: layers uncompressed, and besides `manifest.json` a
 * directory for each layer, for readers that are older than it. Equal images in equal order give equal bytes: members are
 * in the order of the images and their layers, with owner 0 and, as `docker save` wrote them, the time of their image, or
 * the start of 1970 for what belongs to no image alone.
 */
export function createDockerArchiveWriter(
  output: ArchiveOutput,
  options: ArchiveWritingOptions = {},
): DockerArchiveWriter {
  const stop = new AbortController()
  const index = createDockerArchiveIndex()
  const held = new Set<string>()
  const files = createArchiveFiles(output, options)
  let state: 'open' | 'finished' | 'failed' | 'disposed' = 'open'
  let last: Promise<void> = Promise.resolve()

  /** Runs one call after the other; the first failure takes the archive back. */
  const inOrder = (work: () => Promise<void>): Promise<void> => {
    const run = async (): Promise<void> => {
      if (state !== 'open') throw new ArchiveClosedError(state)
      try {
        await work()
      } catch (error) {
        state = 'failed'
        await files[Symbol.asyncDispose]()
        await output.discard().catch(() => {})
        throw error
      }
    }
    const running = last.then(run)
    last = running.catch(() => {})
    return running
  }
  const addMembers = async (wanted: readonly Member[], { signal }: AbortOptions): Promise<void> => {
    const fresh = wanted.filter(({ name }) => !held.has(name) && held.add(name))
    await withTaskGroup({ signal: anySignal(stop.signal, signal) }, async ({ start }) => {
      for (const member of fresh) void start((own) => files.add(member, { signal: own }))
    })
  }
  const putLayer: DockerArchiveWriter['putLayer'] = (layer, { signal } = {}) =>
    inOrder(async () => {
      signal?.throwIfAborted()
      assertSizes(layer)
      await addMembers([layerMember(layer)], { signal })
    })
  return {
    add: (image, addOptions = {}) =>
      inOrder(async () => {
        addOptions.signal?.throwIfAborted()
        const tags = image.repoTags.map(repoTag)
        assertLayers(image)
        const config = digestOf(image.config)
        const diffIds = image.layers.map(({ diffId }) => diffId)
        const layerNames = diffIds.map(layerName)
        const legacy = legacyLayers(image.config, diffIds, layerNames)
        const configMember = { ...bytesMember(configName(config), image.config), mtime: legacy.mtime }
        await addMembers([...image.layers.map(layerMember), ...legacy.members, configMember], addOptions)
        index.add({ config, configName: configMember.name, layerNames, top: legacy.top }, tags)
      }),
    putLayer,
    async putTar(tar, putOptions = {}) {
      const directory = isPositional(output) ? output.spoolDirectory : tmpdir()
      await using spool = createSpool(directory, createSpoolMemory(DEFAULT_SPOOL_MEMORY_BYTES))
      const hasher = createHasher()
      for await (const chunk of abortable(tar, putOptions)) {
        hasher.update(chunk)
        await spool.append(chunk)
      }
      const written = { diffId: parseDiffId(hasher.digest()), size: spool.size }
      await putLayer({ ...written, isVerified: true, open: () => spool.read() }, putOptions)
      return written
    },
    hasLayer: (diffId) => held.has(layerName(diffId)),
    addTags: (image, repoTags, tagOptions = {}) =>
      inOrder(async () => {
        tagOptions.signal?.throwIfAborted()
        const isThere = index.addTags(parseDigest(image), repoTags.map(repoTag))
        if (!isThere) throw new ArchiveImageError(`no image ${image} was added`)
      }),
    finish: (finishOptions = {}) =>
      inOrder(async () => {
        await addMembers(index.members(), finishOptions)
        await output.finish(await files.end())
        await files[Symbol.asyncDispose]()
        state = 'finished'
      }),
    async [Symbol.asyncDispose]() {
      stop.abort(new ArchiveClosedError('disposed'))
      await last
      if (state !== 'open') return
      state = 'disposed'
      await files[Symbol.asyncDispose]()
      await output.discard()
    },
  }
}

/** Checks that the layers are those of the config: another archive would load as a broken image. */
function assertLayers({ config, layers }: ArchiveImage): void {
  const expected = requireRootFs(decodeImageConfig(config, { anyCase: true }).value).diff_ids
  if (expected.length !== layers.length)
    throw new ArchiveImageError(`it has ${layers.length} layers, expected ${expected.length} as its config lists`)
  for (const [at, layer] of layers.entries()) {
    if (layer.diffId !== expected[at])
      throw new ArchiveImageError(
        `layer ${at} has the DiffID ${layer.diffId}, expected ${expected[at]} as its config lists`,
      )
    assertSizes(layer)
  }
}

function assertSizes({ diffId, size, sizeHint }: ArchiveLayer): void {
  for (const bytes of [size, sizeHint]) {
    if (bytes !== undefined && (!Number.isSafeInteger(bytes) || bytes < 0)) {
      throw new RangeError(`Cannot add layer ${diffId}: its size is ${bytes}, expected an integer from 0`)
    }
  }
}
