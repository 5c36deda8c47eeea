import { rm } from 'node:fs/promises'
import path from 'node:path'

import { buildImage, randomBytes, run } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { DRAY, drayOk } from './dray.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'

describe.skipIf(!havePeers('docker-registry', 'skopeo', 'strace'))('a blob that the disk does not give back', () => {
  const fixture = useRegistry()

  test.each([
    ['openat', 'EIO'],
    ['pread64', 'EUCLEAN'],
    ['statx', 'EBADMSG'],
  ])('is a finding, hides nothing, and comes again where %s fails with %s', async (call, error) => {
    const image = await buildImage({ layers: [[{ path: 'data', content: randomBytes(1, 300_000) }]] })
    const reference = await fixture.push('unreadable', image)
    const store = fixture.path('store')
    await rm(store, { recursive: true, force: true })
    await drayOk(store, 'pull', reference)
    for (const { digest } of [image.config, ...image.layers.map(({ descriptor }) => descriptor)]) {
      const blob = path.join(store, 'blobs', ...digest.split(':'))
      const failing = (...args: readonly string[]) => {
        const injected = ['-f', '-qq', '-o', '/dev/null', '-P', blob, '-e', `inject=${call}:error=${error}`]
        return run('strace', [...injected, ...DRAY, '--store', store, ...args])
      }
      for (const how of [[], ['--deep']]) {
        const { code, stdout } = await failing('fsck', ...how)
        expect([code, stdout]).toEqual([5, expect.stringContaining(digest)])
      }
      expect((await failing('images')).stdout).toContain('unreadable')
      expect(await failing('pull', reference)).toMatchObject({ code: 0 })
    }
    await drayOk(store, 'fsck', '--deep')
  })
})
