import { collect, fromBytes, type ByteStream } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

import type { LayerRecompressor, RecompressedBlob } from '../ports.ts'

/** A recompressor that does one layer after the other in memory, and counts. */
export interface ZlibRecompressor extends LayerRecompressor {
  readonly count: () => number
}

export function zlibRecompressor(): ZlibRecompressor {
  let count = 0
  return {
    count: () => count,
    recompress(source, { compression, level }) {
      count += 1
      const result = Promise.withResolvers<RecompressedBlob>()
      result.promise.catch(() => {})
      async function* read(): ByteStream {
        try {
          const tar = inflated(await collect(source, { maxBytes: 2 ** 24 }))
          const bytes = compression === 'gzip' ? gzipSync(tar, { level: level ?? 6 }) : zstdCompressSync(tar)
          const uncompressed = { digest: digestOf(tar) }
          yield* fromBytes(bytes)
          result.resolve({ digest: digestOf(bytes), size: bytes.byteLength, uncompressed })
        } catch (error) {
          result.reject(error)
          throw error
        }
      }
      return { stream: read(), result: result.promise }
    },
  }
}

function inflated(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === 0x1f) return gunzipSync(bytes)
  return bytes[0] === 0x28 && bytes[1] === 0xb5 ? zstdDecompressSync(bytes) : bytes
}
