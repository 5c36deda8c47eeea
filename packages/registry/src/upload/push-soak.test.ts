import { fromBytes } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'
import { expect, test } from 'vitest'

import { answer, refusal } from '../test/image-registry.ts'
import { blobOf, holds, pushAll, pushRegistry, resetAfter, stepOf, type Fault } from '../test/push-registry.ts'

/** Numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const FAULTS: readonly ((random: () => number) => Fault)[] = [
  () => async (request, next) => {
    await next(request)
    throw new Error('the answer is lost')
  },
  (random) => (request, next) => resetAfter(request, next, Math.floor(random() * 6_000_000)),
  () => async () => refusal(503, 'UNAVAILABLE'),
  () => async () => refusal(429, 'TOOMANYREQUESTS', { 'retry-after': '0' }),
  () => async (request, next) => {
    if (request.body === undefined) return await next(request)
    for await (const chunk of request.body ?? fromBytes()) if (chunk.byteLength > 0) break
    return answer(413, {}, 'too large')
  },
  () => async (request, next) => {
    const response: HttpResponse = await next(request)
    return {
      ...response,
      headers: Object.fromEntries(Object.entries(response.headers).filter(([name]) => name !== 'range')),
    }
  },
]

test('pushes with a fault in one answer of five all succeed, except for the declared failure', async () => {
  let pushes = 0
  for (let seed = 1; seed <= 40; seed++) {
    const random = randomFrom(seed)
    const registry = pushRegistry(seed % 3 === 0 ? { chunkBytes: 1_000_000 } : {})
    registry.fault = (request, next) => {
      const isUpload = stepOf(request).endsWith('upload') || stepOf(request).endsWith('uploads')
      const fault = FAULTS[Math.floor(random() * FAULTS.length)]
      return isUpload && random() < 0.2 ? fault?.(random)(request, next) : undefined
    }
    const { what, bytes } = blobOf(seed, seed % 2 === 0 ? 5_000_000 + seed : 300_000 + seed)
    try {
      await pushAll(registry.repository, what, bytes, { attempts: 60, ...(seed % 4 === 0 && { size: what.size }) })
      expect(await holds(registry, what)).toBe(true)
      pushes++
    } catch (error) {
      // For chunks that cannot get smaller 413 is the end.
      expect(error).toMatchObject({ code: 'ERR_REGISTRY', status: 413 })
    }
  }
  expect(pushes).toBeGreaterThan(35)
})
