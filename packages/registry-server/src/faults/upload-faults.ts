import { withoutMount } from '../access.ts'
import { emptyResponse } from '../respond.ts'
import { cutAfter } from './body-streams.ts'
import { announcedLength } from './call-parts.ts'
import type { FaultBehaviour } from './fault-call.ts'

export const mountDeclined: FaultBehaviour<'mount-declined'> = (_, call) => {
  call.fire()
  return call.next(withoutMount(call.request))
}

export const tooLarge: FaultBehaviour<'too-large'> = async ({ bytes }, call) => {
  const { request, next } = call
  const length = announcedLength(request.headers)
  if (request.body === undefined || (length !== undefined && length <= bytes)) return next(request)
  const refusal = emptyResponse(413, { connection: 'close' })
  if (length !== undefined) {
    call.fire()
    return refusal
  }
  const breaking = new AbortController()
  const body = cutAfter(request.body, bytes, () => {
    call.fire()
    breaking.abort(new RangeError(`Cannot take the body: found more than ${bytes} bytes, expected no more`))
    throw breaking.signal.reason
  })
  const signal = request.signal === undefined ? breaking.signal : AbortSignal.any([breaking.signal, request.signal])
  try {
    const response = await next({ ...request, signal, body })
    if (!breaking.signal.aborted) return response
    await response.body[Symbol.asyncIterator]().return?.()
    return refusal
  } catch (error) {
    if (breaking.signal.aborted && error === breaking.signal.reason) return refusal
    throw error
  }
}
