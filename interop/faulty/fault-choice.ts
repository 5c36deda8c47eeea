import { createHash } from 'node:crypto'

import type { HttpRequest } from '@drayage/content'
import type { Fault, FaultKind } from '@drayage/registry-server/faults'

/** A fault of the registry's own kinds, or an answer that is compressed although the client wants it as it is. */
export type ProxyFault = Fault | { readonly kind: 'encoded' }

/** What faults are chosen by. */
export interface FaultChoice {
  readonly seed: number
  /** Of all answers, from 0 to 1. */
  readonly share: number
  /** Kinds that do not happen, such as those that a client with long limits waits for. */
  readonly without?: readonly FaultKind[]
  /** The size of content, by digest. */
  readonly sizes: ReadonlyMap<string, number>
}

/**
 * Chooses what happens to each request. It depends on the seed, the request and how often it was made before, not on the
 * order in which different requests arrive.
 */
export function createFaultChoice({
  seed,
  share,
  without = [],
  sizes,
}: FaultChoice): (request: HttpRequest) => ProxyFault | undefined {
  const counts = new Map<string, number>()
  return (request) => {
    const { method, url, headers } = request
    const { pathname } = new URL(url)
    const line = `${method} ${pathname}`
    const count = counts.get(line) ?? 0
    counts.set(line, count + 1)
    const draw = drawsOf(`${seed} ${line} ${count}`)
    if (draw() >= share) return undefined
    const size = sizes.get(/sha256:[0-9a-f]{64}$/.exec(pathname)?.[0] ?? '') ?? SMALL_BYTES
    const isBlob = pathname.includes('/blobs/')
    const possible = [
      ...ANSWERS,
      ...(method === 'HEAD' ? HEADS : bodies(Math.floor(draw() * size), size)),
      ...(method === 'GET' && isBlob && headers['range'] !== undefined ? RANGES : []),
    ].filter(({ kind }) => kind === 'encoded' || !without.includes(kind))
    return possible[Math.floor(draw() * possible.length)]
  }
}

/** About the size of a manifest or token. */
const SMALL_BYTES = 400
const DRIPS = 8

const at = { point: 'any' } as const

/** What can happen to any request. */
const ANSWERS: readonly ProxyFault[] = [
  { ...at, kind: 'server-error', status: 500 },
  { ...at, kind: 'server-error', status: 502 },
  { ...at, kind: 'server-error', status: 503 },
  { ...at, kind: 'server-error', status: 504 },
  { ...at, kind: 'status', status: 503, code: 'UNAVAILABLE', headers: { 'retry-after': '0' } },
  { ...at, kind: 'status', status: 503, code: 'UNAVAILABLE', headers: { 'retry-after': '1' } },
  { ...at, kind: 'rate-limited', retryAfterSeconds: 0 },
  { ...at, kind: 'rate-limited', retryAfterSeconds: 1 },
  { ...at, kind: 'rate-limited', form: 'none' },
  { ...at, kind: 'reset-before-headers' },
  { ...at, kind: 'close-before-headers' },
  { ...at, kind: 'reset-after-headers' },
  { ...at, kind: 'answer-lost' },
  { ...at, kind: 'stall-before-headers' },
  { ...at, kind: 'not-found' },
  { ...at, kind: 'expired-token' },
  { ...at, kind: 'html' },
  { ...at, kind: 'redirect-loop' },
  { ...at, kind: 'wrong-digest' },
  { ...at, kind: 'no-digest' },
]

/** What can happen to a HEAD only. */
const HEADS: readonly ProxyFault[] = [
  { ...at, kind: 'head-unsupported' },
  {
    ...at,
    kind: 'status',
    status: 400,
    code: 'UNSUPPORTED',
    headers: { 'docker-distribution-api-version': 'registry/2.0' },
  },
]

/** What can happen to a range only. */
const RANGES: readonly ProxyFault[] = [
  { ...at, kind: 'range-ignored' },
  { ...at, kind: 'range-shifted', by: 3 },
  { ...at, kind: 'range-shifted', by: 3, honest: false },
  { ...at, kind: 'range-wrong-total' },
  { ...at, kind: 'no-content-range' },
  { ...at, kind: 'range-not-satisfiable' },
]

/** What can happen to an answer of `size` bytes, in its middle after `afterBytes`. */
function bodies(afterBytes: number, size: number): readonly ProxyFault[] {
  return [
    { ...at, kind: 'body-reset', afterBytes },
    { ...at, kind: 'body-short', afterBytes },
    { ...at, kind: 'body-stall', afterBytes },
    { ...at, kind: 'chunked-truncated', afterBytes },
    { ...at, kind: 'bad-chunk-size', afterBytes },
    { ...at, kind: 'bit-flip', atByte: afterBytes },
    { ...at, kind: 'body-drip', bytes: Math.ceil(size / DRIPS), everyMs: 20 },
    { ...at, kind: 'body-long' },
    { ...at, kind: 'wrong-size', by: 1 },
    { ...at, kind: 'wrong-size', by: -1 },
    { ...at, kind: 'no-content-length' },
    { ...at, kind: 'duplicate-content-length' },
    { kind: 'encoded' },
  ]
}

/** Numbers from 0 up to, not including, 1. */
function drawsOf(text: string): () => number {
  const bytes = createHash('sha256').update(text).digest()
  let offset = 0
  return () => bytes.readUInt32BE((offset++ % 8) * 4) / 2 ** 32
}
