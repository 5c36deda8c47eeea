import {
  createDockerArchiveWriter,
  createDockerOciArchiveSink,
  inflatedLayers,
  openDockerArchive,
  openOciArchive,
  type ArchiveOutput,
  type DockerArchive,
} from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import { createInflater } from '@drayage/compression'
import type { ImageWriter, PlaceSink, PlaceSource, Transport, WrittenImage } from '@drayage/distribution'
import { familiarReference, formatReference, parseReference, type Reference } from '@drayage/reference'
import path from 'node:path'

import type { TransferSettings } from '../runtime.ts'
import { archiveFile } from './archive-file.ts'
import { closing, layoutEntry, entrySource, entrySink } from './layout-place.ts'
import { NOTHING_OPEN, taggedName } from './place-names.ts'
import { imageChoice, isImageName, splitPath, type ImageChoice } from './split-path.ts'

/** What `docker save` wrote before Docker 25 and every `docker load` reads: `docker-archive:FILE[:REF]`. */
export function dockerArchiveTransport(): Transport {
  return {
    prefix: 'docker-archive',
    syntax: 'docker-archive:FILE[:NAME[:TAG]|:@N|:ID]',
    severalSyntax: 'docker-archive:FILE',
    parse(rest) {
      const text = `docker-archive:${rest}`
      const { file, choice, reference, key } = chosenImage(rest, text)
      const { look, openOutput } = archiveFile(file, text)
      return {
        text,
        key: `docker-archive:${key}`,
        tag: reference?.tag,
        async openSource(options) {
          const archive = await openDockerArchive(file, options)
          return await closing(archive, () => imageOf(archive, choice ?? reference, text, options))
        },
        target:
          choice !== undefined
            ? undefined
            : {
                kind: 'a docker-archive',
                holds: { index: false, referrers: false, manifests: false, several: reference === undefined },
                isWhole: true,
                look,
                open: async () =>
                  dockerArchiveSink(openOutput, (image) => (reference === undefined ? image.names : [reference])),
              },
      }
    },
  }
}

/** What `docker save` writes today, with manifests and layers as they came: `docker-oci-archive:FILE[:REF]`. */
export function dockerOciArchiveTransport(runtime: TransferSettings): Transport {
  return {
    prefix: 'docker-oci-archive',
    syntax: 'docker-oci-archive:FILE[:NAME[:TAG]|:@N|:ID]',
    severalSyntax: 'docker-oci-archive:FILE',
    parse(rest) {
      const text = `docker-oci-archive:${rest}`
      const { file, choice, reference, key } = chosenImage(rest, text)
      const { look, openOutput } = archiveFile(file, text)
      return {
        text,
        key: `docker-oci-archive:${key}`,
        tag: reference?.tag,
        async openSource(options) {
          const archive = await openOciArchive(file, options)
          return await closing(archive, async () => {
            if (reference === undefined) return await layoutEntry(archive, choice, options)
            return entrySource(archive, await archive.resolve(reference, options))
          })
        },
        target:
          choice !== undefined
            ? undefined
            : {
                kind: 'an archive of docker save',
                holds: { index: true, referrers: true, manifests: true, several: reference === undefined },
                isWhole: true,
                look,
                async open({ signal }) {
                  const { platform } = runtime
                  const archive = createDockerOciArchiveSink(await openOutput({ signal }), { platform })
                  return {
                    place: async (image) => {
                      const names = reference === undefined ? image.names : [reference]
                      if (names.length > 0) return { sink: archive, names }
                      return { sink: entrySink(archive, undefined), names }
                    },
                    finish: (options) => archive.finish(options),
                    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
                  }
                },
              },
      }
    },
  }
}

/** A file, and which of its images is meant: the only one, one that has a name, or one of a position or an ID. */
interface ChosenImage {
  readonly file: string
  readonly choice: ImageChoice | undefined
  readonly reference: Reference | undefined
  /** The same for every way to write this. */
  readonly key: string
}

/** @throws TransportError `ERR_TRANSPORT` */
function chosenImage(rest: string, text: string): ChosenImage {
  const [file, name] = splitPath(rest, text, isImageName)
  const choice = name === undefined ? undefined : imageChoice(name)
  const reference = name === undefined || choice !== undefined ? undefined : taggedName(name, text)
  const key = `${path.resolve(file)}:${reference === undefined ? (choice ?? '') : formatReference(reference)}`
  return { file, choice, reference, key }
}

/** An image of a docker-archive: the only one, with all its names, or one that is chosen. */
export async function imageOf(
  archive: DockerArchive,
  chosen: Reference | ImageChoice | undefined,
  label: string,
  options: AbortOptions,
): Promise<PlaceSource> {
  const reference = typeof chosen === 'object' ? chosen : undefined
  const target = await archive.select(typeof chosen === 'object' ? formatReference(chosen) : chosen, options)
  const [only, ...others] = archive.images
  const image = typeof chosen === 'number' ? archive.images[chosen] : others.length === 0 ? only : undefined
  const own = (image?.repoTags ?? []).map((tag) => parseReference(tag))
  const names = reference === undefined ? own : [reference]
  const [first] = names
  return {
    ...NOTHING_OPEN,
    content: archive,
    from: target,
    label: first === undefined ? label : familiarReference(first),
    names: names.filter(({ tag, digest }) => tag !== undefined && digest === undefined),
    entryName: first?.tag,
    makesManifests: true,
  }
}

/** Writes images as a docker-archive, which is begun with its first image; layers that they share are read once. */
export function dockerArchiveSink(
  openOutput: (options: AbortOptions) => Promise<ArchiveOutput>,
  namesOf: (image: PlaceSource) => readonly Reference[],
): PlaceSink {
  const inflater = createInflater()
  let writer: ReturnType<typeof createDockerArchiveWriter> | undefined
  const writerOf = (image: PlaceSource): ImageWriter => ({
    async add({ config, layers, content, names }: WrittenImage, options = {}) {
      writer ??= createDockerArchiveWriter(await openOutput({ signal: options.signal }))
      const diffIds = layers.map(({ diffId }) => diffId)
      const tars = await image.tars?.(diffIds, options)
      const archived = tars ?? (await inflatedLayers(inflater, content, layers, options))
      await writer.add({ config, repoTags: names.map(familiarReference), layers: archived }, options)
    },
  })
  return {
    place: async (image) => ({ sink: writerOf(image), names: namesOf(image) }),
    finish: async (options) => await writer?.finish(options),
    async [Symbol.asyncDispose]() {
      await writer?.[Symbol.asyncDispose]()
      await inflater[Symbol.asyncDispose]()
    },
  }
}
