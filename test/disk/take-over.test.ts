// An older store that is taken over on a disk that gets full meanwhile.
import { cp, mkdir, rm } from 'node:fs/promises'
import path from 'node:path'

import { createMetadata, openStoreDatabase } from '@drayage/image-store'
import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createFirstFixture } from '../../packages/image-store/src/test/first-fixture.ts'
import { makeDiskImage, mountCopy, whyNoDisks } from './small-disk.ts'

const reason = await whyNoDisks()

/** The least and the most room, and the steps between, in bytes. */
const [LEAST, MOST, STEP] = [0, 768 * 1024, 128 * 1024] as const

test.skipIf(reason !== undefined)('a take-over that finds no room says so, and the store is as it was', async () => {
  await using scratch = await tempDir()
  await using first = await createFirstFixture()
  const image = path.join(scratch.path, 'image')
  await makeDiskImage(image, { blockBytes: 4096 })
  const ends = new Set<string>()
  for (let room = LEAST; room <= MOST; room += STEP) {
    await using disk = await mountCopy(image, scratch.path)
    const store = path.join(disk.path, 'store')
    await mkdir(store)
    await cp(await first.copyTo(`at-${room}`), store, { recursive: true })
    disk.leave(room)
    const open = async (): Promise<string[]> => {
      using database = await openStoreDatabase(path.join(store, 'metadata.db'), {
        ...{ journal: path.join(store, 'names.journal'), content: first.content },
      })
      return await first.heldBy(createMetadata({ database, content: first.content }))
    }
    const failure = await open().then(
      () => undefined,
      (error: unknown) => error,
    )
    if (failure !== undefined)
      expect(failure).toMatchObject({ code: expect.stringMatching(/^ERR_(DATABASE|FILE)_WRITE$/), fault: 'full' })
    ends.add(failure === undefined ? 'done' : 'full')
    await rm(path.join(disk.path, 'filler'))
    expect(await open()).toEqual(first.held)
  }
  expect([...ends].toSorted()).toEqual(['done', 'full'])
})
