import { readdir, readlink } from 'node:fs/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { contentStoreCases } from '@drayage/content/conformance'
import { describe, test } from 'vitest'

import { createFsStore } from './create-fs-store.ts'

describe('createFsStore()', () => {
  const cases = contentStoreCases(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'content-fs-'))
    const isInStore = (fd: string): Promise<boolean> =>
      readlink(`/proc/self/fd/${fd}`).then(
        (path) => path.startsWith(directory),
        () => false,
      )
    return {
      store: createFsStore({ directory }),
      close: () => rm(directory, { recursive: true }),
      reopen: async () => createFsStore({ directory }),
      openHandles: async () =>
        (await Promise.all((await readdir('/proc/self/fd')).map(isInStore))).filter(Boolean).length,
    }
  })
  test.each(cases)('$name', ({ run }) => run())
})
