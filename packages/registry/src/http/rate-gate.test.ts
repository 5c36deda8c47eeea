import type { HttpResponse } from '@drayage/content'
import { describe, expect, it } from 'vitest'

import { createRegistryClient } from '../client.ts'
import { rateGate } from './rate-gate.ts'
import { answer, failureFields, refusal } from '../test/image-registry.ts'
import { blobOf } from '../test/push-registry.ts'

const { what } = blobOf(1, 100)

interface Limited {
  /** How many requests were sent since the last call. */
  sent(): number
  /** Asks whether a blob is there. */
  ask(): Promise<unknown>
  pass(ms: number): void
  /** What the registry answers now. */
  respond: () => HttpResponse | Promise<HttpResponse>
}

function limited(): Limited {
  let now = 1000
  let count = 0
  const http = async (): Promise<HttpResponse> => {
    count++
    return await registry.respond()
  }
  const repository = createRegistryClient({ http, now: () => now }).repository('registry.example/app')
  const registry: Limited = {
    sent: () => {
      const sent = count
      count = 0
      return sent
    },
    ask: () => repository.has(what).catch((error: unknown) => error),
    pass: (ms) => void (now += ms),
    respond: () => answer(200),
  }
  return registry
}

const busy = (seconds: string): HttpResponse => refusal(429, 'TOOMANYREQUESTS', { 'retry-after': seconds })

describe('a registry that asks to wait', () => {
  it('gets no request until the time is over', async () => {
    const registry = limited()
    registry.respond = () => busy('30')
    await registry.ask()
    registry.pass(10_500)
    registry.respond = () => answer(200)
    registry.sent()
    const held = await registry.ask()
    expect(registry.sent()).toBe(0)
    expect(held).toMatchObject({ code: 'ERR_REGISTRY_RATE_LIMITED', retryable: true, retryAfterMs: 19_500 })
    expect(held).toMatchObject({
      message: expect.stringMatching(/^Cannot HEAD "https:.*answered an earlier request with 429.*"it is TOOMANY/),
      said: 'it is TOOMANYREQUESTS',
    })
    registry.pass(19_500)
    expect(await registry.ask()).toBe(true)
  })

  it('gets one request when the time is over, and the others after its answer', async () => {
    const registry = limited()
    registry.respond = () => busy('5')
    await registry.ask()
    registry.pass(5_000)
    registry.sent()
    const together = await Promise.all([registry.ask(), registry.ask(), registry.ask()])
    // HEAD, and GET for its words.
    expect(registry.sent()).toBe(2)
    expect(together.map((each) => (each instanceof Error ? 'held' : each))).toEqual(['held', 'held', 'held'])
    registry.pass(5_000)
    registry.respond = () => answer(200)
    expect(await Promise.all([registry.ask(), registry.ask(), registry.ask()])).toEqual([true, true, true])
    expect(registry.sent()).toBe(3)
  })

  it('does not hold requests back after a first one that fails, nor a caller that aborts', async () => {
    const registry = limited()
    registry.respond = () => busy('5')
    await registry.ask()
    registry.pass(5_000)
    const { promise, reject } = Promise.withResolvers<HttpResponse>()
    registry.respond = () => promise
    const asked = [registry.ask(), registry.ask()]
    reject(new Error('the connection is gone'))
    expect((await Promise.all(asked)).every((each) => each instanceof Error)).toBe(true)
    const leaving = new AbortController()
    let time = 0
    const gate = rateGate(
      async ({ url }) => (time === 0 ? { ...busy('5'), url } : await new Promise<never>(() => {})),
      { now: () => time },
    )
    const request = { method: 'GET', url: 'https://registry.example/', headers: {} }
    await gate(request)
    time = 5_000
    void gate(request)
    const reason = new Error('enough')
    const waiting = gate({ ...request, signal: leaving.signal })
    leaving.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })

  it.each(['0', '-1', ''])('without a time that can be waited (%s) holds nobody back', async (seconds) => {
    const registry = limited()
    registry.respond = () => busy(seconds)
    expect(await failureFields(Promise.reject(await registry.ask()))).toMatchObject({ retryable: true })
    await registry.ask()
    expect(registry.sent()).toBe(4)
  })
})
