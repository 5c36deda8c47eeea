import type { ByteStream } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'

import { cutAfter, drip, flipBit, lengthen, stallAfter } from './body-streams.ts'
import { announcedLength, brokenBy, without } from './call-parts.ts'
import type { FaultBehaviours, FaultCall } from './fault-call.ts'
import { throughBody } from './through-body.ts'

/** Changes the body of an answer that has one longer than `bytes`, and its headers. */
async function ofAnswer(
  call: FaultCall,
  bytes: number,
  change: (response: HttpResponse) => Partial<HttpResponse>,
): Promise<HttpResponse> {
  const response = await call.next(call.request)
  const length = announcedLength(response.headers)
  if (call.request.method === 'HEAD' || length === undefined || length <= bytes) return response
  call.fire()
  return { ...response, ...change(response) }
}

const stop = (): void => {}

/** What the faults do, by kind. */
export const bodyFaults: FaultBehaviours<
  | 'body-reset'
  | 'body-stall'
  | 'body-drip'
  | 'bit-flip'
  | 'body-short'
  | 'body-long'
  | 'wrong-size'
  | 'no-content-length'
> = {
  'body-reset': (fault, call) => {
    const { afterBytes = 0 } = fault
    return throughBody(call, afterBytes, (body, { fire, fail }) =>
      cutAfter(body, afterBytes, () => {
        fire()
        fail(brokenBy(fault, call, { ending: 'reset' }))
      }),
    )
  },
  'body-stall': ({ afterBytes = 0 }, call) =>
    throughBody(call, afterBytes, (body, { fire }) =>
      stallAfter(body, afterBytes, { signal: call.request.signal, onStall: fire }),
    ),
  'body-drip': ({ afterBytes = 0, bytes = 1, everyMs = 10_000 }, call) =>
    throughBody(call, afterBytes, (body, { fire }) =>
      drip(body, {
        afterBytes,
        bytes,
        wait: () => {
          fire()
          return call.sleep(everyMs, call.request)
        },
      }),
    ),
  'bit-flip': ({ atByte = 0 }, call) => throughBody(call, atByte, (body, { fire }) => flipBit(body, atByte, fire)),
  'body-short': ({ afterBytes = 0 }, call) =>
    ofAnswer(call, afterBytes, ({ body }) => ({ body: cutAfter(body, afterBytes, stop) })),
  'body-long': ({ bytes = 1 }, call) => ofAnswer(call, 0, ({ body }) => ({ body: lengthen(body, bytes) })),
  'wrong-size': ({ by = 1 }, call) =>
    ofAnswer(call, Math.max(0, -by), ({ body, headers }) => {
      const length = Number(headers['content-length']) + by
      const resized: ByteStream = by > 0 ? lengthen(body, by) : cutAfter(body, length, stop)
      return { headers: { ...headers, 'content-length': String(length) }, body: resized }
    }),
  'no-content-length': (_, call) =>
    ofAnswer(call, 0, ({ headers }) => ({ headers: without(headers, 'content-length') })),
}
