import { type ByteStream, collect, concat, createLruMap, fromBytes } from '@drayage/bytes'
import type { HttpClient } from '@drayage/content'

import { announcedLength } from './call-parts.ts'

/** The most bytes of a manifest that is read for its config. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024
/** The most configs that are remembered. */
const MAX_CONFIGS = 10_000
const MANIFEST_PATH = /\/manifests\/[^/]+$/

/** Which digests are those of configs. */
export interface ConfigDigests {
  has(digest: string): boolean
  /** Reads the manifests that are pulled from and pushed to a registry. */
  watch(registry: HttpClient): HttpClient
}

/** Creates an empty memory of configs. */
export function createConfigDigests(): ConfigDigests {
  const digests = createLruMap<string, true>({ maxEntries: MAX_CONFIGS })
  const remember = (manifest: Uint8Array): void => {
    const digest = configOf(manifest)
    if (digest !== undefined) digests.set(digest, true)
  }
  return {
    has: (digest) => digests.get(digest) === true,
    watch: (registry) => async (request) => {
      if (!MANIFEST_PATH.test(new URL(request.url).pathname)) return registry(request)
      if (request.method === 'PUT' && request.body !== undefined) {
        return registry({ ...request, body: overhear(request.body, remember) })
      }
      const response = await registry(request)
      const length = announcedLength(response.headers) ?? Number.POSITIVE_INFINITY
      if (request.method !== 'GET' || response.status !== 200 || length > MAX_MANIFEST_BYTES) return response
      const manifest = await collect(response.body, { maxBytes: MAX_MANIFEST_BYTES, signal: request.signal })
      remember(manifest)
      return { ...response, body: fromBytes(manifest) }
    },
  }
}

/** Yields `source` and passes its bytes to `onEnd`, unless there are too many. */
async function* overhear(source: ByteStream, onEnd: (bytes: Uint8Array) => void): ByteStream {
  const chunks: Uint8Array[] = []
  let total = 0
  for await (const chunk of source) {
    total += chunk.byteLength
    if (total <= MAX_MANIFEST_BYTES) chunks.push(chunk)
    else chunks.length = 0
    yield chunk
  }
  if (total <= MAX_MANIFEST_BYTES) onEnd(concat(chunks))
}

function configOf(manifest: Uint8Array): string | undefined {
  try {
    const digest: unknown = JSON.parse(new TextDecoder().decode(manifest))?.config?.digest
    return typeof digest === 'string' ? digest : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
