import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

import { fromBytes } from '@drayage/bytes'
import { type Ingester, writeBlob } from '@drayage/content'
import { digestHex } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { buildImage, describe as describeBytes, randomBytes, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { createOciLayoutSink, openDirSink, openFileOutput } from './index.ts'

/** What can be done as another user only by root. */
const isRoot = process.getuid?.() === 0
const NOBODY = 65_534
const BYTES = randomBytes(1, 300_000)
const WHAT = describeBytes('application/octet-stream', BYTES)
const UNSAFE = { code: 'ERR_UNSAFE_PATH', problem: 'unwritable' }

let root: string
let directory: string
let outside: string
let image: TestImage

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'drayage-hostile-'))
  await chmod(root, 0o755)
  directory = join(root, 'out')
  outside = join(root, 'outside')
  await mkdir(outside)
  await writeFile(join(outside, 'secret'), 'secret', { mode: 0o600 })
  image = await buildImage()
})
afterEach(() => rm(root, { recursive: true }))

/** Nothing outside of the directory has been changed, made or made readable. */
async function assertUntouched(): Promise<void> {
  expect(await readdir(outside)).toEqual(['secret'])
  expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret')
  expect((await stat(join(outside, 'secret'))).mode & 0o777).toBe(0o600)
}

interface Sink {
  readonly name: string
  open(): Promise<Ingester & { put(what: Descriptor): Promise<void> }>
  readonly blobs: string
  readonly index: string
}

const SINKS: readonly Sink[] = [
  { name: 'oci:', open: async () => createOciLayoutSink({ directory }), blobs: 'blobs/sha256', index: 'index.json' },
  { name: 'dir:', open: () => openDirSink({ directory, overwrite: true }), blobs: '.', index: 'manifest.json' },
]

describe.each(SINKS)('$name in a directory of somebody else', ({ open, blobs, index }) => {
  const partial = async (): Promise<string> => {
    const [name = ''] = await readdir(join(directory, '.drayage-ingest'))
    return join(directory, '.drayage-ingest', name)
  }

  test('a link in the place of the partial file is not published, and what it leads to stays as it is', async () => {
    const sink = await open()
    await using ingest = await sink.begin(WHAT.digest)
    await ingest.append(fromBytes(BYTES))
    const path = await partial()
    await rm(path)
    await symlink(join(outside, 'secret'), path)
    await expect(ingest.commit(WHAT)).rejects.toMatchObject({ ...UNSAFE, fault: 'changed' })
    await assertUntouched()
    expect(await sink.begin('other').then((other) => other[Symbol.asyncDispose]())).toBeUndefined()
  })

  test('a link in the place of .drayage-ingest is not followed', async () => {
    await mkdir(directory, { recursive: true })
    const sink = await open()
    await symlink(outside, join(directory, '.drayage-ingest'))
    await expect(sink.begin(WHAT.digest)).rejects.toMatchObject({ ...UNSAFE, fault: 'link' })
    await assertUntouched()
  })

  test('.drayage-ingest that is exchanged for a link in the middle leads nowhere else', async () => {
    const sink = await open()
    {
      await using ingest = await sink.begin(WHAT.digest)
      await ingest.append(fromBytes(BYTES.subarray(0, 1000)))
      await rename(join(directory, '.drayage-ingest'), join(directory, 'moved'))
      await symlink(outside, join(directory, '.drayage-ingest'))
      await ingest.append(fromBytes(BYTES.subarray(1000)))
      expect(await ingest.commit(WHAT)).toBe('committed')
    }
    await assertUntouched()
    expect((await lstat(join(directory, blobs, digestHex(WHAT.digest)))).isFile()).toBe(true)
  })

  test('another directory in its place is refused', async () => {
    const sink = await open()
    {
      await using ingest = await sink.begin(WHAT.digest)
      await ingest.append(fromBytes(BYTES))
    }
    await rename(directory, join(root, 'moved'))
    await symlink(outside, directory)
    await expect(sink.begin(WHAT.digest)).rejects.toMatchObject(UNSAFE)
    await expect(sink.put(image.manifest)).rejects.toSatisfy((error) => error instanceof Error)
    await assertUntouched()
  })

  test('a link that has the name of content or of the index is replaced or refused, not followed', async () => {
    const sink = await open()
    for (const [digest, bytes] of image.blobs) {
      const mediaType = digest === image.manifest.digest ? image.manifest.mediaType : 'layer'
      await writeBlob(sink, { mediaType, digest, size: bytes.byteLength }, bytes)
    }
    await symlink(join(outside, 'secret'), join(directory, blobs, digestHex(WHAT.digest)))
    await writeBlob(sink, WHAT, BYTES)
    expect((await lstat(join(directory, blobs, digestHex(WHAT.digest)))).isFile()).toBe(true)
    await symlink(join(outside, 'secret'), join(directory, index))
    await sink.put(image.manifest).catch((error: unknown) => expect(error).toMatchObject({ code: 'ERR_LAYOUT' }))
    await assertUntouched()
  })
})

