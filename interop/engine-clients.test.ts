import path from 'node:path'

import { buildTar, findPeer, run, tempDir, type RunResult, type TempDir } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { engineClient } from './engine-client.ts'
import { startDrayd } from './engine-pair.ts'
import { havePeers } from './peer.ts'

let work: TempDir
let drayd: Awaited<ReturnType<typeof startDrayd>>

describe.skipIf(!havePeers('skopeo', 'podman'))('clients of other projects at drayd', () => {
  beforeAll(async () => {
    work = await tempDir('clients-')
    drayd = await startDrayd(path.join(work.path, 'drayd'))
    const body = await buildTar([{ path: 'file', content: 'file' }])
    await engineClient(drayd.socket).ask('POST', '/images/create?fromSrc=-&repo=app&tag=1', { body })
  })
  afterAll(async () => {
    await drayd?.stop()
    await work?.[Symbol.asyncDispose]()
  })

  const skopeo = (...args: readonly string[]): Promise<RunResult> =>
    run(findPeer('skopeo') ?? '', ['--insecure-policy', ...args], { cwd: work.path })

  test('skopeo copies an image out of it and into it, in the version of the API that it asks for', async () => {
    const host = `unix://${drayd.socket}`
    const out = await skopeo('copy', '--src-daemon-host', host, 'docker-daemon:app:1', 'dir:out')
    expect([out.code, out.stderr]).toEqual([0, ''])
    const into = await skopeo('copy', '--dest-daemon-host', host, 'dir:out', 'docker-daemon:app:2')
    expect([into.code, into.stderr]).toEqual([0, ''])
    const inspected = async (tag: number): Promise<unknown> =>
      JSON.parse((await engineClient(drayd.socket).ask('GET', `/images/app:${tag}/json`)).text).Id
    expect(await inspected(2)).toBe(await inspected(1))
  })

  test('podman learns that this is not its API', async () => {
    const { code, stderr } = await run(findPeer('podman') ?? '', [
      ...['--remote', '--url', `unix://${drayd.socket}`],
      'images',
    ])
    expect([code, stderr]).toEqual([125, expect.stringContaining('drayd serves the Docker Engine API')])
  })
})
