import { gzipSync } from 'node:zlib'

import { setTimeout as sleep } from 'node:timers/promises'
import { collect, fromBytes, observe, rechunk, type ByteStream } from '@drayage/bytes'
import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'
import { tokenAuth } from '@drayage/registry-server'
import { withFaults } from '@drayage/registry-server/faults'
import { serve } from '@drayage/registry-server/node'

import { createFaultChoice, type FaultChoice } from './fault-choice.ts'

/** Options of {@link startFaultyRegistry}. */
export interface FaultyRegistryOptions extends FaultChoice {
  /** A transport to the registry behind it. */
  readonly http: HttpClient
  /** The origin of the registry behind it, such as `http://127.0.0.1:5000`. */
  readonly origin: string
  /** Whether clients need a token, which anyone gets. */
  readonly isGuarded: boolean
  /** Bytes of each answer in a second; without limit by default, when all that is on its way is lost with its client. */
  readonly bytesPerSecond?: number
}

/** A registry on loopback that passes requests on, and faults some of the answers. */
export interface FaultyRegistry extends AsyncDisposable {
  /** Such as `127.0.0.1:5001`. */
  readonly host: string
  answers(): number
  /** The faults so far, in order: kind, method and what was asked for. */
  readonly faults: readonly string[]
  /** Bytes of blobs that were sent, by digest. */
  readonly sent: ReadonlyMap<string, number>
  /** Calls `work` once, after so many bytes of blobs. */
  after(bytes: number, work: () => void): void
}

const PIECE_BYTES = 16 * 1024
const MAX_ENCODED_BYTES = 64 * 1024 * 1024

/** Starts a registry that faults a share of the answers of another one. */
export async function startFaultyRegistry(options: FaultyRegistryOptions): Promise<FaultyRegistry> {
  const { http, origin, isGuarded, bytesPerSecond } = options
  const choose = createFaultChoice(options)
  const faults: string[] = []
  const sent = new Map<string, number>()
  let answers = 0
  let total = 0
  let due: { readonly at: number; readonly work: () => void } | undefined

  const passOn: HttpClient = (request) => {
    const { pathname, search } = new URL(request.url)
    const { host: _, connection: __, ...headers } = request.headers
    return http({ ...request, url: origin + pathname + search, headers })
  }
  const behind = isGuarded ? tokenAuth({ users: new Map(), allow: async () => true })(passOn) : passOn

  const count = (request: HttpRequest, response: HttpResponse): HttpResponse => {
    const digest = /\/blobs\/(sha256:[0-9a-f]{64})$/.exec(new URL(request.url).pathname)?.[1]
    const isContent = response.status === 200 || response.status === 206
    if (digest === undefined || !isContent || request.method !== 'GET') return response
    const body = observe(paced(response.body, bytesPerSecond), (_, chunk) => {
      sent.set(digest, (sent.get(digest) ?? 0) + chunk.byteLength)
      total += chunk.byteLength
      if (due === undefined || total < due.at) return
      const { work } = due
      due = undefined
      work()
    })
    return { ...response, body }
  }

  const server = await serve(
    async (request) => {
      answers++
      const fault = choose(request)
      if (fault === undefined) return count(request, await behind(request))
      const note = (): void => void faults.push(`${fault.kind} ${request.method} ${whatOf(request)}`)
      if (fault.kind === 'encoded') {
        note()
        return count(request, await encode(await behind(request)))
      }
      return count(request, await withFaults(behind, [fault], { onFault: note })(request))
    },
    { graceMs: 0 },
  )
  return {
    host: server.host,
    answers: () => answers,
    faults,
    sent,
    after: (bytes, work) => void (due = { at: bytes, work }),
    [Symbol.asyncDispose]: () => server.close(),
  }
}

/** A body of small pieces, one after another. */
function paced(body: ByteStream, bytesPerSecond: number | undefined): ByteStream {
  if (bytesPerSecond === undefined) return body
  async function* slowly(rate: number): ByteStream {
    for await (const piece of rechunk(body, PIECE_BYTES)) {
      await sleep((piece.byteLength / rate) * 1000)
      yield piece
    }
  }
  return slowly(bytesPerSecond)
}

/** What a request asks for, in a word. */
function whatOf({ url, headers }: HttpRequest): string {
  const { pathname } = new URL(url)
  const kind = /\/(manifests|blobs)\/(sha256:)?/.exec(pathname)
  if (kind === null) return pathname === '/token' ? 'token' : 'ping'
  const [, part = '', algorithm] = kind
  return `${part}${algorithm === undefined ? ' by tag' : ''}${headers['range'] === undefined ? '' : ' range'}`
}

/** The answer, compressed. */
async function encode(response: HttpResponse): Promise<HttpResponse> {
  const { 'content-length': _, ...headers } = response.headers
  const bytes = gzipSync(await collect(response.body, { maxBytes: MAX_ENCODED_BYTES }))
  const length = String(bytes.byteLength)
  const encoded = { ...headers, 'content-encoding': 'gzip', 'content-length': length }
  return { ...response, headers: encoded, body: fromBytes(bytes) }
}
