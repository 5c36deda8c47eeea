import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { readBlob, walk } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { parseReference } from '@drayage/reference'
import { buildLayer, buildTar, randomBytes, type TestFile, type TestLayer } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { type DockerArchive } from './docker-archive-source.ts'
import { openArchive, openDockerArchive } from '../open-archive.ts'

let directory: string
let path: string
let layers: TestLayer[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drayage-legacy-'))
  path = join(directory, 'image.tar')
  layers = [
    await buildLayer([{ path: 'a', content: randomBytes(1, 100_000) }], { compression: 'none' }),
    await buildLayer([{ path: 'b', content: 'b'.repeat(5000) }], { compression: 'gzip' }),
  ]
})
afterEach(() => rm(directory, { recursive: true }))

const A = 'a'.repeat(64)
const B = 'b'.repeat(64)

async function open(files: readonly TestFile[]): Promise<DockerArchive> {
  await writeFile(path, await buildTar(files))
  return openDockerArchive(path)
}

/** The directory of a layer, which is an empty tar by default. */
function layer(id: string, json: unknown, bytes: Uint8Array = new Uint8Array(1024)): TestFile[] {
  return [
    { path: `${id}/`, type: 'dir' },
    { path: `${id}/VERSION`, content: '1.0' },
    { path: `${id}/json`, content: typeof json === 'string' ? json : JSON.stringify(json) },
    { path: `${id}/layer.tar`, content: bytes },
  ]
}

const repositories = (value: unknown): TestFile => ({ path: 'repositories', content: JSON.stringify(value) })

const TOP = {
  id: B,
  parent: A,
  throwaway: true,
  Size: 7,
  docker_version: '1.9.0',
  created: '2015-01-02T03:04:05.120Z',
  container_config: { Cmd: ['/bin/sh', '-c', '#(nop) <b> & more'] },
  author: 'me',
  os: 'linux',
  architecture: 'amd64',
  config: { Cmd: ['sh'], Labels: { a: '<' } },
}

