import { readFile } from 'node:fs/promises'
import path from 'node:path'

import { buildImage, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { makePlace, startCommand } from '../test/faults/place.ts'
import { startCountingRegistry } from '../test/faults/registry.ts'
import { havePeers } from './peer.ts'

/** What is synced is in docs/crashes.md: content and indexes, their names, the journal, and what SQLite syncs. */
const MOST = { first: 23, second: 14, third: 14 }

test.skipIf(!havePeers('strace'))(
  'a pull of one small layer syncs a few times, and one that is up to date for its database alone',
  async () => {
    await using scratch = await tempDir()
    await using registry = await startCountingRegistry()
    const place = await makePlace(path.join(scratch.path, 'place'))
    const pull = async (name: string): Promise<number> => {
      const log = path.join(scratch.path, 'trace')
      const wrapper = ['strace', '-f', '-q', '-o', log, '-e', 'trace=fsync,fdatasync,sync_file_range,syncfs,sync']
      const { code, stderr } = await startCommand(place, ['pull', `${registry.host}/${name}:1`], { wrapper }).ended
      expect({ code, stderr }).toMatchObject({ code: 0 })
      return [...(await readFile(log, 'utf8')).matchAll(/^\d+ +\w+\(/gm)].length
    }
    for (const [name, most] of Object.entries(MOST)) {
      await registry.publish(`${name}:1`, await buildImage({ layers: [[{ path: name, content: name }]] }))
      expect(await pull(name)).toBeLessThanOrEqual(most)
    }
    // Only those of the database, which records what the pull keeps while it looks.
    expect(await pull('third')).toBeLessThanOrEqual(4)
  },
)
