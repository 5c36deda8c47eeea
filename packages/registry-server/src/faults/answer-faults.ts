import { anySignal } from '@drayage/bytes'
import { bytesResponse, emptyResponse, type HttpResponse, jsonResponse, responseTo } from '@drayage/content'

import { invalidToken } from './token-faults.ts'
import { withoutMount } from '../auth/access.ts'
import { cutAfter } from './body-streams.ts'
import { announcedLength, dropUpload } from './call-parts.ts'
import type { FaultBehaviours, FaultCall } from './fault-call.ts'

type Headers = Readonly<Record<string, string>>

/** Answers instead of the registry. */
function refuse(call: FaultCall, status: number, code: string, headers: Headers = {}): Promise<HttpResponse> {
  call.fire()
  const error = { code, message: 'a fault was asked for' }
  return responseTo(call.request, jsonResponse(status, { errors: [error] }, headers))
}

function page(call: FaultCall, status: number, title: string): Promise<HttpResponse> {
  call.fire()
  const body = `<!doctype html><html><head><title>${title}</title></head><body>${title}</body></html>\n`
  return responseTo(call.request, bytesResponse(status, body, { 'content-type': 'text/html; charset=utf-8' }))
}

/** The code with which the registry would say that it is unknown. */
function unknownCode({ point, route }: FaultCall): string {
  if (point.startsWith('manifest')) return 'MANIFEST_UNKNOWN'
  if (route?.kind === 'upload') return 'BLOB_UPLOAD_UNKNOWN'
  return route?.kind === 'blob' ? 'BLOB_UNKNOWN' : 'NAME_UNKNOWN'
}

function redirectTo(call: FaultCall, status: number, location: string): Promise<HttpResponse> {
  call.fire()
  return responseTo(call.request, emptyResponse(status, { location }))
}

/** What the faults do, by kind. */
export const answerFaults: FaultBehaviours<
  | 'expired-token'
  | 'forbidden'
  | 'not-found'
  | 'rate-limited'
  | 'server-error'
  | 'range-not-satisfiable'
  | 'status'
  | 'html'
  | 'head-unsupported'
  | 'session-lost'
  | 'digest-refused'
  | 'mount-declined'
  | 'too-large'
  | 'redirect'
  | 'redirect-origin'
  | 'redirect-loop'
> = {
  'expired-token': async ({ challenge }, call) => {
    call.fire()
    return invalidToken(call.request, call.registry, challenge)
  },
  forbidden: (_, call) => refuse(call, 403, 'DENIED'),
  'not-found': (_, call) => refuse(call, 404, unknownCode(call)),
  'rate-limited': (fault, call) => {
    const { retryAfterSeconds = 1, form = 'seconds' } = fault
    const date = new Date(call.now() + retryAfterSeconds * 1000).toUTCString()
    const value = { seconds: String(retryAfterSeconds), date, none: undefined }[form]
    return refuse(call, 429, 'TOOMANYREQUESTS', value === undefined ? {} : { 'retry-after': value })
  },
  'server-error': ({ status = 500 }, call) =>
    status === 500 ? refuse(call, status, 'UNKNOWN') : page(call, status, String(status)),
  'range-not-satisfiable': (_, call) =>
    refuse(call, 416, call.route?.kind === 'upload' ? 'BLOB_UPLOAD_INVALID' : 'SIZE_INVALID'),
  status: ({ status, code = 'UNKNOWN', headers = {} }, call) => {
    if (status !== 204 && status !== 304) return refuse(call, status, code, headers)
    call.fire()
    return Promise.resolve(emptyResponse(status, headers))
  },
  html: (_, call) => page(call, 200, 'Log in'),
  'head-unsupported': (_, call) =>
    call.request.method === 'HEAD' ? refuse(call, 405, 'UNSUPPORTED', { allow: 'GET' }) : call.next(call.request),
  'session-lost': async (_, call) => {
    await dropUpload(call)
    return refuse(call, 404, 'BLOB_UPLOAD_UNKNOWN')
  },
  'digest-refused': async (_, call) => {
    await dropUpload(call)
    return refuse(call, 400, 'DIGEST_INVALID')
  },
  'mount-declined': (_, call) => {
    call.fire()
    return call.next(withoutMount(call.request))
  },
  'too-large': async ({ bytes }, call) => {
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
      breaking.abort(new RangeError(`Cannot take the body: it has more than ${bytes} bytes`))
      throw breaking.signal.reason
    })
    const signal = anySignal(breaking.signal, request.signal)
    try {
      const response = await next({ ...request, signal, body })
      if (!breaking.signal.aborted) return response
      await response.body[Symbol.asyncIterator]().return?.()
      return refusal
    } catch (error) {
      if (breaking.signal.aborted && error === breaking.signal.reason) return refusal
      throw error
    }
  },
  redirect: ({ to, status = 307 }, call) => redirectTo(call, status, to),
  'redirect-origin': ({ origin, status = 307 }, call) => {
    const { pathname, search } = new URL(call.request.url)
    return redirectTo(call, status, new URL(origin).origin + pathname + search)
  },
  'redirect-loop': ({ status = 307 }, call) => redirectTo(call, status, call.request.url),
}
