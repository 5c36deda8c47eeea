import { join } from './mutate.ts'
import type { Random } from './random.ts'
import { hostileText } from './texts.ts'

/** A request before it is bytes. */
export interface Message {
  readonly method: string
  /** Path and query, encoded. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** How the length of the body is declared; `length` by default. */
  readonly framing?: Framing
}

/** Ways to tell the length of a body, some of them wrong. */
export type Framing = 'length' | 'chunked' | 'too-long' | 'too-short' | 'none' | 'both'

/** The bytes of a request of HTTP/1.1 that ends its connection. */
export function encodeMessage(random: Random, message: Message, host: string): Uint8Array {
  const { method, target, headers = {}, body, framing = 'length' } = message
  const lines = [`${method} ${target} HTTP/1.1`]
  const all = { host, connection: 'close', ...headers }
  for (const [name, value] of Object.entries(all)) lines.push(`${name}: ${headerText(value)}`)
  if (body === undefined) return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  const size = body.byteLength
  if (framing === 'length' || framing === 'both') lines.push(`content-length: ${size}`)
  if (framing === 'too-long') lines.push(`content-length: ${size + random.between(1, 100_000)}`)
  if (framing === 'too-short') lines.push(`content-length: ${random.int(size + 1)}`)
  const isChunked = framing === 'chunked' || framing === 'both'
  if (isChunked) lines.push('transfer-encoding: chunked')
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  return join(head, isChunked ? chunked(random, body) : body)
}

function headerText(value: string): string {
  return value.replaceAll(/[\r\n\0]/g, ' ')
}

function chunked(random: Random, body: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  for (let at = 0; at < body.byteLength;) {
    const chunk = body.subarray(at, at + random.between(1, 32_768))
    const extension = random.chance(0.1)
      ? `;x=${encodeURIComponent(hostileText(random).toWellFormed()).slice(0, 200)}`
      : ''
    parts.push(Buffer.from(`${chunk.byteLength.toString(16)}${extension}\r\n`), chunk, Buffer.from('\r\n'))
    at += chunk.byteLength
  }
  const trailer = random.chance(0.1) ? 'x-trailer: 1\r\n' : ''
  return join(...parts, Buffer.from(`0\r\n${trailer}\r\n`))
}

/** Mostly a right length, sometimes another. */
export function someFraming(random: Random): Framing {
  return random.chance(0.85)
    ? random.pick(['length', 'chunked'])
    : random.pick(['too-long', 'too-short', 'none', 'both'])
}
