import { createServer, type Server } from 'node:http'
import path from 'node:path'

import { digestOf } from '@drayage/digest'
import { schema1Payload } from '@drayage/manifest'
import { buildLayer, startDockerd, tempDir, type Dockerd, type TempDir } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { dray } from './dray.ts'
import { startDrayd, type Drayd } from './drayd.ts'
import { havePeers } from './peer.ts'
import { signSteps, stepId, type Schema1Step } from './schema1-images.ts'

const here = havePeers('dockerd', 'docker')

/** A damaged manifest, and what Docker Engine and all of us say of it. */
type Damage = readonly [tag: string, damage: () => Promise<string>, reason: string]

const [A, B, C] = [stepId('a'), stepId('b'), stepId('c')]
const ANOTHER = digestOf('another')
let layers: ReadonlyMap<string, Uint8Array>
let base: Pick<Schema1Step['layer'], 'bytes'>

const sign = async (v1: readonly Record<string, unknown>[], members: Record<string, unknown> = {}): Promise<string> => {
  const steps = v1.map((each) => ({ v1: { created: '2015-01-01T00:00:00Z', ...each }, layer: base }))
  return Buffer.from((await signSteps(steps, { name: 'damaged', tag: 'v1' }, members)).signed).toString()
}
const good = (): Promise<string> => sign([{ id: B, parent: A }, { id: A }])
const withFormat = async (change: (format: Record<string, unknown>) => void, count = 1): Promise<string> => {
  const manifest = JSON.parse(await good())
  const [first] = manifest.signatures
  const format = JSON.parse(Buffer.from(first.protected, 'base64url').toString())
  change(format)
  const altered = { ...first, protected: Buffer.from(JSON.stringify(format)).toString('base64url') }
  return (await good()).replace(
    /"signatures": \[[^]*\]/,
    `"signatures": ${JSON.stringify([altered, first].slice(0, count))}`,
  )
}

const DAMAGES: readonly Damage[] = [
  ['unsigned', async () => Buffer.from(schema1Payload(Buffer.from(await good()))).toString(), 'missing signature key'],
  [
    'no-list',
    async () => (await good()).replace(/"signatures": \[[^]*\]/, '"signatures": 7'),
    'error unmarshalling signatures',
  ],
  ['protected', async () => (await good()).replace('"protected": "', '"protected": "!!!!'), 'base64 decode error'],
  ['length', () => withFormat((format) => delete format['formatLength']), 'missing formatted length'],
  ['tail', () => withFormat((format) => delete format['formatTail']), 'missing formatted tail'],
  ['tail-text', () => withFormat((format) => (format['formatTail'] = '!!!!')), 'base64 decode error on tail'],
  ['too-long', () => withFormat((format) => (format['formatLength'] = 1_000_000)), 'invalid format length'],
  ['two-lengths', () => withFormat((format) => (format['formatLength'] = 5), 2), 'conflicting format length'],
  ['two-tails', () => withFormat((format) => (format['formatTail'] = 'Cg'), 2), 'conflicting format tail'],
  ['version', () => sign([{ id: A }], { schemaVersion: 3 }), 'unsupported schema version 3'],
  ['history', () => sign([{ id: A }], { history: [] }), 'length of history not equal to number of layers'],
  ['nothing', () => sign([]), 'no FSLayers in manifest'],
  [
    'digest',
    () => sign([{ id: A }], { fsLayers: [{ blobSum: 'sha256:abc' }] }),
    'could not validate layer digest "sha256:abc"',
  ],
  ['id', () => sign([{ id: 'abc' }]), 'image ID "abc" is invalid'],
  ['no-id', () => sign([{}]), 'image ID "" is invalid'],
  ['base', () => sign([{ id: A, parent: B }]), 'invalid parent ID in the base layer of the image'],
  ['parent', () => sign([{ id: B, parent: C }, { id: A }]), `invalid parent ID. Expected ${A}, got ${C}`],
  [
    'twice',
    () => sign([{ id: A, parent: B }, { id: B, parent: A }, { id: A }]),
    `ID ${A} appears multiple times in manifest`,
  ],
]

describe.skipIf(!here)('a damaged schema 1 manifest', () => {
  let work: TempDir
  let server: Server
  let dockerd: Dockerd
  let drayd: Drayd
  let host: string

  beforeAll(async () => {
    work = await tempDir()
    const layer = await buildLayer([{ path: 'a', content: 'a' }])
    base = layer
    layers = new Map([[layer.descriptor.digest, layer.bytes]])
    const manifests = new Map<string, string>()
    for (const [tag, damage] of DAMAGES) manifests.set(tag, await damage())
    manifests.set(ANOTHER, manifests.get('id') ?? '')
    server = createServer(({ url = '', method }, response) => {
      const [, name = ''] = /^\/v2\/damaged\/(?:manifests|blobs)\/(.*)$/.exec(url) ?? []
      const found = url === '/v2/' ? '{}' : (manifests.get(name) ?? byDigest(manifests, name) ?? layers.get(name))
      const isManifest = url.includes('/manifests/')
      response.statusCode = found === undefined ? 404 : 200
      if (isManifest) response.setHeader('content-type', 'application/vnd.docker.distribution.manifest.v1+prettyjws')
      if (isManifest && typeof found === 'string') {
        response.setHeader('docker-content-digest', name === ANOTHER ? ANOTHER : digestIn(found))
      }
      response.setHeader('content-length', Buffer.from(found ?? '').byteLength)
      response.end(method === 'HEAD' ? undefined : found)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    dockerd = await startDockerd({ directory: path.join(work.path, 'docker') })
    drayd = await startDrayd(work.path)
  })
  afterAll(async () => {
    await drayd?.stop()
    await dockerd?.stop()
    server?.close()
    await work?.[Symbol.asyncDispose]()
  })

  test.each(DAMAGES)('is refused with the reason of Docker Engine: %s', async (tag, _damage, reason) => {
    const name = `${host}/damaged:${tag}`
    const docker = await dockerd.docker(['pull', name])
    expect(docker.code).not.toBe(0)
    expect(docker.stderr).toContain(reason)
    const through = await drayd.docker(['pull', name])
    expect(through.code).not.toBe(0)
    expect(through.stderr).toContain(reason)
    const store = path.join(work.path, 'own')
    const own = await dray(store, 'pull', '-q', name)
    expect({ code: own.code, stderr: own.stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining(reason) })
    expect((await dray(store, 'images', '-q')).stdout).toBe('')
  })

  test('is refused where it is not what its digest says, whatever else is wrong with it', async () => {
    const name = `${host}/damaged@${ANOTHER}`
    const docker = await dockerd.docker(['pull', name])
    expect(docker.stderr).toContain(`verification failed for digest ${ANOTHER}`)
    expect(await drayd.docker(['pull', name])).toMatchObject({ code: 1, stderr: expect.stringContaining(ANOTHER) })
    const own = await dray(path.join(work.path, 'own'), 'pull', '-q', name)
    expect({ code: own.code, stderr: own.stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining(ANOTHER) })
  })
})

function digestIn(manifest: string): string {
  try {
    return digestOf(schema1Payload(Buffer.from(manifest)))
  } catch {
    return digestOf(manifest)
  }
}

function byDigest(manifests: ReadonlyMap<string, string>, digest: string): string | undefined {
  return [...manifests.values()].find((manifest) => digestIn(manifest) === digest)
}
