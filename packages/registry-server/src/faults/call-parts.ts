import type { HttpRequest } from '@drayage/content'

import { ConnectionFaultError } from '../errors.ts'
import type { FaultCall } from './fault-call.ts'
import type { Fault } from './fault.ts'

/** How a fault breaks the connection of a request. */
export interface BreakOptions {
  readonly ending: 'reset' | 'close'
  readonly lastBytes?: Uint8Array
}

/** The error with which `fault` breaks the connection of the call. */
export function brokenBy(fault: Fault, call: FaultCall, options: BreakOptions): ConnectionFaultError {
  const { method, url } = call.request
  return new ConnectionFaultError({ fault: fault.kind, request: `${method} ${new URL(url).pathname}`, ...options })
}

/** The `Content-Length`, if it is a number. */
export function announcedLength(headers: Readonly<Record<string, string>>): number | undefined {
  const text = headers['content-length'] ?? ''
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined
}

/** The headers without those of the given names. */
export function without(
  headers: Readonly<Record<string, string>>,
  ...names: readonly string[]
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))
}

/** Cancels a request's upload in the registry, and drops its bytes. */
export async function dropUpload({ route, request, registry }: FaultCall): Promise<void> {
  if (route?.kind !== 'upload') return
  const response = await registry({ ...withoutBody(request), method: 'DELETE' })
  await response.body[Symbol.asyncIterator]().return?.()
}

/** The request without its body and the headers that describe it. */
export function withoutBody({ method, url, headers, signal }: HttpRequest): HttpRequest {
  const names = ['content-length', 'content-range', 'content-type', 'transfer-encoding', 'expect']
  return { method, url, headers: without(headers, ...names), signal }
}
