import { readFile } from 'node:fs/promises'
import path from 'node:path'

import { digestHex, digestOf, parseDigest } from '@drayage/digest'
import { copyImage, createRuntime, saveImages, type Runtime } from '@drayage/runtime'
import {
  runOk,
  startDockerd,
  startDockerRegistry,
  tempDir,
  writeOciLayout,
  type Dockerd,
  type DockerRegistry,
  type TempDir,
} from '@drayage/testkit'

import type { MatrixImage } from './matrix-images.ts'

/** The kinds of places that images are copied between. */
export const KINDS = [
  'docker-archive',
  'docker-oci-archive',
  'oci',
  'oci-archive',
  'dir',
  'registry',
  'store',
  'docker-daemon',
] as const

/** A kind of place. */
export type Kind = (typeof KINDS)[number]

/** Kinds without manifests and compressed layers: only the image ID and the DiffIDs survive. */
export const KEEPS_NO_MANIFEST: ReadonlySet<Kind> = new Set(['docker-archive', 'docker-daemon'])

/** Kinds that hold one image of an index. */
export const KEEPS_NO_INDEX: ReadonlySet<Kind> = new Set(['docker-archive', 'docker-daemon', 'store'])

/** What another program reports about an image. */
export interface SeenImage {
  /** The digest of the manifest or index; nothing where a place keeps none. */
  readonly manifest: string | undefined
  /** The image ID; nothing for an index. */
  readonly config: string | undefined
  readonly diffIds: readonly string[]
}

/** The places, and the servers behind them. */
export interface Places extends AsyncDisposable {
  /** A runtime that talks to the Docker daemon and has a store of this name. */
  runtime(store: string): Promise<Runtime>
  /** The name of a place. */
  place(kind: Kind, name: string, tag: string): string
  /** Puts an image into every kind of place, with other programs where possible. */
  fill(image: MatrixImage): Promise<void>
  /** Reads an image with skopeo, or with docker; `all` wants the whole index. */
  look(kind: Kind, place: string, options: { readonly runtime: Runtime; readonly all: boolean }): Promise<SeenImage>
  /** Loads a docker-archive into dockerd, with `docker load`. */
  dockerLoad(file: string): Promise<void>
  /** What `docker` reports about an image. */
  dockerInspect(name: string): Promise<SeenImage>
  file(name: string): string
}

/** Starts a registry and a Docker daemon, with a directory for everything else. */
export async function startPlaces(): Promise<Places> {
  const directory = await tempDir()
  const file = (name: string): string => path.join(directory.path, name)
  const registry = await startDockerRegistry({ directory: file('registry') })
  const daemon = await startDockerd({ directory: file('docker') })
  const runtimes = new Map<string, Promise<Runtime>>()
  const place = (kind: Kind, name: string, tag: string): string => placeName(kind, { registry, file, name, tag })
  let looked = 0
  const places: Places = {
    file,
    place,
    runtime(store) {
      const options = { storeDirectory: file(`store-${store}`), home: directory.path, env: hostOf(daemon) }
      const made =
        runtimes.get(store) ?? createRuntime({ ...options, platform: { os: 'linux', architecture: 'amd64' } })
      runtimes.set(store, made)
      return made
    },
    fill: (image) => fill(places, daemon, image),
    async look(kind, of, { runtime, all }) {
      const label = `look-${looked++}`
      if (kind === 'docker-daemon') return await places.dockerInspect(of.slice('docker-daemon:'.length))
      // To skopeo it is an oci-archive, whose entry has the tag for a name.
      const [, archive, tag] = /^docker-oci-archive:(.*):[^:]*:([^:]*)$/.exec(of) ?? []
      if (archive !== undefined) return await readWithSkopeo(`oci-archive:${archive}:${tag}`, file(label), all)
      if (kind !== 'store') return await readWithSkopeo(of, file(label), all)
      await copyImage(runtime, of, `oci:${file(`${label}-oci`)}:1`)
      return await readWithSkopeo(`oci:${file(`${label}-oci`)}:1`, file(label), false)
    },
    async dockerLoad(archive) {
      const { code, stderr } = await daemon.docker(['load', '-q', '-i', archive])
      if (code !== 0) throw new Error(`docker load: ${stderr}`)
    },
    dockerInspect: (name) => readWithDocker(daemon, name),
    async [Symbol.asyncDispose]() {
      for (const each of runtimes.values()) await (await each)[Symbol.asyncDispose]()
      await stopAll(daemon, registry, directory)
    },
  }
  return places
}

function hostOf(daemon: Dockerd): Record<string, string> {
  return { DOCKER_HOST: `unix://${daemon.socket}` }
}

async function stopAll(daemon: Dockerd, registry: DockerRegistry, directory: TempDir): Promise<void> {
  await daemon.stop()
  await registry.stop()
  await directory[Symbol.asyncDispose]()
}

interface PlaceParts {
  readonly registry: DockerRegistry
  readonly file: (name: string) => string
  readonly name: string
  readonly tag: string
}

