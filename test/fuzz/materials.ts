import { gzipSync, zstdCompressSync } from 'node:zlib'

import {
  buildImage,
  buildIndex,
  buildTar,
  randomBytes,
  type TestFile,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'

import { mutateBytes, mutatedDocument } from './mutate.ts'
import type { Random } from './random.ts'
import { hostileText, TAGS } from './texts.ts'

/** What valid requests send, and hostile ones are made from. */
export interface Materials {
  readonly images: readonly TestImage[]
  readonly index: TestIndex
  /** Files of a docker-archive or an OCI layout, which make up archives. */
  readonly archives: readonly (readonly TestFile[])[]
  /** Manifests, indexes and configs. */
  readonly documents: readonly unknown[]
}

/** Makes them; they are the same in every run. */
export async function makeMaterials(): Promise<Materials> {
  const layer = (seed: number): TestFile[] => [
    { path: `d${seed}`, type: 'dir' },
    { path: `d${seed}/file`, content: randomBytes(seed, 20_000 * seed) },
    { path: `d${seed}/link`, type: 'symlink', linkname: '../../etc/passwd' },
  ]
  const images = await Promise.all([
    buildImage({ layers: [layer(1), layer(2)] }),
    buildImage({ layers: [layer(1), layer(3)], format: 'docker' }),
    buildImage({
      layers: [layer(4)],
      compression: 'zstd',
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
    }),
    buildImage({ layers: [layer(5)], compression: 'none' }),
  ])
  const index = buildIndex(images)
  return {
    images,
    index,
    archives: [...images.map(dockerArchive), ...images.map(layout)],
    documents: [
      ...images.flatMap(({ manifestValue, configValue }) => [manifestValue, configValue]),
      index.manifestValue,
      {
        schemaVersion: 1,
        name: 'a',
        tag: '1',
        architecture: 'amd64',
        fsLayers: [{ blobSum: images[0]?.config.digest }],
        history: [{ v1Compatibility: '{}' }],
      },
    ],
  }
}

function dockerArchive(image: TestImage, at: number): TestFile[] {
  const config = `${image.config.digest.slice(7)}.json`
  const layers = image.layers.map(({ tar }, index) => ({ path: `l${index}/layer.tar`, content: tar }))
  const manifest = [{ Config: config, RepoTags: [`fuzz/a:${TAGS[at] ?? 'x'}`], Layers: layers.map(({ path }) => path) }]
  return [
    { path: config, content: image.configBytes },
    ...layers,
    { path: 'manifest.json', content: JSON.stringify(manifest) },
  ]
}

function layout(image: TestImage, at: number): TestFile[] {
  const blobs = [...image.blobs].map(([digest, content]) => ({ path: `blobs/${digest.replace(':', '/')}`, content }))
  const annotations = { 'org.opencontainers.image.ref.name': `fuzz/b:${TAGS[at] ?? 'x'}` }
  const index = { schemaVersion: 2, manifests: [{ ...image.manifest, annotations }] }
  return [
    { path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    { path: 'index.json', content: JSON.stringify(index) },
    ...blobs,
  ]
}

/** An archive for `docker load`, mostly a broken one. */
export async function someArchive(random: Random, { archives }: Materials): Promise<Uint8Array> {
  const files = random.pick(archives)
  if (random.chance(0.2)) return squeeze(random, await buildTar(files))
  if (random.chance(0.4)) return squeeze(random, mutateBytes(random, await buildTar(files)))
  if (random.chance(0.1)) return random.bytes(random.int(100_000))
  return squeeze(random, await buildTar(files.flatMap((file) => mutateFile(random, file))))
}

function mutateFile(random: Random, file: TestFile): TestFile[] {
  if (!random.chance(0.3)) return [file]
  const { content = '' } = file
  switch (random.int(6)) {
    case 0:
      return []
    case 1:
      return [file, file]
    case 2:
      return [
        {
          path: file.path,
          type: random.pick(['symlink', 'hardlink', 'fifo', 'dir']),
          linkname: hostileText(random).slice(0, 90),
        },
      ]
    case 3:
      return [{ ...file, path: random.pick([`../${file.path}`, `/${file.path}`, `./${file.path}`, 'x'.repeat(300)]) }]
    default: {
      const isJson = typeof content === 'string' || file.path.endsWith('.json')
      const parsed: unknown = isJson ? JSON.parse(Buffer.from(content).toString()) : undefined
      return [
        { ...file, content: isJson ? mutatedDocument(random, parsed) : mutateBytes(random, Buffer.from(content)) },
      ]
    }
  }
}

/** Bytes compressed in some way, or not, or cut off, or followed by others. */
export function squeeze(random: Random, bytes: Uint8Array): Uint8Array {
  switch (random.int(8)) {
    case 0:
      return gzipSync(bytes, { level: 1 })
    case 1:
      return zstdCompressSync(bytes)
    case 2:
      return mutateBytes(random, gzipSync(bytes, { level: 1 }))
    case 3:
      return mutateBytes(random, zstdCompressSync(bytes))
    case 4:
      return Buffer.concat([gzipSync(bytes, { level: 1 }), random.bytes(random.int(100))])
    default:
      return bytes
  }
}
