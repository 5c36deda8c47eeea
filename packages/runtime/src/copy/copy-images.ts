import type { OnEvent } from '@drayage/distribution'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import { assertTakes } from './assert-takes.ts'
import { afterConversion, convertCopySource } from './convert-copy-source.ts'
import type { CopyImageOptions } from './copy-options.ts'
import { fullyNamed, parseCopyTarget, type ArchivePlace } from './copy-target.ts'
import { arrivedBlob, type CopyMountsOptions } from './copy-mounts.ts'
import { copyToDockerArchive } from './copy-to-docker-archive.ts'
import { copyToDockerDaemon } from './copy-to-docker-daemon.ts'
import { copyToOciArchive } from './copy-to-oci-archive.ts'
import { copyToPlace } from './copy-to-place.ts'
import type { Runtime } from '../create-runtime.ts'
import { openCopySource, type CopySource } from './open-copy-source.ts'
import { parseTransport, type Transport } from './transport.ts'

/**
 * Copies images to one place, one after another: as `copyImage` does, and several to a layout, an archive, to `store:`,
 * `docker-daemon:` or a registry's prefix such as `docker://host/team/`, where each keeps the last part of its name and its tag. In a
 * layout and an oci-archive several images have their full names. What several share is read and sent once. It stops at
 * the first failure; what is copied by then stays, except that an archive, also for a Docker Engine, is whole or not there.
 *
 * @returns what was copied, in the order of the sources
 * @throws TransportError `ERR_TRANSPORT` for a place that does not take several images, or takes no image without a name
 * @throws the errors of `copyImage`
 */
export async function copyImages(
  runtime: Runtime,
  sources: readonly string[],
  target: string,
  options: CopyImageOptions = {},
): Promise<Descriptor[]> {
  if (sources.length === 0) throw new RangeError('Cannot copy images: found none, expected at least one')
  const from = sources.map((source) => parseTransport(source))
  const to = parseCopyTarget(target, sources.length)
  if (to.archive !== undefined) {
    assertTakes(to.archive, target, options)
    return await copyToArchive(runtime, from, to.archive, options)
  }
  const neighbours = createNeighbours()
  const copied: Descriptor[] = []
  for (const place of from) {
    await using opened = await openCopySource(runtime, place, options)
    const toPlace = to.placeOf(opened)
    assertTakes(toPlace, target, options)
    const source = to.keepsNames ? fullyNamed(opened) : opened
    await using converted = await convertCopySource(runtime, source, toPlace, options)
    const placed = neighbours.optionsFor(toPlace, afterConversion(options))
    copied.push(await copyToPlace(runtime, converted, toPlace, placed))
  }
  return copied
}

async function copyToArchive(
  runtime: Runtime,
  places: readonly Transport[],
  to: ArchivePlace,
  options: CopyImageOptions,
): Promise<Descriptor[]> {
  const opened: CopySource[] = []
  try {
    const sources: CopySource[] = []
    for (const place of places) {
      const one = await openCopySource(runtime, place, options)
      opened.push(one)
      const source = await convertCopySource(runtime, places.length > 1 ? fullyNamed(one) : one, to, options)
      opened.push(source)
      sources.push(source)
    }
    const settings = afterConversion(options)
    if (to.kind === 'oci-archive') return await copyToOciArchive(runtime, sources, to, settings)
    if (to.kind === 'docker-archive') return await copyToDockerArchive(runtime, sources, to, settings)
    return await copyToDockerDaemon(runtime, sources, to, settings)
  } finally {
    for (const source of opened) await source[Symbol.asyncDispose]()
  }
}

/** Remembers which repository of a registry got which blob, so that the next one mounts it. */
function createNeighbours(): {
  optionsFor(to: Transport, options: CopyImageOptions): CopyImageOptions & CopyMountsOptions
} {
  const holders = new Map<Digest, Repository>()
  return {
    optionsFor(to, options) {
      if (to.kind !== 'registry') return options
      const { domain, path } = to.reference
      const onEvent: OnEvent = (event) => {
        const digest = arrivedBlob(event)
        if (digest !== undefined) holders.set(digest, { domain, path })
        options.onEvent?.(event)
      }
      const holderOf = ({ digest }: Descriptor): Repository | undefined => holders.get(digest)
      return { ...options, onEvent, holderOf }
    },
  }
}
