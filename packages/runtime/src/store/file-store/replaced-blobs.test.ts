import { link, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { digestHex, type Digest } from '@drayage/digest'
import { buildImage, randomBytes, runOk, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { pullImage } from '../../images/pull-image.ts'
import { findFaults } from '../../test/check-store.ts'
import { openTestRuntime } from '../../test/open-test-runtime.ts'
import { startRegistry } from '../../test/test-registry.ts'

const impostors: readonly [string, (path: string) => Promise<unknown>][] = [
  ['a symbolic link', (path) => symlink('/etc/passwd', path)],
  ['a directory', (path) => mkdir(`${path}/x`, { recursive: true })],
  ['a pipe', (path) => runOk('mkfifo', [path])],
  [
    'a hard link to another file',
    async (path) => {
      await writeFile(`${path}.victim`, 'unharmed')
      await link(`${path}.victim`, path)
      await rm(`${path}.victim`)
    },
  ],
]

test.each(impostors)('%s in the place of any blob of an image is mended by the next pull', async (_, make) => {
  await using directory = await tempDir()
  await using registry = await startRegistry()
  await using runtime = await openTestRuntime(directory.path)
  const image = await buildImage({ layers: [[{ path: 'a', content: randomBytes(1, 5000) }]] })
  const name = await registry.push('app', '1', image)
  await pullImage(runtime, name)
  const store = await runtime.openStore()
  const blobPath = (digest: Digest): string => path.join(runtime.store.location, 'blobs/sha256', digestHex(digest))
  for (const digest of image.blobs.keys()) {
    await rm(blobPath(digest))
    await make(blobPath(digest))
    expect(await pullImage(runtime, name)).toMatchObject({ image: image.imageId })
    expect(await findFaults(store)).toEqual([])
  }
})
