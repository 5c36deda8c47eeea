import type { AbortOptions } from '@drayage/bytes'
import { digestOf, type DiffId, type ImageId, parseDigest } from '@drayage/digest'
import { decodeImageConfig, requireRootFs } from '@drayage/manifest'

import { type ArchiveOutput, isPositional } from './archive-output.ts'
import { configName, createDockerArchiveIndex, repoTag } from './docker-archive-index.ts'
import { ArchiveClosedError, ArchiveImageError } from './errors.ts'
import { type ArchiveLayer, layerMember, layerName } from './layer-member.ts'
import { legacyLayers } from './legacy-layers.ts'
import { bytesMember, type Member } from './members.ts'
import { createPositionalMembers } from './positional-members.ts'
import { createSequentialMembers } from './sequential-members.ts'
import { createSpoolMemory } from './spool-memory.ts'

/** An image on its way into a docker-archive. */
export interface ArchiveImage {
  /** The bytes of the config. */
  readonly config: Uint8Array
  /** Names with a tag, familiar or full. */
  readonly repoTags: readonly string[]
  /** Bottom to top, as the config lists them. */
  readonly layers: readonly ArchiveLayer[]
}

/** Options of {@link createDockerArchiveWriter}. */
export interface DockerArchiveOptions {
  /** How many layers are read at a time; {@link DEFAULT_ARCHIVE_CONCURRENCY} by default. */
  readonly concurrency?: number
  /** How many bytes of all layers that wait for their turn are kept in memory; {@link DEFAULT_SPOOL_MEMORY_BYTES} by default. */
  readonly memoryBytes?: number
}

/** 2: inflating two layers at a time keeps two cores busy. */
export const DEFAULT_ARCHIVE_CONCURRENCY: number = 2

/** 16 MiB: most layers by number are smaller and never touch the disk before their turn. */
export const DEFAULT_SPOOL_MEMORY_BYTES: number = 16 * 1_048_576

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
 * in the order of the images and their layers, with owner 0 and time 0.
 */
export function createDockerArchiveWriter(
  output: ArchiveOutput,
  options: DockerArchiveOptions = {},
): DockerArchiveWriter {
  const { concurrency = DEFAULT_ARCHIVE_CONCURRENCY, memoryBytes = DEFAULT_SPOOL_MEMORY_BYTES } = options
  assertCount('concurrency', concurrency, 1)
  assertCount('memoryBytes', memoryBytes, 0)
  const stop = new AbortController()
  const index = createDockerArchiveIndex()
  const held = new Set<string>()
  const memberOptions = {
    concurrency,
    memory: createSpoolMemory(memoryBytes),
    fail: (error: unknown) => stop.abort(error),
  }
  const members = isPositional(output)
    ? createPositionalMembers(output, memberOptions)
    : createSequentialMembers(output, memberOptions)
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
        await members.close()
        await output.discard().catch(() => {})
        throw error
      }
    }
    const running = last.then(run)
    last = running.catch(() => {})
    return running
  }
  const addMembers = async (wanted: readonly Member[], { signal }: AbortOptions): Promise<void> => {
    const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
    const fresh = wanted.filter(({ name }) => !held.has(name) && held.add(name))
    const done = await Promise.allSettled(fresh.map((member) => members.add(member, { signal: stopped })))
    stopped.throwIfAborted()
    for (const one of done) if (one.status === 'rejected') throw one.reason
  }
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
        const configMember = bytesMember(configName(config), image.config)
        await addMembers([...image.layers.map(layerMember), ...legacy.members, configMember], addOptions)
        index.add({ config, configName: configMember.name, layerNames, top: legacy.top }, tags)
      }),
    putLayer: (layer, putOptions = {}) =>
      inOrder(async () => {
        putOptions.signal?.throwIfAborted()
        assertSizes(layer)
        await addMembers([layerMember(layer)], putOptions)
      }),
    hasLayer: (diffId) => held.has(layerName(diffId)),
    addTags: (image, repoTags, tagOptions = {}) =>
      inOrder(async () => {
        tagOptions.signal?.throwIfAborted()
        const isThere = index.addTags(parseDigest(image), repoTags.map(repoTag))
        if (!isThere) throw new ArchiveImageError(`no image ${image}`, 'one that was added')
      }),
    finish: (finishOptions = {}) =>
      inOrder(async () => {
        await addMembers(index.members(), finishOptions)
        await output.finish(await members.end())
        await members.close()
        state = 'finished'
      }),
    async [Symbol.asyncDispose]() {
      stop.abort(new ArchiveClosedError('disposed'))
      await last
      if (state !== 'open') return
      state = 'disposed'
      await members.close()
      await output.discard()
    },
  }
}

function assertCount(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new RangeError(`Cannot write an archive: ${name} is ${value}, expected an integer from ${least}`)
}

/** Checks that the layers are those of the config: another archive would load as a broken image. */
function assertLayers({ config, layers }: ArchiveImage): void {
  const expected = requireRootFs(decodeImageConfig(config).value).diff_ids
  if (layers.length === 0) throw new ArchiveImageError('no layers', 'at least one: empty export - not implemented')
  if (expected.length !== layers.length)
    throw new ArchiveImageError(`${layers.length} layers`, `${expected.length}, as many as the config lists`)
  for (const [at, layer] of layers.entries()) {
    if (layer.diffId !== expected[at])
      throw new ArchiveImageError(`layer ${at} with DiffID ${layer.diffId}`, `${expected[at]}, as the config lists`)
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
