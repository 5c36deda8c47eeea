import { buildImage, buildIndex, tempDir } from '@drayage/testkit'
import { parseReference } from '@drayage/reference'
import { describe, expect, test } from 'vitest'

import { inspectImage } from './inspect-image.ts'
import { pullImage } from './pull-image.ts'
import { tagImage } from './tag-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  test('tagImage() keeps the index of a name however it is written, and adds no RepoDigests', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    await using runtime = await openTestRuntime(directory.path, { kind })
    const image = await buildImage()
    const index = buildIndex([image])
    await registry.push('app', 'latest', index)
    await pullImage(runtime, `${registry.host}/app`)
    await tagImage(runtime, `${registry.host}/app`, 'mine')
    await tagImage(runtime, 'docker.io/library/mine', 'other:2')
    await tagImage(runtime, image.imageId.slice(7, 19), 'third:3')
    const { images } = await runtime.openStore()
    expect(await images.resolve(parseReference('mine'))).toMatchObject(index.manifest)
    expect(await images.resolve(parseReference('other:2'))).toMatchObject(index.manifest)
    expect(await images.resolve(parseReference('third:3'))).toMatchObject(index.manifest)
    await tagImage(runtime, image.manifest.digest, 'one:1')
    expect(await images.resolve(parseReference('one:1'))).toMatchObject(image.manifest)
    expect(await inspectImage(runtime, 'other:2')).toMatchObject({
      RepoTags: [`${registry.host}/app:latest`, 'mine:latest', 'one:1', 'other:2', 'third:3'].toSorted(),
      RepoDigests: [`${registry.host}/app@${index.manifest.digest}`],
    })
  })

  test('tagImage() refuses digests, IDs as names, and images that are not there', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    await using runtime = await openTestRuntime(directory.path, { kind })
    const image = await buildImage()
    const name = await registry.push('app', '1', image)
    await pullImage(runtime, name)
    const refused = { code: 'ERR_NAME_REFUSED' }
    await expect(tagImage(runtime, name, `mine@${image.manifest.digest}`)).rejects.toMatchObject(refused)
    await expect(tagImage(runtime, name, 'sha256:1')).rejects.toMatchObject(refused)
    await expect(tagImage(runtime, name, 'a'.repeat(64))).rejects.toMatchObject({ code: 'ERR_REFERENCE_SYNTAX' })
    await expect(tagImage(runtime, 'none', 'mine')).rejects.toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND' })
  })
})
