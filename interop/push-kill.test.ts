import process from 'node:process'

import { verifyBlob } from '@drayage/content'
import { createFsStore, type FsStore } from '@drayage/content-fs'
import { createRegistryHandler } from '@drayage/registry-server'
import { createFsStorage, serve } from '@drayage/registry-server/node'
import {
  buildImage,
  buildLayer,
  randomBytes,
  runOk,
  startDockerRegistry,
  tempDir,
  writeOciLayout,
  type TempDir,
  type TestImage,
} from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { dray, drayOk, startDray, type Finished } from './dray.ts'
import { startMeteredProxy, type MeteredProxy } from './metered-proxy.ts'
import { havePeers } from './peer.ts'

const here = havePeers('docker-registry', 'skopeo')

const LAYER_BYTES = 300_000_000
const KILLS_AT = [60_000_000, 90_000_000, 70_000_000]
/** How much may be in sockets and buffers at each kill, requests included. */
const IN_FLIGHT_BYTES = 8 * 1024 * 1024

/** The upload requests that a registry received. */
interface UploadRequest {
  readonly method: string
  readonly path: string
  readonly status: number
}

describe.skipIf(!here)('a push that is killed', () => {
  let work: TempDir
  let image: TestImage
  let store: string
  let records = 0

  beforeAll(async () => {
    work = await tempDir()
    const layer = await buildLayer([{ path: 'data', content: randomBytes(1, LAYER_BYTES) }], { compression: 'none' })
    image = await buildImage({ layers: [layer] })
    const layout = `${work.path}/layout`
    await writeOciLayout(layout, image, 'latest')
    store = `${work.path}/store`
    await drayOk(store, 'copy', '-q', `oci:${layout}:latest`, 'store:killed:1')
  })
  afterAll(async () => await work?.[Symbol.asyncDispose]())

  /** Pushes, and kills each push after so many bytes. */
  async function killedPushes(proxy: MeteredProxy, target: string, at: readonly number[]): Promise<void> {
    for (const bytes of at) {
      const pushing = startDray(store, ['push', '-q', target])
      proxy.after(bytes, () => pushing.child.kill('SIGKILL'))
      expect((await pushing.finished).signal).toBe('SIGKILL')
    }
  }

  /** Serves our registry over `content`, and records its requests. */
  async function serveContent(
    content: FsStore,
  ): Promise<AsyncDisposable & { readonly host: string; readonly requests: readonly UploadRequest[] }> {
    const requests: UploadRequest[] = []
    const storage = createFsStorage(`${work.path}/records-${records++}`, content)
    const onRequest = (event: UploadRequest): void => void requests.push(event)
    return { ...(await serve(createRegistryHandler({ storage }), { onRequest })), requests }
  }

  /** The sessions that took bytes, in order. */
  const sessionsOf = (requests: readonly UploadRequest[]): string[] => [
    ...new Set(requests.filter(({ method }) => method === 'PATCH').map(({ path }) => path)),
  ]

  test('resumes the same session at a registry that kept it, three times in a row', async () => {
    await using content = createFsStore({ directory: `${work.path}/own-content` })
    await using server = await serveContent(content)
    const { requests } = server
    await using proxy = await startMeteredProxy(server.host)
    const target = `${proxy.host}/team/app:1`
    await drayOk(store, 'tag', 'killed:1', target)
    await killedPushes(proxy, target, KILLS_AT)
    await drayOk(store, 'push', '-q', target)
    const [layer] = image.layers
    expect(layer).toBeDefined()
    if (layer === undefined) return
    process.stderr.write(
      `layer ${layer.descriptor.size} bytes, sent ${proxy.bytes()} bytes in ${KILLS_AT.length + 1} pushes\n`,
    )
    expect(sessionsOf(requests)).toHaveLength(1)
    expect(requests.filter(({ method, status }) => method === 'GET' && status === 204).length).toBeGreaterThanOrEqual(
      KILLS_AT.length,
    )
    expect(proxy.bytes() - layer.descriptor.size).toBeLessThan(KILLS_AT.length * IN_FLIGHT_BYTES)
    expect(await verifyBlob(content, layer.descriptor)).toBe('intact')
    const raw = await runOk('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${target}`])
    expect(raw.stdout).toBe(new TextDecoder().decode(image.manifestBytes))
  })

  test('starts over at docker-registry, which refuses a session after a broken request', async () => {
    await using registry = await startDockerRegistry({ directory: `${work.path}/registry` })
    await using proxy = await startMeteredProxy(registry.host)
    const target = `${proxy.host}/team/app:1`
    await drayOk(store, 'tag', 'killed:1', target)
    await killedPushes(proxy, target, [90_000_000])
    await drayOk(store, 'push', '-q', target)
    const requests = (await registry.requests()).map((each) => ({ ...each, path: each.url.replace(/\?.*$/s, '') }))
    expect(sessionsOf(requests)).toHaveLength(2)
    const asked = requests.filter(({ method, path }) => method === 'GET' && path.includes('/uploads/'))
    expect(asked.map(({ status }) => status)).toEqual([404])
    const copied = `oci:${work.path}/copied:1`
    await runOk('skopeo', ['copy', '--src-tls-verify=false', `docker://${target}`, copied])
  })

  test('leaves the session of a concurrent push of the same layer alone', async () => {
    await using content = createFsStore({ directory: `${work.path}/shared-content` })
    await using server = await serveContent(content)
    const { requests } = server
    await using proxy = await startMeteredProxy(server.host)
    const target = (tag: number): string => `${proxy.host}/team/app:${tag}`
    for (const tag of [1, 2]) await drayOk(store, 'tag', 'killed:1', target(tag))
    const second = new Promise<Finished>((resolve) => {
      proxy.after(30_000_000, () => resolve(dray(store, 'push', '-q', target(2))))
    })
    const both = await Promise.all([dray(store, 'push', '-q', target(1)), second])
    expect(both.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ])
    expect(requests.filter(({ status }) => status === 409)).toEqual([])
    for (const tag of [1, 2]) {
      const copied = `oci:${work.path}/copied-${tag}:1`
      await runOk('skopeo', ['copy', '--src-tls-verify=false', `docker://${target(tag)}`, copied])
    }
  })
})
