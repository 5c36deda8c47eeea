import { fromBytes } from '@drayage/bytes'
import type { HttpClient, HttpResponse } from '@drayage/content'
import { buildImage, buildIndex, buildLayer, buildTar, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { startEngine, type Answer, type TestEngine } from './test/engine.ts'
import { pushTestImage } from './test/push-image.ts'

let engine: TestEngine
let answering: ((url: string, method: string) => HttpResponse | undefined) | undefined

const wrap =
  (registry: HttpClient): HttpClient =>
  async (request) =>
    answering?.(request.url, request.method) ?? (await registry(request))

beforeEach(async () => {
  answering = undefined
  engine = await startEngine(wrap)
})
afterEach(async () => {
  await engine[Symbol.asyncDispose]()
})

const ofSystem = async (os: string): Promise<TestImage> =>
  await buildImage({ platform: { os, architecture: 'amd64' }, layers: [[{ path: os, content: os }]] })

/** The last words of an answer, whether it is a stream or not. */
function wordsOf({ lines, json }: Answer): unknown {
  return lines.at(-1)?.['error'] ?? Reflect.get(Object(json), 'message')
}

async function archiveOf({ configBytes, layers }: TestImage): Promise<Uint8Array> {
  const names = layers.map((_, at) => `${at}.tar`)
  return await buildTar([
    { path: 'config.json', content: configBytes },
    ...layers.map(({ tar }, at) => ({ path: `${at}.tar`, content: tar })),
    { path: 'manifest.json', content: JSON.stringify([{ Config: 'config.json', RepoTags: ['a:1'], Layers: names }]) },
  ])
}

describe('images for another operating system', () => {
  test.each([
    ['windows', 'image operating system "windows" cannot be used on this platform'],
    ['plan9', 'operating system is not supported'],
    ['dreamos', 'operating system is not supported'],
  ])('for %s are not pulled, in the words of docker', async (os, words) => {
    const name = await pushTestImage(engine.registry.host, 'team/app', '1', await ofSystem(os))
    const answer = await engine.ask('POST', `/images/create?fromImage=${name}`)
    expect([answer.status, wordsOf(answer)]).toEqual([200, words])
    expect((await engine.ask('GET', '/images/json')).json).toEqual([])
  })

  test('are not pulled out of an index that is asked for them', async () => {
    const index = buildIndex([await ofSystem('windows'), await ofSystem('linux')])
    const name = await pushTestImage(engine.registry.host, 'team/app', '1', index)
    const asked = await engine.ask('POST', `/images/create?fromImage=${name}&platform=windows/amd64`)
    expect(wordsOf(asked)).toBe('image operating system "windows" cannot be used on this platform')
    expect((await engine.ask('POST', `/images/create?fromImage=${name}`)).lines.at(-1)).toHaveProperty('status')
  })

  test.each(['windows', 'plan9', 'dreamos'])('for %s are not loaded', async (os) => {
    const answer = await engine.ask('POST', '/images/load', { body: await archiveOf(await ofSystem(os)) })
    expect([answer.status, wordsOf(answer)]).toEqual([200, `cannot load ${os} image on linux`])
    expect((await engine.ask('GET', '/images/json')).json).toEqual([])
  })

  test.each(['windows', 'plan9/amd64', 'dreamos/amd64'])('for %s are not imported', async (platform) => {
    const { tar } = await buildLayer([{ path: 'a', content: 'a' }])
    const answer = await engine.ask('POST', `/images/create?fromSrc=-&platform=${platform}`, { body: tar })
    expect([answer.status, wordsOf(answer)]).toEqual([400, 'operating system is not supported'])
  })

  test('that name no system are taken', async () => {
    const answer = await engine.ask('POST', '/images/load', { body: await archiveOf(await ofSystem('')) })
    expect(answer.lines.at(-1)).toEqual({ stream: 'Loaded image: a:1\n' })
  })
})

describe('a pull whose content is not what it should be fails in the words of docker', () => {
  const pulled = async (image: TestImage): Promise<unknown> => {
    const name = await pushTestImage(engine.registry.host, 'team/app', '1', image)
    return wordsOf(await engine.ask('POST', `/images/create?fromImage=${name}`))
  }
  const answer = (status: number, text: string): HttpResponse => ({ status, headers: {}, body: fromBytes(text) })

  test('126 layers', async () => {
    const layers = Array.from({ length: 126 }, (_, at) => [{ path: `${at}` }])
    expect(await pulled(await buildImage({ layers }))).toBe('failed to register layer: max depth exceeded')
  })

  test('a layer, a config or a manifest that is another', async () => {
    const other = (digest: string) => (url: string, method: string) =>
      method === 'GET' && url.endsWith(digest) ? answer(200, 'other') : undefined
    const fresh = async (name: string): Promise<TestImage> => await buildImage({ layers: [[{ path: name }]] })
    const [one, two, three] = [await fresh('one'), await fresh('two'), await fresh('three')]
    const layer = one.layers[0]?.descriptor.digest ?? ''
    answering = other(layer)
    expect(await pulled(one)).toBe(`filesystem layer verification failed for digest ${layer}`)
    answering = other(two.config.digest)
    expect(await pulled(two)).toBe(
      `error pulling image configuration: image config verification failed for digest ${two.config.digest}`,
    )
    answering = other(three.manifest.digest)
    expect(await pulled(three)).toBe(`manifest verification failed for digest ${three.manifest.digest}`)
  })

  test('a layer or a config that is missing', async () => {
    const [image, second] = [await buildImage(), await buildImage({ layers: [[{ path: 'b' }]] })]
    const missing = (digest: string) => (url: string, method: string) =>
      method === 'GET' && url.endsWith(digest) ? answer(404, '{"errors":[{"code":"BLOB_UNKNOWN"}]}') : undefined
    answering = missing(image.layers[0]?.descriptor.digest ?? '')
    expect(await pulled(image)).toBe('unknown blob')
    answering = missing(second.config.digest)
    const words = 'error pulling image configuration: download failed after attempts=1: unknown blob'
    expect(await pulled(second)).toBe(words)
  })

  test('DiffIDs and history that do not match the layers', async () => {
    const rootfs = { type: 'layers', diff_ids: [] }
    const mismatch = "layers from manifest don't match image configuration"
    expect(await pulled(await buildImage({ config: { rootfs } }))).toBe(mismatch)
    const history = [{ created_by: 'a' }, { created_by: 'b' }]
    const tooMany = 'too many non-empty layers in History section'
    expect(await pulled(await buildImage({ config: { history } }))).toBe(tooMany)
  })
})
