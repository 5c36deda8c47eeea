import type { ByteStream } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'

import { cutAfter, drip, flipBit, lengthen, stallAfter } from './body-streams.ts'
import { announcedLength, brokenBy, without } from './call-parts.ts'
import type { FaultBehaviour, FaultCall } from './fault-call.ts'
import { throughBody } from './through-body.ts'

export const bodyReset: FaultBehaviour<'body-reset'> = (fault, call) => {
  const { afterBytes = 0 } = fault
  return throughBody(call, afterBytes, (body, { fire, fail }) =>
    cutAfter(body, afterBytes, () => {
      fire()
      fail(brokenBy(fault, call, { ending: 'reset' }))
    }),
  )
}

export const bodyStall: FaultBehaviour<'body-stall'> = ({ afterBytes = 0 }, call) =>
  throughBody(call, afterBytes, (body, { fire }) =>
    stallAfter(body, afterBytes, { signal: call.request.signal, onStall: fire }),
  )

export const bodyDrip: FaultBehaviour<'body-drip'> = ({ afterBytes = 0, bytes = 1, everyMs = 10_000 }, call) =>
  throughBody(call, afterBytes, (body, { fire }) =>
    drip(body, {
      afterBytes,
      bytes,
      wait: () => {
        fire()
        return call.sleep(everyMs, call.request)
      },
    }),
  )

export const bitFlip: FaultBehaviour<'bit-flip'> = ({ atByte = 0 }, call) =>
  throughBody(call, atByte, (body, { fire }) => flipBit(body, atByte, fire))

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

export const bodyShort: FaultBehaviour<'body-short'> = ({ afterBytes = 0 }, call) =>
  ofAnswer(call, afterBytes, ({ body }) => ({ body: cutAfter(body, afterBytes, stop) }))

export const bodyLong: FaultBehaviour<'body-long'> = ({ bytes = 1 }, call) =>
  ofAnswer(call, 0, ({ body }) => ({ body: lengthen(body, bytes) }))

export const wrongSize: FaultBehaviour<'wrong-size'> = ({ by = 1 }, call) =>
  ofAnswer(call, Math.max(0, -by), ({ body, headers }) => {
    const length = Number(headers['content-length']) + by
    const resized: ByteStream = by > 0 ? lengthen(body, by) : cutAfter(body, length, stop)
    return { headers: { ...headers, 'content-length': String(length) }, body: resized }
  })

export const noContentLength: FaultBehaviour<'no-content-length'> = (_, call) =>
  ofAnswer(call, 0, ({ headers }) => ({ headers: without(headers, 'content-length') }))