describe('openDockerArchive() of an archive without manifest.json', () => {
  test('makes a config from the json of the layers, and finds names in repositories', async () => {
    const tags = { app: { 1: B, 2: B }, 'ghcr.io/a/b': { base: A } }
    await using archive = await open([
      ...layer(A, { id: 'anything', created: '2015-01-02T03:04:05Z', comment: 'first' }, layers[0]?.bytes),
      ...layer(B, TOP, layers[1]?.bytes),
      repositories(tags),
    ])
    expect(archive.images).toEqual([
      { position: 0, repoTags: ['ghcr.io/a/b:base'] },
      { position: 1, repoTags: ['app:1', 'app:2'] },
    ])
    const [base, top] = await Promise.all(archive.images.map((image) => archive.read(image)))
    const diffIds = layers.map(({ diffId }) => diffId)
    expect(top?.layers.map(({ diffId }) => diffId)).toEqual(diffIds)
    expect(base?.layers.map(({ diffId }) => diffId)).toEqual(diffIds.slice(0, 1))
    const config = Buffer.from(top?.config ?? []).toString()
    // As Docker Engine writes it: sorted, without what names it, with Go's escapes.
    expect(config).toBe(
      '{"architecture":"amd64","author":"me","config":{"Cmd":["sh"],"Labels":{"a":"\\u003c"}},' +
        '"container_config":{"Cmd":["/bin/sh","-c","#(nop) \\u003cb\\u003e \\u0026 more"]},' +
        '"created":"2015-01-02T03:04:05.120Z","docker_version":"1.9.0",' +
        '"history":[{"created":"2015-01-02T03:04:05Z","comment":"first"},' +
        '{"created":"2015-01-02T03:04:05.12Z","author":"me","created_by":"/bin/sh -c #(nop) \\u003cb\\u003e \\u0026 more"}],' +
        `"os":"linux","rootfs":{"type":"layers","diff_ids":${JSON.stringify(diffIds)}}}`,
    )
    expect(top?.imageId).toBe(digestOf(config))
    expect(await archive.resolve(parseReference('app:2'))).toEqual(top?.manifest)
    const seen: string[] = []
    if (top === undefined) throw new Error('no image')
    for await (const { descriptor } of walk(archive, top.manifest)) {
      await readBlob(archive, descriptor, { maxBytes: 10_000_000 })
      seen.push(descriptor.digest)
    }
    expect(seen).toHaveLength(4)
  })

  test('takes no ID from the archive, and images without names are what nothing sits on', async () => {
    const json = { id: A, created: '2015-01-02T03:04:05Z' }
    await using archive = await open([...layer(A, json), ...layer(B, { id: A, parent: A })])
    expect(archive.images).toEqual([{ position: 0, repoTags: [] }])
    const image = await archive.read({ position: 0, repoTags: [] })
    expect(image.imageId).not.toContain(A)
    expect(image.layers).toHaveLength(2)
    expect(image.imageId).toBe(digestOf(image.config))
  })

  test('follows a layer.tar that links to another one, inside only', async () => {
    const linked = (to: string): TestFile[] => [
      ...layer(A, {}, layers[0]?.bytes),
      { path: `${B}/json`, content: JSON.stringify({ parent: A }) },
      { path: `${B}/layer.tar`, type: 'symlink', linkname: to },
    ]
    {
      await using archive = await open(linked(`../${A}/layer.tar`))
      const { layers: read } = await archive.read({ position: 0, repoTags: [] })
      expect(read.map(({ diffId }) => diffId)).toEqual([layers[0]?.diffId, layers[0]?.diffId])
    }
    for (const [to, fault] of [
      ['../../outside', 'link'],
      ['/etc/passwd', 'missing'],
      ['layer.tar', 'link'],
    ] as const) {
      await using archive = await open(linked(to))
      await expect(archive.read({ position: 0, repoTags: [] })).rejects.toMatchObject({ fault })
    }
  })

  test.each([
    ['layers that sit on each other', [...layer(A, { parent: B }), ...layer(B, { parent: A })], 'link'],
    [
      'named layers that sit on each other',
      [...layer(A, { parent: B }), ...layer(B, { parent: A }), repositories({ a: { b: A } })],
      'link',
    ],
    ['a parent that is not there', layer(B, { parent: A }), 'missing'],
    ['a parent outside', layer(B, { parent: '../../etc' }), 'missing'],
    ['a name of nothing', [...layer(A, {}), repositories({ app: { 1: B } })], 'missing'],
    ['a malformed name', [...layer(A, {}), repositories({ '../x': { 1: A } })], 'content'],
    ['a name like an ID', [...layer(A, {}), repositories({ [A]: { latest: A } })], 'content'],
    ['names without tags', [...layer(A, {}), repositories({ app: A })], 'content'],
    ['tags without IDs', [...layer(A, {}), repositories({ app: { 1: 1 } })], 'content'],
    ['repositories that are a list', [...layer(A, {}), repositories([])], 'content'],
    ['a layer without JSON', layer(A, '{'), 'content'],
    ['a layer with another JSON', layer(A, '[]'), 'content'],
    ['a pipe for a layer', [{ path: `${A}/json`, type: 'fifo' } satisfies TestFile], 'type'],
    ['nothing of an image', [{ path: 'json', content: '{}' } satisfies TestFile], 'missing'],
  ])('%s is refused', async (_, files, fault) => {
    await expect(open(files)).rejects.toMatchObject({ name: 'ArchiveFormatError', fault })
  })

  test('a json of more than 1 MiB is refused', async () => {
    await expect(open(layer(A, { comment: 'x'.repeat(2 ** 20) }))).rejects.toMatchObject({ limit: 'file' })
  })

  test('many images on the same many layers are refused', async () => {
    const json = (id: string, parent?: string): TestFile => ({
      path: `${id}/json`,
      content: JSON.stringify({ parent }),
    })
    const below = Array.from({ length: 900 }, (_, at) => json(`below-${at}`, at === 0 ? undefined : `below-${at - 1}`))
    const tops = (count: number): TestFile[] => Array.from({ length: count }, (_, at) => json(`top-${at}`, 'below-899'))
    {
      await using archive = await open([...below, ...tops(290)])
      expect(archive.images).toHaveLength(290)
    }
    await expect(open([...below, ...tops(291)])).rejects.toMatchObject({ limit: 'layers', max: 262_144 })
  })

  test('openArchive() opens one', async () => {
    await writeFile(path, await buildTar(layer(A, {})))
    await using archive = await openArchive(path)
    expect(archive.kind).toBe('docker-archive')
  })
})
