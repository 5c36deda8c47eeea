import { gzipSync } from 'node:zlib'

import { fromBytes } from '@drayage/bytes'
import { buildLayer, tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Runtime } from '../runtime.ts'
import { imageHistory } from '../images/image-history.ts'
import { importImage } from './import-image.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { listImages } from '../images/list-images.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let runtime: Runtime

  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(directory.path, { kind })
  })
  afterEach(async () => {
    expect(await findFaults(await runtime.openStore())).toEqual([])
    await runtime[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  const tar = async (): Promise<Uint8Array> =>
    (await buildLayer([{ path: 'a', content: 'a' }], { compression: 'none' })).bytes

  test('importImage() makes an image of one layer, with its DiffID that of the tar', async () => {
    const bytes = await tar()
    const plain = await importImage(runtime, fromBytes(bytes), { name: 'plain', comment: 'why' })
    const { diffId } = await buildLayer([{ path: 'a', content: 'a' }], { compression: 'none' })
    expect(await inspectImage(runtime, 'plain:latest')).toMatchObject({
      Id: plain.image,
      RepoTags: ['plain:latest'],
      Architecture: 'amd64',
      RootFS: { Layers: [diffId] },
    })
    expect(await imageHistory(runtime, plain.image)).toMatchObject([{ Comment: 'why' }])
    const packed = await importImage(runtime, fromBytes(gzipSync(bytes)))
    expect(await inspectImage(runtime, packed.image)).toMatchObject({ RepoTags: [], RootFS: { Layers: [diffId] } })
  })

  test('importImage() applies lines of a Dockerfile', async () => {
    const changes = [
      'CMD ["/bin/a", "b"]',
      'ENTRYPOINT run it',
      'ENV A=1 B="two words"',
      'env C three words',
      'EXPOSE 80 53/udp',
      'LABEL __proto__=x a=b',
      'USER nobody',
      'VOLUME ["/data"]',
      'WORKDIR /a',
      'WORKDIR b',
      'STOPSIGNAL SIGINT',
      'HEALTHCHECK --interval=30s CMD true',
      'ONBUILD RUN make',
    ]
    await importImage(runtime, fromBytes(await tar()), { name: 'changed', changes })
    const { Config } = await inspectImage(runtime, 'changed')
    expect(Config).toMatchObject({
      Cmd: ['/bin/a', 'b'],
      Entrypoint: ['/bin/sh', '-c', 'run it'],
      Env: ['A=1', 'B=two words', 'C=three words'],
      ExposedPorts: { '80/tcp': {}, '53/udp': {} },
      User: 'nobody',
      Volumes: { '/data': {} },
      WorkingDir: '/a/b',
      StopSignal: 'SIGINT',
      Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 30e9 },
      OnBuild: ['RUN make'],
    })
    expect(Config?.Labels?.['a']).toBe('b')
  })

  test.each([
    ['RUN x', 'ERR_IMAGE_CHANGE'],
    ['USER', 'ERR_IMAGE_CHANGE'],
    ['constructor x', 'ERR_IMAGE_CHANGE'],
    ['ENV A="open', 'ERR_IMAGE_CHANGE'],
    ['HEALTHCHECK --retries=0 CMD x', 'ERR_IMAGE_CHANGE'],
    ['', 'ERR_IMAGE_CHANGE'],
  ])('importImage() refuses the change %j', async (change, code) => {
    await expect(importImage(runtime, fromBytes(await tar()), { changes: [change] })).rejects.toMatchObject({ code })
  })

  test('importImage() refuses what is no tar, and leaves nothing', async () => {
    for (const bytes of [Buffer.from('no tar'), Buffer.from('no tar'.repeat(200)), (await tar()).subarray(0, 512)]) {
      await expect(importImage(runtime, fromBytes(bytes), { name: 'bad' })).rejects.toMatchObject({
        code: 'ERR_TRANSFER',
        cause: { code: 'ERR_LAYER_TAR' },
      })
    }
    const bzip2 = new Uint8Array([0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59])
    await expect(importImage(runtime, fromBytes(bzip2))).rejects.toMatchObject({ code: 'ERR_COMPRESSED_DATA' })
    await expect(
      importImage(runtime, fromBytes(await tar()), { name: `a@sha256:${'0'.repeat(64)}` }),
    ).rejects.toMatchObject({ code: 'ERR_NAME_REFUSED' })
    expect(await listImages(runtime)).toEqual([])
  })
})
