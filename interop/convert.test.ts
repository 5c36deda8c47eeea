import { readFile } from 'node:fs/promises'
import path from 'node:path'

import {
  buildImage,
  buildLayer,
  randomBytes,
  runOk,
  startDockerd,
  startDockerRegistry,
  tempDir,
  writeOciLayout,
  type DockerRegistry,
  type TempDir,
  type TestImage,
} from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { dray, drayOk } from './dray.ts'
import { havePeers } from './peer.ts'

const here = havePeers('docker-registry', 'skopeo', 'dockerd', 'docker')

const DOCKER = 'application/vnd.docker'
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar'

interface Manifest {
  readonly mediaType: string
  readonly config: { readonly digest: string }
  readonly layers: readonly { readonly mediaType: string; readonly digest: string }[]
}

/** An image of three layers, one of them large, and a step without a layer. */
async function sourceImage(): Promise<TestImage> {
  const created = '2020-01-01T00:00:00Z'
  const text = Array.from({ length: 300_000 }, (_, line) => `${line} of a text\n`).join('')
  const layers = await Promise.all([
    buildLayer([{ path: 'large', content: Buffer.concat([Buffer.from(text), randomBytes(1, 3_000_000)]) }]),
    buildLayer([{ path: 'twice', content: 'a' }]),
    buildLayer([{ path: 'small', content: 'b' }], { compression: 'none' }),
  ])
  const history = [
    { created, created_by: 'ADD large' },
    { created, created_by: 'ENV A="<&>"', empty_layer: true },
    { created, created_by: 'ADD twice', comment: 'c' },
    { created, created_by: 'ADD small' },
  ]
  return await buildImage({ layers, config: { history } })
}

