import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'

import { createOciLayoutSink } from '@drayage/archive'
import { walk } from '@drayage/content'
import { digestOf, digestOfStream } from '@drayage/digest'
import { decodeImageConfig, decodeManifest, MEDIA_TYPES } from '@drayage/manifest'

import { tarMembers, type TarMember } from './tar-members.ts'

/** What was read back, all of it found as it must be. */
export interface Verified {
  readonly count: number
  readonly bytes: number
}

/** Reads a docker-archive back: its config is the image, and each layer hashes to the DiffID in the config. */
export async function verifyDockerArchive(file: string, imageId: string): Promise<Verified> {
  const members = await tarMembers(file)
  const read = async (name: string): Promise<Buffer> => Buffer.concat(await Array.fromAsync(open(file, name, members)))
  const entries: unknown = JSON.parse((await read('manifest.json')).toString())
  const entry: unknown = Array.isArray(entries) ? entries[0] : undefined
  if (!isEntry(entry)) throw new Error(`Cannot verify "${file}": its manifest.json names no image`)
  const config = await read(entry.Config)
  if (digestOf(config) !== imageId) throw new Error(`Cannot verify "${file}": its config is not image ${imageId}`)
  const diffIds = decodeImageConfig(config).value.rootfs?.diff_ids ?? []
  let bytes = 0
  for (const [position, name] of entry.Layers.entries()) {
    const { digest, size } = await digestOfStream(open(file, name, members))
    if (digest !== String(diffIds[position]))
      throw new Error(`Cannot verify "${name}": found ${digest}, expected ${diffIds[position]}`)
    bytes += size
  }
  if (entry.Layers.length !== diffIds.length) throw new Error(`Cannot verify "${file}": layers are missing`)
  return { count: entry.Layers.length, bytes }
}

/** Reads an OCI layout back: everything that its index leads to is there and hashes to its digest. */
export async function verifyLayout(directory: string): Promise<Verified> {
  const layout = createOciLayoutSink({ directory })
  const index = decodeManifest(await readFile(path.join(directory, 'index.json')), { mediaType: MEDIA_TYPES.ociIndex })
  if (index.kind !== 'index') throw new Error(`Cannot verify "${directory}": its index.json is not an index`)
  let count = 0
  let bytes = 0
  for (const root of index.value.manifests) {
    for await (const { descriptor } of walk(layout, root)) {
      const hex = descriptor.digest.slice(descriptor.digest.indexOf(':') + 1)
      const found = await digestOfStream(createReadStream(path.join(directory, 'blobs/sha256', hex)))
      if (found.digest !== descriptor.digest)
        throw new Error(`Cannot verify blob ${descriptor.digest}: found ${found.digest}`)
      count += 1
      bytes += found.size
    }
  }
  return { count, bytes }
}

async function* open(file: string, name: string, members: ReadonlyMap<string, TarMember>): AsyncGenerator<Buffer> {
  const member = members.get(name)
  if (member === undefined) throw new Error(`Cannot verify "${file}": "${name}" is not in it`)
  if (member.size === 0) return
  yield* createReadStream(file, { start: member.start, end: member.start + member.size - 1 })
}

function isEntry(value: unknown): value is { Config: string; Layers: string[] } {
  return (
    typeof value === 'object' && value !== null && 'Config' in value && 'Layers' in value && Array.isArray(value.Layers)
  )
}
