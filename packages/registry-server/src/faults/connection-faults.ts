import { encodeText } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'

import { cutAfter, whenAborted } from './body-streams.ts'
import { announcedLength, type BreakOptions, brokenBy, without } from './call-parts.ts'
import type { FaultBehaviours, FaultCall } from './fault-call.ts'
import type { FaultOf } from './fault.ts'

/** Sends the body in chunks and breaks it after some of its bytes. */
async function breakChunks(
  fault: FaultOf<'chunked-truncated' | 'bad-chunk-size'>,
  call: FaultCall,
  options: BreakOptions,
): Promise<HttpResponse> {
  const { afterBytes = 0 } = fault
  const response = await call.next(call.request)
  const length = announcedLength(response.headers)
  if (call.request.method === 'HEAD' || (length !== undefined && length <= afterBytes)) return response
  call.fire()
  const body = cutAfter(response.body, afterBytes, () => {
    throw brokenBy(fault, call, options)
  })
  return { ...response, headers: without(response.headers, 'content-length'), body }
}

/** What the faults do, by kind. */
export const connectionFaults: FaultBehaviours<
  | 'answer-lost'
  | 'reset-before-headers'
  | 'close-before-headers'
  | 'stall-before-headers'
  | 'reset-after-headers'
  | 'chunked-truncated'
  | 'bad-chunk-size'
  | 'duplicate-content-length'
> = {
  'answer-lost': async (fault, call) => {
    const response = await call.next(call.request)
    await response.body[Symbol.asyncIterator]().return?.()
    call.fire()
    throw brokenBy(fault, call, { ending: 'reset' })
  },
  'reset-before-headers': async (fault, call) => {
    call.fire()
    throw brokenBy(fault, call, { ending: 'reset' })
  },
  'close-before-headers': async (fault, call) => {
    call.fire()
    throw brokenBy(fault, call, { ending: 'close' })
  },
  'stall-before-headers': (_, call) => {
    call.fire()
    return whenAborted(call.request.signal)
  },
  'reset-after-headers': async (fault, call) => {
    const response = await call.next(call.request)
    await response.body[Symbol.asyncIterator]().return?.()
    call.fire()
    const error = brokenBy(fault, call, { ending: 'reset' })
    return { ...response, body: { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) } }
  },
  'chunked-truncated': (fault, call) => breakChunks(fault, call, { ending: 'close' }),
  'bad-chunk-size': (fault, call) =>
    breakChunks(fault, call, { ending: 'close', lastBytes: encodeText('zz\r\nzz\r\n') }),
  'duplicate-content-length': async (fault, call) => {
    const { status, headers, body } = await call.next(call.request)
    await body[Symbol.asyncIterator]().return?.()
    call.fire()
    const length = announcedLength(headers) ?? 0
    const lines = Object.entries(without(headers, 'content-length')).map(([name, value]) => `${name}: ${value}`)
    const head = [`HTTP/1.1 ${status} Fault`, ...lines, `content-length: ${length}`, `content-length: ${length + 1}`]
    const lastBytes = encodeText(`${head.join('\r\n')}\r\n\r\n`)
    throw brokenBy(fault, call, { ending: 'close', lastBytes })
  },
}
