import { parseContentRange } from '../blobs/range.ts'
import { cutAfter } from './body-streams.ts'
import { announcedLength, brokenBy, withoutBody } from './call-parts.ts'
import type { FaultBehaviour, FaultCall } from './fault-call.ts'
import type { FaultOf } from './fault.ts'
import { throughBody } from './through-body.ts'

const SERVED = /^bytes ([0-9]{1,15})-[0-9]{1,15}\/([0-9]{1,15})$/

/** Where the body of a message lies in its content. */
interface Place {
  readonly start: number
  /** `undefined` when it is not known. */
  readonly total: number | undefined
}

export const resetEvery: FaultBehaviour<'reset-every'> = async (fault, call) => {
  const { request } = call
  if (request.body !== undefined) {
    const start = await uploadOffset(call)
    const length = announcedLength(request.headers)
    return cutAt(fault, call, { start, total: length === undefined ? undefined : start + length })
  }
  const response = await call.next(request)
  const served = SERVED.exec(response.headers['content-range'] ?? '')
  const place: Place =
    served === null
      ? { start: 0, total: announcedLength(response.headers) }
      : { start: Number(served[1]), total: Number(served[2]) }
  return cutAt(fault, { ...call, next: async () => response }, place)
}

async function cutAt(fault: FaultOf<'reset-every'>, call: FaultCall, { start, total }: Place) {
  const size = fault.bytes ?? (total === undefined ? undefined : Math.max(1, Math.ceil(total / (fault.parts ?? 1))))
  if (size === undefined) return call.next(call.request)
  const room = (Math.floor(start / size) + 1) * size - start
  return throughBody(call, room, (body, { fire, fail }) =>
    cutAfter(body, room, () => {
      fire()
      fail(brokenBy(fault, call, { ending: 'reset' }))
    }),
  )
}

/** The offset at which the upload of a request continues. */
async function uploadOffset(call: FaultCall): Promise<number> {
  const { request, route, registry } = call
  const named = parseContentRange(request.headers['content-range'] ?? '')
  if (named !== undefined) return named.start
  if (route?.kind !== 'upload') return 0
  const response = await registry({ ...withoutBody(request), method: 'GET' })
  await response.body[Symbol.asyncIterator]().return?.()
  const last = /^0-([0-9]{1,15})$/.exec(response.headers['range'] ?? '')?.[1]
  // An upload of one byte reports the same as an empty one.
  return last === undefined || last === '0' ? 0 : Number(last) + 1
}
