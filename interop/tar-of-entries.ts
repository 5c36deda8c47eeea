import { Buffer } from 'node:buffer'
import process from 'node:process'
import { Readable } from 'node:stream'

import { encodeTarHeader, TAR_END } from '@drayage/tar'

/** Headers that are made at a time. */
const BATCH = 2000

/** A tar of `count` empty files in folders of a thousand, as a layer with a package cache or a monorepo has them. */
export async function* tarOfEntries(count: number): AsyncGenerator<Uint8Array, void, void> {
  for (let start = 0; start < count; start += BATCH) {
    const length = Math.min(BATCH, count - start)
    yield Buffer.concat(
      Array.from({ length }, (_, at) => {
        const number = start + at
        const name = `usr/share/many/${Math.floor(number / 1000)}/file-${number}.json`
        return encodeTarHeader({ name, size: 0 })
      }),
    )
  }
  yield TAR_END
}

// As a program: `node interop/tar-of-entries.ts 10000000 | docker import - many`, with `DOCKER_HOST` the socket of `drayd`.
if (import.meta.main) Readable.from(tarOfEntries(Number(process.argv[2]))).pipe(process.stdout)
