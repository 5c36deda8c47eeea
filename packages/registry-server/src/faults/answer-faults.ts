import { encodeText, fromBytes } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'

import { emptyResponse, forMethod, jsonResponse } from '../respond.ts'
import { invalidToken } from './invalid-token.ts'
import { dropUpload } from './call-parts.ts'
import type { FaultBehaviour, FaultCall } from './fault-call.ts'
import type { FaultKind } from './kinds.ts'

type Headers = Readonly<Record<string, string>>

/** Answers in place of the registry. */
function refuse(call: FaultCall, status: number, code: string, headers: Headers = {}): Promise<HttpResponse> {
  call.fire()
  const error = { code, message: 'a fault was asked for' }
  return forMethod(call.request, jsonResponse(status, { errors: [error] }, headers))
}

function page(call: FaultCall, status: number, title: string): Promise<HttpResponse> {
  call.fire()
  const bytes = encodeText(`<!doctype html><html><head><title>${title}</title></head><body>${title}</body></html>\n`)
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-length': String(bytes.byteLength) }
  return forMethod(call.request, { status, headers, body: fromBytes(bytes) })
}

/** What the registry would say is unknown. */
function unknownCode({ point, route }: FaultCall): string {
  if (point.startsWith('manifest')) return 'MANIFEST_UNKNOWN'
  if (route?.kind === 'upload') return 'BLOB_UPLOAD_UNKNOWN'
  return route?.kind === 'blob' ? 'BLOB_UNKNOWN' : 'NAME_UNKNOWN'
}

export const expiredToken: FaultBehaviour<'expired-token'> = async ({ challenge }, call) => {
  call.fire()
  return invalidToken(call.request, call.registry, challenge)
}

export const forbidden: FaultBehaviour<'forbidden'> = (_, call) => refuse(call, 403, 'DENIED')

export const notFound: FaultBehaviour<'not-found'> = (_, call) => refuse(call, 404, unknownCode(call))

export const rateLimited: FaultBehaviour<'rate-limited'> = (fault, call) => {
  const { retryAfterSeconds = 1, form = 'seconds' } = fault
  const date = new Date(call.now() + retryAfterSeconds * 1000).toUTCString()
  const value = { seconds: String(retryAfterSeconds), date, none: undefined }[form]
  return refuse(call, 429, 'TOOMANYREQUESTS', value === undefined ? {} : { 'retry-after': value })
}

export const serverError: FaultBehaviour<'server-error'> = ({ status = 500 }, call) =>
  status === 500 ? refuse(call, status, 'UNKNOWN') : page(call, status, String(status))

export const rangeNotSatisfiable: FaultBehaviour<'range-not-satisfiable'> = (_, call) =>
  refuse(call, 416, call.route?.kind === 'upload' ? 'BLOB_UPLOAD_INVALID' : 'SIZE_INVALID')

export const anyStatus: FaultBehaviour<'status'> = ({ status, code = 'UNKNOWN', headers = {} }, call) => {
  if (status !== 204 && status !== 304) return refuse(call, status, code, headers)
  call.fire()
  return Promise.resolve(emptyResponse(status, headers))
}

export const html: FaultBehaviour<'html'> = (_, call) => page(call, 200, 'Log in')

export const headUnsupported: FaultBehaviour<'head-unsupported'> = (_, call) =>
  call.request.method === 'HEAD' ? refuse(call, 405, 'UNSUPPORTED', { allow: 'GET' }) : call.next(call.request)

export const sessionLost: FaultBehaviour<'session-lost'> = async (_, call) => {
  await dropUpload(call)
  return refuse(call, 404, 'BLOB_UPLOAD_UNKNOWN')
}

export const digestRefused: FaultBehaviour<'digest-refused'> = async (_, call) => {
  await dropUpload(call)
  return refuse(call, 400, 'DIGEST_INVALID')
}

type Redirecting = Extract<FaultKind, `redirect${string}`>

function redirectTo(call: FaultCall, status: number, location: string): Promise<HttpResponse> {
  call.fire()
  return forMethod(call.request, emptyResponse(status, { location }))
}

/** The answers that send the client elsewhere. */
export const redirects: { readonly [K in Redirecting]: FaultBehaviour<K> } = {
  redirect: ({ to, status = 307 }, call) => redirectTo(call, status, to),
  'redirect-origin': ({ origin, status = 307 }, call) => {
    const { pathname, search } = new URL(call.request.url)
    return redirectTo(call, status, new URL(origin).origin + pathname + search)
  },
  'redirect-loop': ({ status = 307 }, call) => redirectTo(call, status, call.request.url),
}
