import type { HttpClient, HttpResponse } from '@drayage/content'

/** In bytes: small beside the blocks of the disk, so that work per chunk is told from work per block. */
export const CHUNK_BYTES = 16 * 1024

/**
 * Gives bodies in chunks of at most {@link CHUNK_BYTES}: what a socket brings at once depends on how busy the machine
 * is. Without an async generator of its own, as those are counted.
 */
export function withSmallChunks(http: HttpClient): HttpClient {
  return async (request) => {
    const response = await http(request)
    return { ...response, body: smallChunks(response.body) }
  }
}

function smallChunks(body: HttpResponse['body']): HttpResponse['body'] {
  return {
    [Symbol.asyncIterator]() {
      const chunks = body[Symbol.asyncIterator]()
      let rest: Uint8Array = new Uint8Array(0)
      return {
        async next() {
          if (rest.byteLength === 0) {
            const result = await chunks.next()
            if (result.done === true) return result
            rest = result.value
          }
          const value = rest.subarray(0, CHUNK_BYTES)
          rest = rest.subarray(value.byteLength)
          return { done: false, value }
        },
        return: async () => (await chunks.return?.()) ?? { done: true, value: undefined },
      }
    },
  }
}
