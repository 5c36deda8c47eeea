import { anySignal, type ByteStream } from '@drayage/bytes'
import type { HttpRequest, HttpResponse } from '@drayage/content'

import { announcedLength } from './call-parts.ts'
import type { FaultCall } from './fault-call.ts'

/** What a changed body can do besides yielding bytes. */
export interface BodyControl {
  /** Reports that the fault happens. */
  readonly fire: () => void
  /** Breaks the connection; it does not return. */
  readonly fail: (error: Error) => never
}

/** Changes a body. */
export type BodyChange = (body: ByteStream, control: BodyControl) => ByteStream

/**
 * Changes the body of the request, when it has one, else that of the answer. A body that is known to have no more than
 * `bytes` is left alone. When the body of a request fails, the registry keeps what it took, as after a lost connection.
 */
export async function throughBody(call: FaultCall, bytes: number, change: BodyChange): Promise<HttpResponse> {
  if (call.request.body !== undefined) return throughRequest(call, call.request.body, bytes, change)
  const response = await call.next(call.request)
  const length = announcedLength(response.headers)
  if (call.request.method === 'HEAD' || (length !== undefined && length <= bytes)) return response
  // Before the body is read: requests that run beside this one may ask whether the fault is used up.
  call.fire()
  const fail = (error: Error): never => {
    throw error
  }
  return { ...response, body: change(response.body, { fire: call.fire, fail }) }
}

async function throughRequest(
  call: FaultCall,
  body: ByteStream,
  bytes: number,
  change: BodyChange,
): Promise<HttpResponse> {
  const { request, fire } = call
  const length = announcedLength(request.headers)
  if (length !== undefined && length <= bytes) return call.next(request)
  const breaking = new AbortController()
  const fail = (error: Error): never => {
    breaking.abort(error)
    throw error
  }
  const signal = anySignal(breaking.signal, request.signal)
  const broken: HttpRequest = { ...request, signal, body: change(body, { fire, fail }) }
  const response = await call.next(broken)
  if (!breaking.signal.aborted) return response
  await response.body[Symbol.asyncIterator]().return?.()
  throw breaking.signal.reason
}
