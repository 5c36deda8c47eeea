import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { type ChainId, digestHex, digestOf, parseDiffId, parseImageId } from '@drayage/digest'
import { MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { withTag } from '@drayage/reference'
import { createRuntime, type Store } from '@drayage/runtime'
import { buildLayer, type TestLayer } from '@drayage/testkit'

/** The repository of all images of {@link makeImages}; their tags are numbers from 0. */
export const REPOSITORY = { domain: 'docker.io', path: 'team/app' }

/**
 * Fills a new store with tiny images: a layer that all have in common, one of their own, a config with labels, a manifest.
 * The files of the blobs are written directly, all else by way of the store.
 */
export async function makeImages(directory: string, count: number): Promise<void> {
  await using runtime = await createRuntime({ storeDirectory: directory })
  const store = await runtime.openStore()
  mkdirSync(path.join(directory, 'blobs/sha256'), { recursive: true })
  const base = await buildLayer([{ path: 'base', content: 'in all' }])
  for (let at = 0; at < count; at++) {
    const own = await buildLayer([{ path: 'own', content: `${at}` }])
    await makeImage(store, directory, at, [base, own])
  }
}

async function makeImage(store: Store, directory: string, at: number, layers: readonly TestLayer[]): Promise<void> {
  const put = async (mediaType: string, bytes: Uint8Array): Promise<Descriptor> => {
    const what = { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
    const file = path.join(directory, 'blobs/sha256', digestHex(what.digest))
    // The layer that all have in common is there after the first image.
    if (existsSync(file)) return what
    writeFileSync(file, bytes, { mode: 0o444 })
    if ('verify' in store.content && typeof store.content.verify === 'function') await store.content.verify(what)
    return what
  }
  const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
  const config = await put(
    MEDIA_TYPES.ociConfig,
    json({
      os: 'linux',
      architecture: 'amd64',
      created: new Date(1_700_000_000_000 + at * 1000).toISOString(),
      config: { Labels: { at: `${at}` } },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    }),
  )
  const blobs: Descriptor[] = []
  for (const { bytes, descriptor } of layers) blobs.push(await put(descriptor.mediaType, bytes))
  const manifest = await put(
    MEDIA_TYPES.ociManifest,
    json({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers: blobs }),
  )
  let parent: ChainId | undefined
  for (const { descriptor: blob, diffId, tar } of layers) {
    // A layer without an index of its entries need not be inflated.
    const fault = { found: 'no index', offset: 0 }
    const measured = { diffId: parseDiffId(diffId), size: tar.byteLength, entryCount: 0, fault }
    const place = { diffId: parseDiffId(diffId), parent, holder: config.digest }
    parent = (await store.layers.register(blob, measured, place)).chainId
  }
  const image = {
    id: parseImageId(config.digest),
    manifest,
    config,
    platform: { os: 'linux', architecture: 'amd64' },
    created: new Date(1_700_000_000_000 + at * 1000).toISOString(),
    size: blobs.reduce((sum, { size }) => sum + size, 0),
    layers: blobs,
    facts: { unpackedSize: layers.reduce((sum, { tar }) => sum + tar.byteLength, 0), labels: { at: `${at}` } },
  }
  await store.images.put(manifest, { platforms: [image] }, { names: [{ name: withTag(REPOSITORY, `${at}`) }] })
}
