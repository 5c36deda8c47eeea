import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { digestHex, digestOf } from '@drayage/digest'
import { schema1EmptyLayer, signSchema1, type HistoryEntry, type ImageConfig } from '@drayage/manifest'
import { buildImage, buildLayer, runOk, writeOciLayout, type TestLayer } from '@drayage/testkit'

/** A step of a schema 1 manifest: its `v1Compatibility`, and its layer. */
export interface Schema1Step {
  readonly v1: Readonly<Record<string, unknown>>
  readonly layer: Pick<TestLayer, 'bytes'>
}

/** A signed manifest with the content that it names. */
interface SignedImage {
  readonly payload: Uint8Array
  readonly signed: Uint8Array
  readonly layers: readonly Uint8Array[]
}

/** The layer of a step that changed nothing. */
const EMPTY: Pick<TestLayer, 'bytes'> = { bytes: schema1EmptyLayer() }

const TIME = '2015-03-04T05:06:07.123456789Z'

/** An ID for a step by hand. */
export const stepId = (name: string): string => digestHex(digestOf(name))

/** Signs a manifest of steps, top to bottom. */
export async function signSteps(
  steps: readonly Schema1Step[],
  { name, tag }: { readonly name: string; readonly tag: string },
  members: Readonly<Record<string, unknown>> = {},
): Promise<SignedImage> {
  const value = {
    schemaVersion: 1,
    name,
    tag,
    architecture: 'amd64',
    fsLayers: steps.map(({ layer }) => ({ blobSum: digestOf(layer.bytes) })),
    history: steps.map(({ v1 }) => ({ v1Compatibility: JSON.stringify(v1) })),
    ...members,
  }
  const payload = Buffer.from(JSON.stringify(value, null, 3))
  return { payload, signed: await signSchema1(payload), layers: steps.map(({ layer }) => layer.bytes) }
}

/** Writes a signed image as a `dir:` directory. */
export async function writeDir(directory: string, { signed, layers }: SignedImage): Promise<void> {
  await mkdir(directory, { recursive: true })
  await writeFile(path.join(directory, 'version'), 'Directory Transport Version: 1.1\n')
  await writeFile(path.join(directory, 'manifest.json'), signed)
  for (const layer of layers) await writeFile(path.join(directory, digestHex(digestOf(layer))), layer)
}

/** Pushes images that schema 1 describes to a registry that still takes them, with skopeo; returns their references. */
export async function pushSchema1Images(directory: string, host: string): Promise<readonly string[]> {
  const pushed: string[] = []
  for (const [tag, config, layers] of await convertedImages()) {
    const layout = path.join(directory, tag)
    await writeOciLayout(layout, await buildImage({ layers, config }), tag)
    const target = `${host}/old/converted:${tag}`
    const to = ['--dest-tls-verify=false', '--format', 'v2s1', `oci:${layout}:${tag}`, `docker://${target}`]
    await runOk('skopeo', ['copy', ...to])
    pushed.push(target)
  }
  for (const [tag, steps] of await imagesByHand()) {
    const written = path.join(directory, tag)
    await writeDir(written, await signSteps(steps, { name: 'old/byhand', tag }))
    const target = `${host}/old/byhand:${tag}`
    await runOk('skopeo', ['copy', '--dest-tls-verify=false', `dir:${written}`, `docker://${target}`])
    pushed.push(target)
  }
  return pushed
}

async function convertedImages(): Promise<(readonly [string, Partial<ImageConfig>, readonly TestLayer[]])[]> {
  const [first, second, third] = [await layer('first'), await layer('second'), await layer('third')]
  const step = (created_by: string, more: Partial<HistoryEntry> = {}): HistoryEntry => ({
    created: '2021-02-03T04:05:06.700Z',
    created_by,
    ...more,
  })
  const throwaway = [
    step('/bin/sh -c #(nop) ADD file:<&> in /'),
    step('ENV A="<&>"', { empty_layer: true, comment: 'no layer' }),
    step('RUN second', { author: 'somebody <a@b>' }),
    step('CMD ["sh"]', { empty_layer: true }),
  ]
  const container = {
    Env: ['PATH=/bin', 'A=<&>\u2028'],
    Cmd: ['sh', '-c', 'exit 0'],
    Labels: { 'b.label': '2', 'a.label': '<1>' },
    ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
    Volumes: { '/data': {} },
    WorkingDir: '/work',
  }
  const docker = { docker_version: '20.10.24', container: stepId('c'), created: '2021-02-03T04:05:06.7008Z' }
  return [
    ['plain', { config: container }, [first, second]],
    ['throwaway', { ...docker, config: container, history: throwaway }, [first, second]],
    ['same-layer', docker, [first, second, first, third, second]],
  ]
}

async function imagesByHand(): Promise<(readonly [string, readonly Schema1Step[]])[]> {
  const [base, top] = [await layer('base'), await layer('top')]
  const ids = ['d', 'c', 'b', 'a'].map(stepId)
  const [d = '', c = '', b = '', a = ''] = ids
  const command = (...Cmd: readonly string[]): Record<string, unknown> => ({ Cmd, Hostname: 'builder' })
  const bottom = { id: a, created: TIME, container_config: command('/bin/sh', '-c', '#(nop) ADD file'), Size: 17 }
  const env = { id: b, parent: a, created: TIME, container_config: command('ENV'), throwaway: true }
  const last = { id: c, parent: b, created: '2016-01-01T00:00:00+02:00', comment: 'last', docker_version: '1.9.1' }
  const repeated: Schema1Step[] = [
    { v1: { ...last, config: { Cmd: ['sh'] }, os: 'linux', architecture: 'amd64' }, layer: top },
    { v1: { ...last, config: { Cmd: ['sh'] }, os: 'linux', architecture: 'amd64' }, layer: top },
    { v1: env, layer: EMPTY },
    { v1: env, layer: EMPTY },
    { v1: bottom, layer: base },
  ]
  const old = {
    id: d,
    parent: b,
    created: TIME,
    container: stepId('container'),
    container_config: { ...command('/bin/sh', '-c', '#(nop) CMD [sh]'), MemorySwap: -1, CpuShares: 0, Cpuset: '' },
    docker_version: '1.6.2',
    author: 'An Author <author@example.com>',
    config: {
      ...command('sh'),
      Env: ['PATH=/bin'],
      PortSpecs: null,
      ExposedPorts: { '80/tcp': {} },
      Image: a,
      Volumes: null,
      Entrypoint: null,
      OnBuild: [],
      Labels: {},
      Memory: 0,
    },
    architecture: 'amd64',
    os: 'linux',
    Size: 0,
  }
  const legacy: Schema1Step[] = [
    { v1: old, layer: top },
    { v1: { ...env, throwaway: undefined, docker_version: '1.6.2' }, layer: EMPTY },
    { v1: { ...bottom, docker_version: '1.5.0' }, layer: base },
  ]
  return [
    ['repeated', repeated],
    ['docker-1.6', legacy],
  ]
}

async function layer(content: string): Promise<TestLayer> {
  return await buildLayer([{ path: `${content}.txt`, content }])
}
