import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Transform } from 'node:stream'
import { createGzip } from 'node:zlib'
import path from 'node:path'

/** Directories of real files, tried in this order until the image is large enough. */
const CANDIDATES = [
  '/usr/local/go/pkg',
  '/usr/share/doc',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/local/go/src',
  '/usr/include',
  '/usr/lib/gcc',
  '/usr/lib/jvm',
  '/usr/local/go/bin',
  '/usr/share',
  '/usr/lib',
  '/usr/bin',
  '/usr/local',
  '/opt',
]

const MIN_COMPRESSED_BYTES = 300e6
const MIN_LAYERS = 6

interface Layer {
  digest: string
  size: number
  diffId: string
}

/**
 * Makes the benchmark's image as an OCI layout in `directory`, once: a debootstrap root and further layers of real files
 * of this machine, at least 300 MB compressed and 6 layers.
 */
export async function makeImage(directory: string): Promise<{ layout: string; tag: string }> {
  const layout = path.join(directory, 'image')
  if (existsSync(path.join(layout, 'index.json'))) return { layout, tag: 'bench' }
  mkdirSync(path.join(layout, 'blobs/sha256'), { recursive: true })
  const sources = [...debootstrapRoot(directory), ...CANDIDATES.filter((each) => existsSync(each))]
  const layers: Layer[] = []
  for (const source of sources) {
    const total = layers.reduce((sum, layer) => sum + layer.size, 0)
    if (total >= MIN_COMPRESSED_BYTES && layers.length >= MIN_LAYERS) break
    process.stderr.write(`layer ${layers.length + 1}: ${source}\n`)
    const layer = await writeLayer(layout, source)
    if (!layers.some((each) => each.digest === layer.digest)) layers.push(layer)
  }
  writeIndex(layout, layers)
  return { layout, tag: 'bench' }
}

function debootstrapRoot(directory: string): string[] {
  const root = path.join(directory, 'root')
  if (existsSync(path.join(root, 'etc/debian_version'))) return [root]
  const made = spawnSync('debootstrap', ['--variant=minbase', 'bookworm', root], { stdio: 'ignore' })
  return made.status === 0 ? [root] : []
}

async function writeLayer(layout: string, source: string): Promise<Layer> {
  const temporary = path.join(layout, 'blobs/layer.tmp')
  const plain = hashing()
  const packed = hashing()
  const tar = spawn('tar', ['--sort=name', '--numeric-owner', '-C', source, '-cf', '-', '.'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await pipeline(tar.stdout, plain.stream, createGzip({ level: 6 }), packed.stream, createWriteStream(temporary))
  const digest = packed.result()
  renameSync(temporary, blobPath(layout, digest.digest))
  return { ...digest, diffId: plain.result().digest }
}

function hashing(): { stream: Transform; result(): { digest: string; size: number } } {
  const hash = createHash('sha256')
  let size = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      size += chunk.byteLength
      done(null, chunk)
    },
  })
  return { stream, result: () => ({ digest: `sha256:${hash.digest('hex')}`, size }) }
}

function blobPath(layout: string, digest: string): string {
  return path.join(layout, 'blobs', digest.replace(':', '/'))
}

function writeIndex(layout: string, layers: readonly Layer[]): void {
  const put = (value: unknown, mediaType: string): { mediaType: string; digest: string; size: number } => {
    const bytes = Buffer.from(JSON.stringify(value))
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    writeFileSync(blobPath(layout, digest), bytes)
    return { mediaType, digest, size: bytes.byteLength }
  }
  const config = put(
    {
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      config: { Cmd: ['/bin/sh'] },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
      history: layers.map((_, index) => ({ created: '2026-01-01T00:00:00Z', created_by: `layer ${index + 1}` })),
    },
    'application/vnd.oci.image.config.v1+json',
  )
  const manifest = put(
    {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config,
      layers: layers.map(({ digest, size }) => ({
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        digest,
        size,
      })),
    },
    'application/vnd.oci.image.manifest.v1+json',
  )
  writeFileSync(path.join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const index = {
    schemaVersion: 2,
    manifests: [{ ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'bench' } }],
  }
  writeFileSync(path.join(layout, 'index.json'), JSON.stringify(index))
}

/** Compressed bytes and layers of the image, for the report. */
export function describeImage(layout: string): { layers: number; compressedBytes: number } {
  const read = (digest: string): unknown => JSON.parse(readFileSync(blobPath(layout, digest), 'utf8'))
  const index = JSON.parse(readFileSync(path.join(layout, 'index.json'), 'utf8')) as { manifests: { digest: string }[] }
  const manifest = read(index.manifests[0]?.digest ?? '') as { layers: { size: number }[] }
  return {
    layers: manifest.layers.length,
    compressedBytes: manifest.layers.reduce((sum, layer) => sum + layer.size, 0),
  }
}