test.each(['blobs', 'blobs/sha256'])('oci: does not follow a link in the place of %s', async (name) => {
  const sink = createOciLayoutSink({ directory })
  await mkdir(join(directory, name, '..'), { recursive: true })
  await writeFile(join(outside, digestHex(WHAT.digest)), BYTES)
  await symlink(outside, join(directory, name))
  expect(await sink.has(WHAT)).toBe(false)
  await expect(writeBlob(sink, WHAT, BYTES)).rejects.toMatchObject({ ...UNSAFE, fault: 'link' })
  await rm(join(outside, digestHex(WHAT.digest)))
  await assertUntouched()
})

test('oci: gives no file of SQLite to a directory of somebody else, and takes a lock of something else away', async () => {
  await mkdir(directory)
  await symlink(join(outside, 'made'), join(directory, '.drayage-lock'))
  await symlink(join(outside, 'made'), join(directory, '.drayage.lock'))
  await createOciLayoutSink({ directory }).put(image.manifest, '1')
  await assertUntouched()
})

/** Exchanges names for links and back, as another user. */
const SWAPPER = `
n=0
while :; do
  for name in .drayage-ingest blobs index.json oci-layout version manifest.json .drayage-lock; do
    n=$((n+1))
    mv "$name" ".was$n" 2>/dev/null
    ln -s "$1" "$name" 2>/dev/null
    rm -f "$name"
    mv ".was$n" "$name" 2>/dev/null
  done
  for file in .drayage-ingest/*; do
    mv "$file" ".part" 2>/dev/null && ln -s "$1/secret" "$file" 2>/dev/null
  done
done`

describe.skipIf(!isRoot)('beside another user who owns the directory (skipped unless root)', () => {
  test.each(SINKS)('$name leads nothing out of it', async ({ open }) => {
    await mkdir(directory)
    await chown(directory, NOBODY, NOBODY)
    const swapper = spawn('/bin/sh', ['-c', SWAPPER, 'sh', outside], { cwd: directory, uid: NOBODY, gid: NOBODY })
    try {
      let failed = 0
      for (let round = 0; round < 60; round++) {
        const bytes = randomBytes(round, 20_000)
        const what = describeBytes('application/octet-stream', bytes)
        try {
          const sink = await open()
          await writeBlob(sink, what, bytes)
        } catch (error) {
          failed++
          expect(['ERR_UNSAFE_PATH', 'ERR_FILE_READ', 'ERR_FILE_WRITE', 'ERR_LAYOUT', 'ERR_DIR_IMAGE']).toContain(
            error instanceof Error && 'code' in error ? error.code : error,
          )
        }
      }
      await assertUntouched()
      expect(failed).toBeLessThan(60)
    } finally {
      swapper.kill('SIGKILL')
      await once(swapper, 'exit')
    }
  })

  test('openFileOutput() does not follow their link, nor publish what they put beside it', async () => {
    await mkdir(directory)
    await chown(directory, NOBODY, NOBODY)
    const target = join(directory, 'a.tar')
    await symlink(join(outside, 'secret'), target)
    await import('node:fs/promises').then(({ lchown }) => lchown(target, NOBODY, NOBODY))
    await expect(openFileOutput(target, { overwrite: true })).rejects.toMatchObject({ ...UNSAFE, fault: 'link' })
    await rm(target)
    for (const overwrite of [false, true]) {
      const output = await openFileOutput(target, { overwrite })
      const [partial = ''] = await readdir(directory)
      await rm(join(directory, partial))
      await symlink(join(outside, 'secret'), join(directory, partial))
      await expect(output.finish(0)).rejects.toMatchObject({ ...UNSAFE, fault: 'changed' })
      expect(await readdir(directory)).toEqual([])
    }
    await assertUntouched()
  })
})
