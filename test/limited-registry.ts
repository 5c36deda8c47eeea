import { fromBytes } from '@drayage/bytes'
import type { HttpClient } from '@drayage/content'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve } from '@drayage/registry-server/node'
import type { TestImage } from '@drayage/testkit'

import { fillStorage } from './fill-storage.ts'

/** What the registry says when it is asked too often. */
export const WORDS = 'You have reached your pull rate limit. Wait, or log in.'

/** How long it asks to wait, in seconds. */
export const WAIT_SECONDS = 3

/** A registry on loopback with the image `app:1`, which refuses the first look at its tag and the first get of its layer. */
export interface LimitedRegistry extends AsyncDisposable {
  /** The image's name. */
  readonly reference: string
  /** In order, what was `refused` and `served`, with the time in milliseconds; the test adds when the words were `told`. */
  readonly log: { readonly what: string; readonly atMs: number }[]
  note(what: string): void
}

/**
 * Starts it.
 *
 * @param status of the refusals, which have words and a `Retry-After`
 */
export async function startLimitedRegistry(image: TestImage, status: 429 | 503): Promise<LimitedRegistry> {
  const storage = createMemoryStorage()
  await fillStorage(storage, { name: 'app', tags: ['1'], image })
  const handler = createRegistryHandler({ storage })
  const log: LimitedRegistry['log'] = []
  const note = (what: string): void => void log.push({ what, atMs: performance.now() })
  const limited = new Map([
    ['tag', '/v2/app/manifests/1'],
    ['layer', `/v2/app/blobs/${image.layers[0]?.descriptor.digest ?? ''}`],
  ])
  const http: HttpClient = async (request) => {
    const { pathname } = new URL(request.url)
    const what = [...limited.keys()].find((each) => limited.get(each) === pathname)
    if (what !== undefined && !log.some((entry) => entry.what === `refused GET ${what}`)) {
      note(`refused ${request.method} ${what}`)
      const body = JSON.stringify({ errors: [{ code: 'TOOMANYREQUESTS', message: WORDS }] })
      const headers = { 'retry-after': String(WAIT_SECONDS), 'content-type': 'application/json' }
      return { status, headers, body: fromBytes(...(request.method === 'HEAD' ? [] : [body])) }
    }
    if (what !== undefined) note(`served ${what}`)
    return await handler(request)
  }
  const server = await serve(http, { graceMs: 0 })
  return { reference: `${server.host}/app:1`, log, note, [Symbol.asyncDispose]: () => server.close() }
}

/** The waits between a refusal and the next request for the same, in milliseconds. */
export function waitsOf({ log }: LimitedRegistry): number[] {
  return ['tag', 'layer'].map((what) => {
    const [refused, served] = [`refused GET ${what}`, `served ${what}`].map((each) =>
      log.find((entry) => entry.what === each),
    )
    return (served?.atMs ?? Number.NaN) - (refused?.atMs ?? Number.NaN)
  })
}