describe.skipIf(!here)('a pushed image', () => {
  let work: TempDir
  let registry: DockerRegistry
  let store: string
  let image: TestImage
  let host: string

  beforeAll(async () => {
    work = await tempDir()
    const config = { compatibility: { schema1: { enabled: true } } }
    registry = await startDockerRegistry({ directory: path.join(work.path, 'registry'), config })
    host = registry.host
    store = path.join(work.path, 'store')
    image = await sourceImage()
    const layout = path.join(work.path, 'layout')
    await writeOciLayout(layout, image, '1')
    await drayOk(store, 'copy', '-q', `oci:${layout}:1`, `store:${host}/source:1`)
  })
  afterAll(async () => {
    await registry?.stop()
    await work?.[Symbol.asyncDispose]()
  })

  /** Pushes with these options; returns the reference and its manifest as skopeo reads it. */
  const push = async (tag: string, ...options: readonly string[]): Promise<{ reference: string; raw: string }> => {
    const reference = `${host}/converted:${tag}`
    await drayOk(store, 'tag', `${host}/source:1`, reference)
    await drayOk(store, 'push', '-q', ...options, reference)
    const { stdout } = await runOk('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${reference}`])
    return { reference, raw: stdout }
  }
  /** Lets skopeo copy and inflate all of it, which verifies digests; returns the digests of the tars. */
  const inflated = async (reference: string): Promise<string[]> => {
    const directory = path.join(work.path, reference.replaceAll(/\W/g, '-'))
    const from = ['--src-tls-verify=false', `docker://${reference}`]
    await runOk('skopeo', ['copy', '--dest-decompress', ...from, `dir:${directory}`])
    const manifest: Manifest = JSON.parse(await readFile(path.join(directory, 'manifest.json'), 'utf8'))
    return manifest.layers.map(({ digest }) => digest)
  }
  /** Lets skopeo make a config from schema 1; returns its DiffIDs. */
  const computed = async (reference: string): Promise<string[]> => {
    const directory = path.join(work.path, reference.replaceAll(/\W/g, '-'))
    const archive = `docker-archive:${directory}.tar`
    await runOk('skopeo', ['copy', '--src-tls-verify=false', `docker://${reference}`, archive])
    return JSON.parse((await runOk('skopeo', ['inspect', '--config', archive])).stdout).rootfs.diff_ids
  }
  const diffIds = (): string[] => image.layers.map(({ diffId }) => diffId)

  test.each([
    ['oci', ['--manifest-format', 'oci'], [`${OCI_LAYER}+gzip`, `${OCI_LAYER}+gzip`, OCI_LAYER]],
    ['zstd', ['--compression', 'zstd'], Array(3).fill(`${OCI_LAYER}+zstd`)],
    ['zstd-9', ['--compression', 'zstd:9', '--manifest-format', 'oci'], Array(3).fill(`${OCI_LAYER}+zstd`)],
    ['gzip', ['--compression', 'gzip'], Array(3).fill(`${OCI_LAYER}+gzip`)],
    ['gzip-9', ['--compression', 'gzip:9'], Array(3).fill(`${OCI_LAYER}+gzip`)],
    [
      'v2s2',
      ['--manifest-format', 'v2s2', '--compression', 'gzip:1'],
      Array(3).fill(`${DOCKER}.image.rootfs.diff.tar.gzip`),
    ],
  ])('as %s is what skopeo expects, with the same config and DiffIDs', async (tag, options, types) => {
    const { reference, raw } = await push(tag, ...options)
    const manifest: Manifest = JSON.parse(raw)
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual(types)
    expect(manifest.config.digest).toBe(image.config.digest)
    expect(manifest.mediaType).toBe(
      tag === 'v2s2' ? `${DOCKER}.distribution.manifest.v2+json` : 'application/vnd.oci.image.manifest.v1+json',
    )
    expect(await inflated(reference)).toEqual(diffIds())
  })

  test('as schema 2 is pulled by dockerd under the same ID', async () => {
    const { reference } = await push('docker', '--manifest-format', 'v2s2', '--compression', 'gzip')
    await using docker = await startDockerd({ directory: path.join(work.path, 'docker') })
    expect(await docker.docker(['pull', reference])).toMatchObject({ code: 0 })
    const { stdout } = await docker.docker(['image', 'inspect', '--format', '{{.Id}}', reference])
    expect(stdout.trim()).toBe(image.imageId)
  })

  test('as schema 1 passes the signature check of the registry and is read by skopeo', async () => {
    const { reference, raw } = await push('v2s1', '--manifest-format', 'v2s1')
    const manifest = JSON.parse(raw)
    expect(manifest).toMatchObject({ schemaVersion: 1, name: 'converted', tag: 'v2s1', signatures: [{}] })
    expect(manifest.fsLayers).toHaveLength(4)
    expect(await computed(reference)).toEqual(diffIds())
    const copied = `${host}/copied:v2s1`
    await drayOk(
      store,
      'copy',
      '-q',
      '--manifest-format',
      'v2s1',
      `docker://${host}/converted:gzip`,
      `docker://${copied}`,
    )
    expect(await computed(copied)).toEqual(diffIds())
  })

  test('keeps its digests when there is nothing to convert, and gets the same ones each time', async () => {
    await push('same', '--manifest-format', 'oci')
    const { raw } = await push('same')
    expect(raw).toBe(Buffer.from(image.manifestBytes).toString())
    const [first, second] = [await push('again', '--compression', 'zstd'), await push('twice', '--compression', 'zstd')]
    expect(second.raw).toBe(first.raw)
  })

  test.each([
    [['--manifest-format', 'v2s3']],
    [['--compression', 'lz4']],
    [['--compression', 'gzip:10']],
    [['--compression', 'zstd:x']],
    [['--compression', 'zstd', '--manifest-format', 'v2s2']],
    [['--compression', 'zstd', '--manifest-format', 'v2s1']],
  ])('is refused with %j before anything is sent', async (options) => {
    const { code, stderr } = await dray(store, 'push', ...options, `${host}/source:1`)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^dray: /)
    const copied = await dray(store, 'copy', ...options, `store:${host}/source:1`, `docker://${host}/no:1`)
    expect(copied.code).toBe(2)
  })

  test('with zstd layers is refused as schema 2, with an error that says what to do', async () => {
    const { code, stderr } = await dray(
      store,
      ...['copy', '-q', '--manifest-format', 'v2s2', `docker://${host}/converted:zstd`, `docker://${host}/no:1`],
    )
    expect(code).toBe(1)
    expect(stderr).toContain('expected a layer in gzip (recompress it), or the format oci')
  })
})
