import { collect } from '@drayage/bytes'
import { type HttpResponse, jsonResponse } from '@drayage/content'

import { without } from './call-parts.ts'
import type { FaultBehaviours, FaultCall } from './fault-call.ts'
import type { FaultOf } from './fault.ts'

type Headers = HttpResponse['headers']

/** Changes the headers of an answer that has this header. */
async function ofHeader(
  call: FaultCall,
  name: string,
  change: (headers: Headers, value: string) => Headers,
): Promise<HttpResponse> {
  const response = await call.next(call.request)
  const value = response.headers[name]
  if (value === undefined) return response
  call.fire()
  return { ...response, headers: change(response.headers, value) }
}

const DIGEST = 'docker-content-digest'

function formLocation({ form, origin, query }: FaultOf<'location'>, call: FaultCall, value: string): string {
  const from = new URL(call.request.url)
  const to = new URL(value, from)
  if (query !== undefined) to.search += `${to.search === '' ? '?' : '&'}${query}`
  const path = to.pathname + to.search
  switch (form) {
    case 'path':
      return path
    case 'relative': {
      const folder = from.pathname.slice(0, from.pathname.lastIndexOf('/') + 1)
      return path.startsWith(folder) ? path.slice(folder.length) : path
    }
    case 'absolute':
      return from.origin + path
    case 'foreign':
      return new URL(origin ?? from.origin).origin + path
  }
}

/** The most bytes of a page of tags. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024

/** What the faults do, by kind. */
export const headerFaults: FaultBehaviours<
  'no-digest' | 'wrong-digest' | 'no-range' | 'created-on-patch' | 'location' | 'tags-null' | 'header-flood'
> = {
  'no-digest': (_, call) => ofHeader(call, DIGEST, (headers) => without(headers, DIGEST)),
  'wrong-digest': ({ digest = `sha256:${'0'.repeat(64)}` }, call) =>
    ofHeader(call, DIGEST, (headers) => ({ ...headers, [DIGEST]: digest })),
  'no-range': (_, call) => ofHeader(call, 'range', (headers) => without(headers, 'range')),
  'created-on-patch': async (_, call) => {
    const response = await call.next(call.request)
    if (response.status !== 202) return response
    call.fire()
    return { ...response, status: 201 }
  },
  location: (fault, call) =>
    ofHeader(call, 'location', (headers, value) => ({ ...headers, location: formLocation(fault, call, value) })),
  'tags-null': async (_, call) => {
    const response = await call.next(call.request)
    if (response.status !== 200 || call.route?.kind !== 'tags') return response
    await collect(response.body, { maxBytes: MAX_PAGE_BYTES, signal: call.request.signal })
    call.fire()
    return jsonResponse(200, { name: call.route.repository, tags: null }, without(response.headers, 'content-length'))
  },
  'header-flood': async ({ headers: count = 2000 }, call) => {
    const response = await call.next(call.request)
    call.fire()
    const flood = Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-flood-${index}`, 'x'.repeat(64)]))
    return { ...response, headers: { ...response.headers, ...flood } }
  },
}
