import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { daemonImageId } from './daemon-image-id.ts'

let work: TempDir

beforeEach(async () => {
  work = await tempDir()
})
afterEach(async () => {
  await work[Symbol.asyncDispose]()
})

async function write(directory: string, text: string): Promise<void> {
  await mkdir(path.join(work.path, directory, 'docker'), { recursive: true })
  await writeFile(path.join(work.path, directory, 'docker/daemon.json'), text)
}

const read = (): Promise<'config' | 'target' | undefined> =>
  daemonImageId({ env: {}, home: work.path, etc: path.join(work.path, 'etc') })

test.each([
  ['{"features":{"containerd-snapshotter":true}}', 'target'],
  ['{"features":{"containerd-snapshotter":false,"other":1}}', 'config'],
  ['{"features":{"containerd-snapshotter":null}}', undefined],
  ['{"features":{}}', undefined],
  ['{"features":null}', undefined],
  ['{}', undefined],
  ['', undefined],
])('daemonImageId() reads %s as %s', async (text, expected) => {
  await write('etc', text)
  expect(await read()).toBe(expected)
})

test('daemonImageId() reads the file of the user before that of the machine, and no file at all', async () => {
  expect(await read()).toBeUndefined()
  await write('etc', '{"features":{"containerd-snapshotter":true}}')
  await write('.config', '{"features":{"containerd-snapshotter":false}}')
  expect(await read()).toBe('config')
})

test.each([
  ['features', '{"features":[]}'],
  ['features.containerd-snapshotter', '{"features":{"containerd-snapshotter":"yes"}}'],
  ['', '{'],
])('daemonImageId() names a wrong %s', async (key, text) => {
  await write('etc', text)
  const file = path.join(work.path, 'etc/docker/daemon.json')
  await expect(read()).rejects.toMatchObject({ code: 'ERR_REGISTRY_CONFIG', file, key })
})
