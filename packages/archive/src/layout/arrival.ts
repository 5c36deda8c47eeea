import type { FileHandle } from 'node:fs/promises'

import type { IngestBytes } from '@drayage/content'
import {
  createHasher,
  type Digest,
  type DigestAlgorithm,
  DigestMismatchError,
  digestOfStream,
  LongContentError,
} from '@drayage/digest'
import { fileBytes, writeFully } from '@drayage/files'
import type { Descriptor } from '@drayage/manifest'

import { ArchiveClosedError } from '../errors.ts'
import type { TarFiles } from '../output/tar-file.ts'
import { writeBlocks } from '../output/write-blocks.ts'
import { blobName } from './layout-documents.ts'

/**
 * Where the bytes of an arrival go: to a place in the archive, to a file of their own until their digest and size are known,
 * or nowhere, since the archive holds the content already.
 */
export type ArrivalTarget =
  | { readonly kind: 'place'; readonly digest: Digest; readonly size: number }
  | { readonly kind: 'file'; readonly file: FileHandle }
  | { readonly kind: 'nowhere' }

/** Content that has begun to arrive. It outlives the ingest that brought its first bytes. */
export interface Arrival {
  readonly target: ArrivalTarget
  readonly algorithm: DigestAlgorithm
  hasher: ReturnType<typeof createHasher>
  /** Bytes so far. */
  offset: number
}

/** An arrival without bytes. */
export function newArrival(target: ArrivalTarget, algorithm: DigestAlgorithm): Arrival {
  return { target, algorithm, hasher: createHasher(algorithm), offset: 0 }
}

/** What the bytes of an arrival work on. */
export interface ArrivalPlace {
  readonly files: TarFiles
  /** Called when the archive cannot become whole any more. */
  readonly fail: () => void
  /** Called with content that the archive holds now. */
  readonly onPublished: (what: Descriptor) => void
  /** Forgets the arrival. */
  readonly forget: () => void
}

/** The bytes of an arrival, which go straight into the archive where they can. */
export function arrivalBytes(arrival: Arrival, { files, fail, onPublished, forget }: ArrivalPlace): IngestBytes {
  const { target, algorithm } = arrival
  /** Whether bytes that are dropped have left for a pipe. */
  let isLost = false
  /** The archive is lost when it cannot be written. */
  const orFail = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      fail()
      throw error
    }
  }
  const write = async (block: Uint8Array): Promise<void> => {
    if (target.kind === 'file') await writeFully(target.file, block, arrival.offset)
    if (target.kind !== 'place') return
    // What is too long is refused by the commit, and must not land on the next file before.
    const fitting = block.subarray(0, Math.max(0, target.size - arrival.offset))
    if (fitting.byteLength > 0) await files.append(blobName(target.digest), fitting)
  }
  return {
    get size() {
      return arrival.offset
    },
    async append(source, { signal }) {
      if (isLost) throw new ArchiveClosedError('failed')
      const { hasher } = arrival
      const writeNext = async (block: Uint8Array): Promise<void> => {
        await orFail(() => write(block))
        arrival.offset += block.byteLength
      }
      await writeBlocks(source, writeNext, { signal, onBlock: (block) => hasher.update(block) })
    },
    async digest(wanted) {
      if (wanted === algorithm || target.kind !== 'file') return arrival.hasher.digest()
      return (await digestOfStream(fileBytes(target.file, { end: arrival.offset }), wanted)).digest
    },
    async drop() {
      const hadBytes = arrival.offset > 0
      arrival.hasher = createHasher(algorithm)
      arrival.offset = 0
      if (target.kind === 'file') await target.file.truncate(0)
      isLost = target.kind === 'place' && hadBytes && !(await files.restart(blobName(target.digest)))
      if (isLost) fail()
    },
    async publish(what) {
      const { digest, size } = what
      if (target.kind === 'place' && target.digest !== digest) throw new DigestMismatchError(digest, target.digest)
      if (target.kind === 'place' && target.size !== size) throw new LongContentError(target.size)
      const name = blobName(digest)
      if (target.kind === 'nowhere') return
      await orFail(async () => {
        if (target.kind === 'file') {
          files.reserve({ name, size })
          for await (const block of fileBytes(target.file, { end: size })) await files.append(name, block)
        }
        await files.complete(name)
      })
      onPublished(what)
    },
    async end() {
      forget()
      if (target.kind === 'file') await target.file.close()
    },
    async putDown() {},
  }
}
