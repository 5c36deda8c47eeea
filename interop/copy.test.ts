import path from 'node:path'

import {
  buildImage,
  buildIndex,
  findPeer,
  randomBytes,
  runOk,
  startDockerRegistry,
  writeOciLayout,
  type DockerRegistry,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { dray, drayOk } from './dray.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'
import { requestCount } from './registry-log.ts'

const here = havePeers('docker-registry', 'skopeo')

describe.skipIf(!here)('a copy from docker-registry to docker-registry', () => {
  const fixture = useRegistry()
  let target: DockerRegistry
  let images: readonly TestImage[]
  let index: TestIndex
  let bill: TestImage
  let source: string

  beforeAll(async () => {
    target = await startDockerRegistry({ directory: fixture.path('target') })
    const shared = [{ path: 'base', content: randomBytes(1, 2_000_000) }]
    images = await Promise.all(
      ['amd64', 'arm64', 's390x'].map((architecture) =>
        buildImage({
          platform: { os: 'linux', architecture },
          layers: [shared, [{ path: 'arch', content: architecture }]],
        }),
      ),
    )
    index = buildIndex(images)
    source = await fixture.push('multi', index)
    bill = await buildImage({ manifest: { subject: index.manifest, artifactType: 'application/x-bill' } })
    const list = buildIndex([bill], {
      index: { manifests: [{ ...bill.manifest, artifactType: 'application/x-bill' }] },
    })
    await pushAs(tagOf(index), list)
    await pushAs(`${tagOf(index)}.sig`, await buildImage({ config: { author: 'cosign' } }))
  })
  afterAll(async () => {
    await target?.stop()
  })

  const tagOf = ({ manifest }: TestIndex): string => manifest.digest.replace(':', '-')

  /** Tags content next to the index, with skopeo. */
  async function pushAs(tag: string, image: TestImage | TestIndex): Promise<void> {
    const layout = fixture.path(`layout-${tag}`)
    await writeOciLayout(layout, image, 'x')
    const reference = source.replace(':latest', `:${tag}`)
    await runOk('skopeo', ['copy', '--all', '--dest-tls-verify=false', `oci:${layout}:x`, `docker://${reference}`])
  }

  const raw = async (reference: string): Promise<string> =>
    (await runOk('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${reference}`])).stdout
  const copy = (...args: readonly string[]): Promise<string> => drayOk(fixture.path('store'), 'copy', '-q', ...args)
  const methods = async (from: number): Promise<Set<string>> =>
    new Set((await target.requests()).slice(from).map(({ method }) => method))

  test('copies some platforms with a new index, which skopeo and crane accept as complete', async () => {
    const to = `${target.host}/some:1`
    const digest = (await copy('--platform', 'linux/amd64,linux/s390x', source, to)).trim()
    const written = JSON.parse(await raw(to))
    expect(written.manifests.map((each: { digest: string }) => each.digest)).toEqual(
      [images[0], images[2]].map((image) => image?.manifest.digest),
    )
    await runOk('skopeo', [
      'copy',
      '--all',
      '--src-tls-verify=false',
      `docker://${to}`,
      `oci:${fixture.path('some')}:1`,
    ])
    if (findPeer('crane') !== undefined) {
      expect((await runOk('crane', ['digest', '--insecure', to])).stdout.trim()).toBe(digest)
      await runOk('crane', ['validate', '--insecure', '--remote', to])
    }
  })

  test('says that this registry refuses a sparse index', async () => {
    const refused = await dray(
      fixture.path('store'),
      ...['copy', '-q', '--platform', 'linux/arm64', '--index', 'sparse', source, `${target.host}/sparse:1`],
    )
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/Cannot store index sha256:\w+ without all that it lists: .*MANIFEST_BLOB_UNKNOWN/)
    const layout = fixture.path('sparse')
    const digest = await copy('--platform', 'linux/arm64', '--index', 'sparse', source, `oci:${layout}:1`)
    expect(digest.trim()).toBe(index.manifest.digest)
    const one = ['--override-arch', 'arm64', 'copy', `oci:${layout}:1`, `dir:${fixture.path('arm64')}`]
    await runOk('skopeo', one)
  })

  test('plans without writing, then copies referrers and cosign tags, and keeps the list of referrers', async () => {
    const to = `${target.host}/signed:1`
    const before = await requestCount(target)
    const args = ['--all', '--referrers', source, to]
    const plan = JSON.parse(await copy('--dry-run', '--format', 'json', ...args))
    expect([...(await methods(before))].toSorted()).toEqual(['HEAD'])
    expect(plan.totals.copy.count).toBe(index.blobs.size + bill.blobs.size + 3 - 1)
    expect((await copy(...args)).trim()).toBe(index.manifest.digest)
    expect(await raw(to)).toBe(await raw(source))
    const tagged = (tag: string): string => `${target.host}/signed:${tag}`
    expect(JSON.parse(await raw(tagged(tagOf(index)))).manifests).toMatchObject([
      { digest: bill.manifest.digest, artifactType: 'application/x-bill' },
    ])
    expect(await raw(tagged(`${tagOf(index)}.sig`))).toBe(await raw(source.replace(':latest', `:${tagOf(index)}.sig`)))
    expect(await drayOk(fixture.path('store'), 'referrers', to)).toContain(bill.manifest.digest)
    const again = JSON.parse(await copy('--dry-run', '--format', 'json', ...args))
    expect(again.totals.copy.count + again.totals.mount.count).toBe(0)
    if (findPeer('oras') !== undefined) {
      const found = await runOk('oras', ['discover', '--plain-http', '--format', 'json', to])
      expect(found.stdout).toContain(bill.manifest.digest)
    }
    if (findPeer('regctl') !== undefined) {
      const host = `reg=${target.host},tls=disabled`
      const found = await runOk('regctl', ['--host', host, 'artifact', 'list', '--format', 'body', to])
      expect(found.stdout).toContain(bill.manifest.digest)
    }
  })

  test('copies referrers into a layout, which skopeo still reads and where oras finds them', async () => {
    const layout = fixture.path('signed')
    await copy('--all', '--referrers', source, `oci:${layout}:1`)
    await runOk('skopeo', ['copy', '--all', `oci:${layout}:1`, `dir:${fixture.path('signed-dir')}`])
    if (findPeer('oras') !== undefined) {
      const found = await runOk('oras', ['discover', '--oci-layout', '--format', 'json', `${layout}:1`])
      expect(found.stdout).toContain(bill.manifest.digest)
    }
    const back = `${target.host}/back:1`
    await copy('--all', '--referrers', `oci:${layout}`, back)
    expect(await drayOk(fixture.path('store'), 'referrers', back)).toContain(bill.manifest.digest)
  })

  test('keeps what another client put into the list', async () => {
    const oras = findPeer('oras')
    if (oras === undefined) return
    const to = `${target.host}/merged:1`
    await copy('--all', source, to)
    const note = path.join(fixture.path(), 'note.txt')
    await runOk('sh', ['-c', `printf note > "${note}"`])
    const attach = [
      'attach',
      '--plain-http',
      '--disable-path-validation',
      '--artifact-type',
      'application/x-note',
      to,
      note,
    ]
    await runOk('oras', attach)
    await copy('--all', '--referrers', source, to)
    const list = JSON.parse(await raw(`${target.host}/merged:${tagOf(index)}`))
    expect(list.manifests.map((each: { artifactType: string }) => each.artifactType).toSorted()).toEqual([
      'application/x-bill',
      'application/x-note',
    ])
  })

  test('copies several images below a prefix, and reads each blob from the source once', async () => {
    const other = await fixture.push('other', images[0] ?? (await buildImage()))
    const before = await requestCount(fixture.registry)
    const lines = (await copy('--platform', 'linux/arm64', source, other, `docker://${target.host}/many/`)).split('\n')
    expect(lines.slice(0, 2)).toEqual([images[1], images[0]].map((image) => image?.manifest.digest))
    expect(await raw(`${target.host}/many/other:latest`)).toBe(await raw(other))
    const shared = images[0]?.layers[0]?.descriptor.digest
    const fetched = (await fixture.registry.requests())
      .slice(before)
      .filter(({ method, url }) => method === 'GET' && url.endsWith(`/blobs/${shared}`))
    expect(fetched).toHaveLength(1)
  })
})
