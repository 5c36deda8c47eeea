import type { TarEntry } from './tar-entry.ts'
import { TarReader } from './tar-reader.ts'

/** Finds the entries of a tar that comes in parts, as a {@link TarReader} does. What follows the end of the tar is ignored. */
export interface TarScanner {
  /** Takes the next bytes, which may be reused afterwards. @throws the errors of {@link TarReader} */
  push(chunk: Uint8Array): void
  /** The tar has no more bytes. @throws TarSyntaxError `ERR_TAR_SYNTAX` when it ends within an entry */
  finish(): void
}

/** Creates a scanner that calls `onEntry` with each entry, in order. */
export function createTarScanner(onEntry: (entry: TarEntry) => void): TarScanner {
  const reader = new TarReader()
  /** Bytes of the tar so far, and those of them that the reader is going to take. */
  let total = 0
  let gathered = new Uint8Array(0)
  let used = 0
  return {
    push(chunk) {
      let at = 0
      while (at < chunk.byteLength && reader.wanted > 0) {
        const ahead = reader.position + used - total
        const skipped = Math.min(ahead, chunk.byteLength - at)
        at += skipped
        total += skipped
        if (at === chunk.byteLength) return
        if (gathered.byteLength < reader.wanted) gathered = grown(gathered, reader.wanted)
        const part = chunk.subarray(at, at + reader.wanted - used)
        gathered.set(part, used)
        used += part.byteLength
        at += part.byteLength
        total += part.byteLength
        if (used < reader.wanted) return
        used = 0
        const entry = reader.take(gathered.subarray(0, reader.wanted))
        if (entry !== undefined) onEntry(entry)
      }
    },
    finish() {
      reader.finish(total)
    },
  }
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(length)
  longer.set(bytes)
  return longer
}
