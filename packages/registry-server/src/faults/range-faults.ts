import type { HttpResponse } from '@drayage/content'

import { without } from './call-parts.ts'
import type { FaultBehaviours, FaultCall } from './fault-call.ts'

const ASKED = /^bytes=([0-9]{1,15})-([0-9]{0,15})$/
const SERVED = /^bytes ([0-9]{1,15})-([0-9]{1,15})\/([0-9]{1,15})$/

/** Changes the headers of an answer with a part of the content. */
async function ofPart(
  call: FaultCall,
  change: (headers: HttpResponse['headers']) => HttpResponse['headers'],
): Promise<HttpResponse> {
  const response = await call.next(call.request)
  if (response.status !== 206) return response
  call.fire()
  return { ...response, headers: change(response.headers) }
}

/** What the faults do, by kind. */
export const rangeFaults: FaultBehaviours<
  'range-ignored' | 'range-shifted' | 'range-wrong-total' | 'no-content-range'
> = {
  'range-ignored': (_, call) => {
    const { request, next } = call
    if (request.headers['range'] === undefined) return next(request)
    call.fire()
    return next({ ...request, headers: without(request.headers, 'range', 'if-range') })
  },
  'range-shifted': async ({ by = 1, honest = true }, call) => {
    const { request, next } = call
    const asked = ASKED.exec(request.headers['range'] ?? '')
    if (asked === null) return next(request)
    const start = Number(asked[1])
    const end = asked[2] === '' ? '' : String(Number(asked[2]) + by)
    const range = `bytes=${Math.max(0, start + by)}-${end}`
    const response = await next({ ...request, headers: { ...request.headers, range } })
    const served = SERVED.exec(response.headers['content-range'] ?? '')
    if (response.status !== 206 || served === null) return response
    call.fire()
    if (honest) return response
    const length = Number(served[2]) - Number(served[1]) + 1
    const told = `bytes ${start}-${start + length - 1}/${served[3]}`
    return { ...response, headers: { ...response.headers, 'content-range': told } }
  },
  'range-wrong-total': ({ by = 1 }, call) =>
    ofPart(call, (headers) => {
      const [, start, end, total] = SERVED.exec(headers['content-range'] ?? '') ?? []
      return { ...headers, 'content-range': `bytes ${start}-${end}/${Math.max(0, Number(total) + by)}` }
    }),
  'no-content-range': (_, call) => ofPart(call, (headers) => without(headers, 'content-range')),
}