function placeName(kind: Kind, { registry, file, name, tag }: PlaceParts): string {
  switch (kind) {
    case 'docker-archive':
      return `docker-archive:${file(`${name}.tar`)}:${name}:${tag}`
    case 'docker-oci-archive':
      return `docker-oci-archive:${file(`${name}.docker-oci.tar`)}:${name}:${tag}`
    case 'oci':
      return `oci:${file(`${name}-oci`)}:${tag}`
    case 'oci-archive':
      return `oci-archive:${file(`${name}.oci.tar`)}:${tag}`
    case 'dir':
      return `dir:${file(`${name}-dir`)}`
    case 'registry':
      return `docker://${registry.host}/${name}:${tag}`
    case 'store':
      return `store:${name}:${tag}`
    case 'docker-daemon':
      return `docker-daemon:${name}:${tag}`
  }
}

/** Fills the places of an image, from one layout. */
async function fill(
  { place, file, runtime }: Places,
  daemon: Dockerd,
  { name, tags, root, image }: MatrixImage,
): Promise<void> {
  const layout = file(`${name}-oci`)
  const [first = '1', ...others] = tags
  await writeOciLayout(layout, root, first)
  const skopeo = (from: string, to: string, ...options: readonly string[]): Promise<unknown> =>
    runOk('skopeo', ['copy', '-q', '--dest-tls-verify=false', ...options, from, to])
  const source = place('oci', name, first)
  for (const tag of others) await skopeo(source, place('oci', name, tag), '--all')
  await runOk('tar', ['-C', layout, '-cf', file(`${name}.oci.tar`), '.'])
  await skopeo(source, place('dir', name, first), '--all', '--preserve-digests')
  for (const tag of tags) await skopeo(source, place('registry', name, tag), '--all', '--preserve-digests')
  await fillArchive(source, place('docker-archive', name, first), { name, others, image }, runtime)
  const { code, stderr } = await daemon.docker(['load', '-q', '-i', file(`${name}.tar`)])
  if (code !== 0) throw new Error(`docker load: ${stderr}`)
  for (const tag of tags) {
    await copyImage(await runtime('filled'), place('registry', name, tag), place('store', name, tag))
  }
  // No other program here writes the present format of `docker save`.
  if (others.length > 0) await saveImages(await runtime('filled'), [name], { output: file(`${name}.docker-oci.tar`) })
  else
    await copyImage(await runtime('filled'), source, place('docker-oci-archive', name, first), { all: root !== image })
}

/** Makes the docker-archive of an image with skopeo; for zstd layers, which skopeo does not put into one, with our own copy. */
async function fillArchive(
  source: string,
  target: string,
  { name, others, image }: Pick<MatrixImage, 'name' | 'image'> & { readonly others: readonly string[] },
  runtime: Places['runtime'],
): Promise<void> {
  if (image.layers.some(({ compression }) => compression === 'zstd')) {
    await copyImage(await runtime('filled'), source, target)
    return
  }
  const { os, architecture } = image.platform
  const platform = [`--override-os=${os}`, `--override-arch=${architecture}`]
  const tags = others.map((tag) => `--additional-tag=docker.io/library/${name}:${tag}`)
  await runOk('skopeo', [...platform, 'copy', '-q', ...tags, source, target])
}

/** Reads a place with skopeo, which verifies every digest, and returns what it found. */
async function readWithSkopeo(place: string, directory: string, all: boolean): Promise<SeenImage> {
  const isArchive = place.startsWith('docker-archive:')
  const options = [...(all ? ['--all'] : []), ...(isArchive ? [] : ['--preserve-digests'])]
  await runOk('skopeo', ['copy', '-q', '--src-tls-verify=false', ...options, place, `dir:${directory}`])
  const bytes = await readFile(path.join(directory, 'manifest.json'))
  const manifest = isArchive ? undefined : digestOf(bytes)
  if (all) return { manifest, config: undefined, diffIds: [] }
  const { config, layers }: Manifest = JSON.parse(bytes.toString())
  const stored = await readFile(path.join(directory, digestHex(parseDigest(config.digest))), 'utf8')
  const { rootfs }: { rootfs: { diff_ids: string[] } } = JSON.parse(stored)
  // An archive has its layers as in the config.
  return { manifest, config: config.digest, diffIds: isArchive ? layers.map(({ digest }) => digest) : rootfs.diff_ids }
}

interface Manifest {
  readonly config: { readonly digest: string }
  readonly layers: readonly { readonly digest: string }[]
}

async function readWithDocker(daemon: Dockerd, name: string): Promise<SeenImage> {
  const { code, stdout, stderr } = await daemon.docker(['image', 'inspect', name])
  if (code !== 0) throw new Error(`docker image inspect ${name}: ${stderr}`)
  const [image]: { Id: string; RootFS: { Layers: string[] } }[] = JSON.parse(stdout)
  return { manifest: undefined, config: image?.Id, diffIds: image?.RootFS.Layers ?? [] }
}
