import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { randomBytes, runOk } from '@drayage/testkit'

const MANY_LAYERS = 24
const LARGE_BYTES = 6_000_000

/** A way to put an image into a repository of `host`, by a program of its own. */
interface FieldImage {
  readonly name: string
  readonly push: (reference: string) => Promise<void>
}

/**
 * Makes images with umoci and buildah, and pushes them with buildah and skopeo to a registry on loopback: an OCI image, a
 * Docker one that shares its layers, one with zstd, a list of two platforms, one of many small layers, one with a layer of
 * several megabytes, and two of them once more with a schema 1 manifest.
 *
 * @returns their names, each with the tag `1`
 */
export async function pushFieldImages(host: string, directory: string): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true })
  const layout = path.join(directory, 'layout')
  await runOk('umoci', ['init', '--layout', layout])
  const plain = await newImage(layout, 'plain')
  for (const [at, bytes] of [180_000, 60_000, 900].entries()) await addLayer(plain, directory, at, bytes)
  const many = await newImage(layout, 'many')
  for (let at = 0; at < MANY_LAYERS; at++) await addLayer(many, directory, 100 + at, 2_000 + at * 500)
  const large = await newImage(layout, 'large')
  for (const [at, bytes] of [LARGE_BYTES, 30_000].entries()) await addLayer(large, directory, 200 + at, bytes)
  const built = await buildPlatforms(directory)
  const skopeo = (tag: string, format: string) => (reference: string) =>
    succeed('skopeo', [
      'copy',
      '-q',
      '--format',
      format,
      '--dest-tls-verify=false',
      `oci:${layout}:${tag}`,
      `docker://${reference}`,
    ])
  const buildah =
    (...words: readonly string[]) =>
    (reference: string) =>
      built.buildah([...words, `docker://${reference}`])
  const images: readonly FieldImage[] = [
    { name: 'oci', push: skopeo('plain', 'oci') },
    { name: 'docker', push: skopeo('plain', 'v2s2') },
    { name: 'many', push: skopeo('many', 'oci') },
    { name: 'large', push: skopeo('large', 'v2s2') },
    { name: 'zstd', push: buildah(...PUSH, '--format', 'oci', '--compression-format', 'zstd', built.image) },
    { name: 'list', push: buildah('manifest', 'push', '--all', '--tls-verify=false', '-q', built.list) },
  ]
  for (const { name, push } of images) await push(`${host}/field/${name}:1`)
  for (const name of OLD) await pushOld(`${host}/field/${name}:1`, `${host}/field/old-${name}:1`)
  return [...images.map(({ name }) => name), ...OLD.map((name) => `old-${name}`)]
}

/** Which images are there with a schema 1 manifest too. */
const OLD = ['docker', 'large'] as const

async function pushOld(from: string, to: string): Promise<void> {
  const onLoopback = ['--src-tls-verify=false', '--dest-tls-verify=false']
  await succeed('skopeo', ['copy', '-q', '--format', 'v2s1', ...onLoopback, `docker://${from}`, `docker://${to}`])
}

const PUSH = ['push', '-q', '--tls-verify=false'] as const

/** An image of a layout, such as `/tmp/layout:plain`. */
async function newImage(layout: string, tag: string): Promise<string> {
  const image = `${layout}:${tag}`
  await succeed('umoci', ['new', '--image', image])
  await succeed('umoci', ['config', '--image', image, '--architecture', 'amd64', '--config.cmd', `/bin/${tag}`])
  return image
}

/** Adds a layer of bytes that do not compress. */
async function addLayer(image: string, directory: string, seed: number, bytes: number): Promise<void> {
  const root = await fill(path.join(directory, `root-${seed}`), seed, bytes)
  const tar = path.join(directory, `layer-${seed}.tar`)
  await succeed('tar', ['--sort=name', '--numeric-owner', '-C', root, '-cf', tar, '.'])
  await succeed('umoci', ['raw', 'add-layer', '--image', image, tar])
}

async function fill(root: string, seed: number, bytes: number): Promise<string> {
  await mkdir(path.join(root, 'srv'), { recursive: true })
  await writeFile(path.join(root, `srv/data-${seed}`), randomBytes(seed, bytes))
  return root
}

interface Built {
  readonly image: string
  readonly list: string
  readonly buildah: (words: readonly string[]) => Promise<void>
}

/** An image for each of two platforms, and the list of both, in a storage of their own. */
async function buildPlatforms(directory: string): Promise<Built> {
  const storage = ['--root', path.join(directory, 'storage'), '--runroot', path.join(directory, 'run')]
  const buildah = async (words: readonly string[]): Promise<string> => {
    const { stdout } = await runOk('buildah', [...storage, '--storage-driver', 'vfs', ...words])
    return stdout.trim()
  }
  const names: string[] = []
  for (const [at, architecture] of ['amd64', 'arm64'].entries()) {
    const root = await fill(path.join(directory, `root-${architecture}`), 300 + at, 150_000)
    const container = await buildah(['from', '--arch', architecture, 'scratch'])
    await buildah(['copy', '-q', container, root, '/'])
    await buildah(['config', '--arch', architecture, '--cmd', `/bin/${architecture}`, container])
    const name = `localhost/built:${architecture}`
    await buildah(['commit', '-q', container, name])
    names.push(name)
  }
  await buildah(['manifest', 'create', 'both', ...names])
  const [image = ''] = names
  return { image, list: 'both', buildah: async (words) => void (await buildah(words)) }
}

async function succeed(command: string, args: readonly string[]): Promise<void> {
  await runOk(command, args)
}
