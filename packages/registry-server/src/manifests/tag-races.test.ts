import { createMemoryStore } from '@drayage/content'
import { buildImage, tempDir, type TestImage } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createRegistryHandler } from '../handler/handler.ts'
import { createMemoryStorage } from '../storage/memory-storage.ts'
import { createFsStorage } from '../node/fs-storage.ts'
import { createTestClient, type TestClient } from '../test/client.ts'

const put = (client: TestClient, reference: string, image: TestImage): Promise<{ readonly status: number }> =>
  client.send('PUT', `/v2/app/manifests/${reference}`, {
    headers: { 'content-type': image.manifest.mediaType },
    body: image.manifestBytes,
  })

test.each(['memory', 'fs'])(
  'a tag that is put beside a delete is there with its manifest, or neither is (%s)',
  async (kind) => {
    await using directory = await tempDir()
    const storage =
      kind === 'memory' ? createMemoryStorage() : createFsStorage(`${directory.path}/r`, createMemoryStore())
    const client = createTestClient(createRegistryHandler({ storage }))
    const [one, two] = [await buildImage({ layers: [] }), await buildImage({ layers: [], config: { author: 'two' } })]
    for (const image of [one, two]) await client.pushBlob('app', image.configBytes)
    for (let round = 0; round < 100; round++) {
      const tag = `t${round}`
      await put(client, tag, one)
      const [moved, deleted, another] = await Promise.all([
        put(client, tag, two),
        client.send('DELETE', `/v2/app/manifests/${one.manifest.digest}`),
        put(client, `u${round}`, one),
      ])
      expect([moved.status, deleted.status, another.status]).toEqual([201, 202, 201])
      const found = await client.send('HEAD', `/v2/app/manifests/${tag}`)
      expect([found.status, found.headers['docker-content-digest']]).toEqual([200, two.manifest.digest])
      const listed: { tags: string[] } = JSON.parse((await client.send('GET', '/v2/app/tags/list')).text)
      for (const each of listed.tags.filter((name) => name.endsWith(String(round)))) {
        expect([each, (await client.send('HEAD', `/v2/app/manifests/${each}`)).status]).toEqual([each, 200])
      }
    }
  },
)
