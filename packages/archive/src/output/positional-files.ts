import { encodeTarHeader, paddingOf, TAR_END } from '@drayage/tar'

import type { PositionalOutput } from './archive-output.ts'
import { settleFiles } from './settle-files.ts'
import { createSpool, type Spool } from './spool.ts'
import type { OutputFile, TarFiles, TarFilesOptions } from './tar-file.ts'
import { OUTPUT_BLOCK_BYTES } from './write-blocks.ts'

/** A file and how far it is. */
interface Place extends OutputFile {
  readonly headerBytes: number
  /** Where its header goes, once the sizes of all files before it are known or guessed. */
  start: number | undefined
  /** How large it was taken to be when it got its start, and with it the start of the next one. */
  assumed: number | undefined
  /** Bytes of data that follow the header. */
  bytesInPlace: number
  /** Its further bytes: those that came before it had a start, or, as `hasExcess`, after a guess left no room. */
  spool: Spool | undefined
  hasExcess: boolean
  /** All its bytes, once it is complete. */
  finalSize: number | undefined
}

/**
 * Files on their way into an output that takes bytes in any order. A file goes to its place as soon as the sizes of those
 * before it are known or guessed; until then its bytes wait. Headers are written last, when each size is known. Where a
 * guess was wrong, files are moved at the end.
 */
export function createPositionalFiles(output: PositionalOutput, { memory }: TarFilesOptions): TarFiles {
  const byName = new Map<string, Place>()
  /** In the order of the tar; the first `placed` have a start. */
  let order: Place[] = []
  let placed = 0

  const placeOf = (name: string): Place => {
    const place = byName.get(name)
    if (place === undefined) throw new RangeError(`Cannot write "${name}": it has no place`)
    return place
  }
  const spoolOf = (place: Place): Spool => (place.spool ??= createSpool(output.spoolDirectory, memory))
  /** Gives starts to the files that can have one now; gives those of them that are complete. */
  const advance = (): Place[] => {
    const first = placed
    for (let start = endOf(order[placed - 1]); placed < order.length && start !== undefined; placed++) {
      const place = order[placed]
      if (place !== undefined) Object.assign(place, { start, assumed: bytesOf(place) })
      start = endOf(place)
    }
    return order.slice(first, placed).filter(({ finalSize }) => finalSize !== undefined)
  }
  /** Writes bytes of a file that has a start, as far as there is room, and keeps the others. */
  const write = async (place: Place, start: number, bytes: Uint8Array): Promise<void> => {
    const { assumed = Infinity, bytesInPlace, headerBytes, size } = place
    const room = size === undefined ? assumed - bytesInPlace : Infinity
    const fitting = bytes.subarray(0, place.hasExcess ? 0 : Math.max(0, room))
    place.bytesInPlace += fitting.byteLength
    if (fitting.byteLength > 0) await output.writeAt(fitting, start + headerBytes + bytesInPlace)
    if (fitting.byteLength === bytes.byteLength) return
    place.hasExcess = true
    await spoolOf(place).append(bytes.subarray(fitting.byteLength))
  }
  /** Brings what waited for the start of a file to its place. */
  const unspool = async (place: Place): Promise<void> => {
    const { start, spool, hasExcess } = place
    if (start === undefined || spool === undefined || hasExcess) return
    place.spool = undefined
    try {
      for await (const block of spool.read()) await write(place, start, block)
    } finally {
      await spool[Symbol.asyncDispose]()
    }
  }
  const finishPlaces = async (places: readonly Place[]): Promise<void> => {
    for (const place of places) {
      await unspool(place)
      const { start = 0, headerBytes, finalSize = 0 } = place
      await output.writeAt(encodeTarHeader({ ...place, size: finalSize }), start)
      const padding = new Uint8Array(paddingOf(finalSize))
      if (padding.byteLength > 0 && !place.hasExcess) await output.writeAt(padding, start + headerBytes + finalSize)
    }
  }
  const dropIncomplete = async (): Promise<void> => {
    for (const { name, finalSize, spool } of order) {
      if (finalSize !== undefined) continue
      byName.delete(name)
      await spool?.[Symbol.asyncDispose]()
    }
    order = order.filter(({ finalSize }) => finalSize !== undefined)
    placed = order.filter(({ start }) => start !== undefined).length
    await finishPlaces(advance())
  }

  return {
    reserve(file) {
      if (byName.has(file.name)) return
      const headerBytes = encodeTarHeader({ ...file, size: 0 }).byteLength
      const state = {
        start: undefined,
        assumed: undefined,
        bytesInPlace: 0,
        spool: undefined,
        hasExcess: false,
        finalSize: undefined,
      }
      const place: Place = { ...file, headerBytes, ...state }
      byName.set(file.name, place)
      order.push(place)
      advance()
    },
    isDirect: (name) => placeOf(name).start !== undefined,
    async append(name, bytes) {
      const place = placeOf(name)
      await unspool(place)
      if (place.start === undefined) await spoolOf(place).append(bytes)
      else await write(place, place.start, bytes)
    },
    async restart(name) {
      const place = placeOf(name)
      await place.spool?.[Symbol.asyncDispose]()
      Object.assign(place, { bytesInPlace: 0, spool: undefined, hasExcess: false })
      return true
    },
    async complete(name) {
      const place = placeOf(name)
      place.finalSize = place.bytesInPlace + (place.spool?.size ?? 0)
      // The call that gives a complete file its start also finishes it.
      const own = place.start === undefined ? [] : [place]
      await finishPlaces([...own, ...advance()])
    },
    async *read(name) {
      const { start = 0, headerBytes, bytesInPlace } = placeOf(name)
      for (let done = 0; done < bytesInPlace;) {
        const block = new Uint8Array(Math.min(OUTPUT_BLOCK_BYTES, bytesInPlace - done))
        await output.readAt(block, start + headerBytes + done)
        done += block.byteLength
        yield block
      }
    },
    dropIncomplete,
    async end() {
      await dropIncomplete()
      const end = await settleFiles(output, order)
      await output.writeAt(TAR_END, end)
      return end + TAR_END.byteLength
    },
    async [Symbol.asyncDispose]() {
      for (const { spool } of byName.values()) await spool?.[Symbol.asyncDispose]()
    },
  }
}

/** How large a file is, or is taken to be. */
function bytesOf({ finalSize, size, sizeHint }: Place): number | undefined {
  return finalSize ?? size ?? sizeHint
}

/** Where the file after this one starts; `undefined` when the size of this one is neither known nor guessed. */
function endOf(place: Place | undefined): number | undefined {
  if (place === undefined) return 0
  const { start, headerBytes } = place
  const bytes = bytesOf(place)
  return start === undefined || bytes === undefined ? undefined : start + headerBytes + bytes + paddingOf(bytes)
}
