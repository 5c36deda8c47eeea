import { writeBlob } from '@drayage/content'
import { buildImage, findPeer, randomBytes, runOk, startDockerRegistry, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createRegistryClient } from '../client.ts'
import { failureFields, listOf } from '../test/image-registry.ts'
import { blobOf, chunked } from '../test/push-registry.ts'
import { undiciClient } from '../undici/undici-client.ts'

const isThere = findPeer('docker-registry') !== undefined && findPeer('skopeo') !== undefined

test.skipIf(!isThere)(
  'docker-registry and skopeo (skipped where they are not installed) take what is pushed, mounted, tagged and deleted',
  async () => {
    await using directory = await tempDir()
    await using registry = await startDockerRegistry({ directory: directory.path })
    await using http = undiciClient()
    const client = createRegistryClient({ http })
    const [first, second] = [
      client.repository(`${registry.host}/team/one`),
      client.repository(`${registry.host}/team/two`),
    ]
    const image = await buildImage({
      layers: [[{ path: 'big', content: randomBytes(1, 6_000_000) }], [{ path: 'small', content: 'x' }]],
    })
    const parts = [image.manifestValue.config, ...image.manifestValue.layers]
    for (const what of parts) await writeBlob(first, what, image.blobs.get(what.digest) ?? new Uint8Array())
    for (const what of parts) expect(await second.mount(what, first.name)).toBe(true)
    for (const repository of [first, second]) {
      await writeBlob(repository, image.manifest, image.manifestBytes)
      await repository.tag(image.manifest, { ...repository.name, tag: 'v1' })
      const remote = `docker://${registry.host}/${repository.name.path}:v1`
      const { stdout } = await runOk('skopeo', ['inspect', '--tls-verify=false', remote])
      const inspected: unknown = JSON.parse(stdout)
      expect(inspected).toMatchObject({
        Digest: image.manifest.digest,
        Layers: image.manifestValue.layers.map(({ digest }) => digest),
      })
    }
    expect(await listOf(client.catalog(registry.host))).toEqual(['team/one', 'team/two'])
    expect(await listOf(first.referrers(image.manifest.digest))).toEqual([])
    expect(await failureFields(first.deleteTag('v1'))).toMatchObject({ code: 'ERR_REGISTRY_UNSUPPORTED' })
    expect(await first.deleteManifest(image.manifest.digest)).toBe(true)
    expect(await first.has(image.manifest)).toBe(false)
  },
)

test.skipIf(!isThere)(
  'docker-registry (skipped where it is not installed) continues an upload of chunks for another client',
  async () => {
    await using directory = await tempDir()
    await using registry = await startDockerRegistry({ directory: directory.path })
    await using http = undiciClient()
    const { what, bytes } = blobOf(5, 9_000_000)
    const repository = () =>
      createRegistryClient({ http, chunkBytes: 2_000_000 }).repository(`${registry.host}/team/one`)
    const source = async function* () {
      yield* chunked(bytes.subarray(0, 5_000_000))
      throw new Error('the source is gone')
    }
    const one = await repository().begin(what.digest)
    await expect(one.append(source())).rejects.toThrow('the source is gone')
    expect(one.offset).toBe(4_000_000)
    const other = repository()
    await using ingest = await other.begin(what.digest, { session: one.session })
    expect(ingest.offset).toBe(4_000_000)
    await ingest.append(chunked(bytes, ingest.offset))
    expect(await ingest.commit(what)).toBe('committed')
    expect(await other.has(what)).toBe(true)
  },
)
