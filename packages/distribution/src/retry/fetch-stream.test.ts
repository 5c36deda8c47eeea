import type { Fetcher } from '@drayage/content'
import { collect } from '@drayage/bytes'
import { buildImage, type TestLayer } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { fetchStream, type LayerState } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { noiseLayer } from '../test/noise.ts'
import { dropAfter, flipByte, onBlob, testRegistry, withBody, type TestRegistry } from '../test/test-registry.ts'

interface Scene {
  readonly layer: TestLayer
  readonly registry: TestRegistry
  readonly source: Fetcher
  readonly states: LayerState[]
  readonly read: (signal?: AbortSignal) => Promise<Uint8Array>
}

async function scene(bytes: number): Promise<Scene> {
  const layer = await noiseLayer(1, bytes)
  const registry = await testRegistry(['repo', 'v1', await buildImage({ layers: [layer] })])
  const source = registry.client.repository('registry.test/repo')
  const states: LayerState[] = []
  const onState = (state: LayerState): void => void states.push(state)
  const retry = { attempts: 5, stepMs: 0 }
  const read = (signal?: AbortSignal): Promise<Uint8Array> =>
    collect(fetchStream(source, layer.descriptor, { retry, onState, signal }), { maxBytes: 2 * bytes })
  return { layer, registry, source, states, read }
}

describe('fetchStream()', () => {
  test('continues with a range from the byte where the source broke off', async () => {
    const { layer, registry, states, read } = await scene(100_000)
    let drops = 2
    registry.fault = onBlob(layer.descriptor, (response) =>
      drops-- > 0 ? withBody(response, (body) => dropAfter(body, 30_000)) : response,
    )
    expect(await read()).toEqual(layer.bytes)
    expect(registry.ranges).toEqual(['bytes=30000-', 'bytes=60000-'])
    expect(states.filter((each) => each.state === 'retrying')).toMatchObject([{ retry: 1 }, { retry: 1 }])
    expect(states.at(-1)).toEqual({ state: 'downloading', current: layer.bytes.length, total: layer.bytes.length })
  })

  test('ends after five tries without 1 MiB of progress and names the blob', async () => {
    const { layer, registry, read } = await scene(100_000)
    let requests = 0
    registry.fault = onBlob(layer.descriptor, (response) => {
      requests++
      return withBody(response, async function* () {})
    })
    const error = await failure(read())
    expect(requests).toBe(5)
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_REGISTRY_TRUNCATED'])
    expect(error.message).toMatch(new RegExp(`^Cannot fetch blob ${layer.descriptor.digest} from the source: `))
  })

  test('starts the count anew after 1 MiB of progress', async () => {
    const { layer, registry, states, read } = await scene(8 * 1024 * 1024)
    registry.fault = onBlob(layer.descriptor, (response) =>
      withBody(response, (body) => dropAfter(body, 1024 * 1024 + 1)),
    )
    expect(await read()).toEqual(layer.bytes)
    expect(states.filter((each) => each.state === 'retrying').map((each) => each.retry)).toEqual(
      Array.from({ length: 8 }, () => 1),
    )
  })

  test('fails at its end when the bytes are wrong', async () => {
    const { layer, registry, read } = await scene(100_000)
    registry.fault = onBlob(layer.descriptor, (response) => withBody(response, (body) => flipByte(body, 1)))
    const error = await failure(read())
    expect(error).toMatchObject({ side: 'source', operation: 'verify' })
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_DIGEST_MISMATCH'])
  })

  test('rejects with the reason of its signal', async () => {
    const { read } = await scene(1000)
    const reason = new Error('stop')
    await expect(read(AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})
