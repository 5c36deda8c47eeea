import { tmpdir } from 'node:os'

import { encodeTarHeader, paddingOf, TAR_END } from '@drayage/tar'

import type { SequentialOutput } from './archive-output.ts'
import { createKeptBytes } from './kept-bytes.ts'
import { createSpool, type Spool } from './spool.ts'
import type { OutputFile, TarFiles, TarFilesOptions } from './tar-file.ts'

interface Queued extends Omit<OutputFile, 'isKept'> {
  isKept: boolean | undefined
  /** Bytes of it that the output has. */
  written: number
  /** Bytes that wait for the turn of the file, or for its size. */
  spool: Spool | undefined
  isComplete: boolean
}

/**
 * Files on their way into an output that takes bytes only in order. The file whose turn it is goes straight through when its
 * size is known; the bytes of all others wait.
 */
export function createSequentialFiles(output: SequentialOutput, options: TarFilesOptions): TarFiles {
  const { memory, isKept = () => false } = options
  const byName = new Map<string, Queued>()
  const queue: Queued[] = []
  const kept = createKeptBytes(tmpdir())
  let total = 0
  let last: Promise<unknown> = Promise.resolve()

  /** Runs one piece of work after the other, since the output takes one write at a time. */
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const running = last.then(work)
    last = running.catch(() => {})
    return running
  }
  const fileOf = (name: string): Queued => {
    const file = byName.get(name)
    if (file === undefined) throw new RangeError(`Cannot write "${name}": it has no place`)
    return file
  }
  const isDirect = (file: Queued): boolean => queue[0] === file && file.size !== undefined
  const put = async (bytes: Uint8Array): Promise<void> => {
    total += bytes.byteLength
    await output.write(bytes)
  }
  const putData = async (file: Queued, bytes: Uint8Array): Promise<void> => {
    if (file.written === 0) await put(encodeTarHeader({ ...file, size: sizeOf(file) }))
    file.written += bytes.byteLength
    await put(bytes)
  }
  const unspool = async (file: Queued): Promise<void> => {
    const { spool } = file
    if (spool === undefined) return
    try {
      for await (const block of spool.read()) await putData(file, block)
    } finally {
      await spool[Symbol.asyncDispose]()
      file.spool = undefined
    }
  }
  /** Writes what waits of the current file; once that is complete, ends it and continues with the next. */
  const advance = async (): Promise<void> => {
    for (let file = queue[0]; file !== undefined; file = queue[0]) {
      if (!file.isComplete && file.size === undefined) return
      const size = sizeOf(file)
      await unspool(file)
      if (!file.isComplete) return
      if (file.written === 0) await putData(file, new Uint8Array(0))
      if (paddingOf(size) > 0) await put(new Uint8Array(paddingOf(size)))
      queue.shift()
    }
  }
  const dropIncomplete = async (): Promise<void> => {
    const rest = queue.splice(0)
    if (rest.some(({ written, isComplete }) => written > 0 && !isComplete)) {
      throw new RangeError('Cannot end the archive: a file was begun and not completed')
    }
    queue.push(...rest.filter(({ isComplete }) => isComplete))
    await advance()
  }

  return {
    reserve(file) {
      if (byName.has(file.name)) return
      const queued: Queued = { isKept: undefined, ...file, written: 0, spool: undefined, isComplete: false }
      byName.set(file.name, queued)
      queue.push(queued)
    },
    isDirect: (name) => isDirect(fileOf(name)),
    append: (name, bytes) =>
      inOrder(async () => {
        const file = fileOf(name)
        file.isKept ??= isKept(bytes[0] ?? 0)
        if (file.isKept) await kept.append(name, bytes)
        if (isDirect(file)) {
          await unspool(file)
          return await putData(file, bytes)
        }
        file.spool ??= createSpool(tmpdir(), memory)
        await file.spool.append(bytes)
      }),
    restart: (name) =>
      inOrder(async () => {
        const file = fileOf(name)
        if (file.written > 0) return false
        kept.drop(name)
        await file.spool?.[Symbol.asyncDispose]()
        file.spool = undefined
        return true
      }),
    complete: (name) =>
      inOrder(async () => {
        fileOf(name).isComplete = true
        await advance()
      }),
    read: (name) => kept.read(name),
    dropIncomplete: () => inOrder(dropIncomplete),
    end: () =>
      inOrder(async () => {
        await dropIncomplete()
        await put(TAR_END)
        return total
      }),
    async [Symbol.asyncDispose]() {
      await last
      for (const { spool } of byName.values()) await spool?.[Symbol.asyncDispose]()
      await kept[Symbol.asyncDispose]()
    },
  }
}

/** The size of a file: as stated, or that of the bytes that wait. */
function sizeOf({ size, spool, written }: Queued): number {
  return size ?? written + (spool?.size ?? 0)
}
