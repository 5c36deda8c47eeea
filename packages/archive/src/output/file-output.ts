import { type BigIntStats, constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import {
  assertSame,
  disk,
  type HeldPlace,
  holdPlace,
  publishFile,
  systemCode,
  removeLeftBehind,
  temporaryBeside,
  throwWriteFailure,
  unlessMissing,
  UnsafePathError,
  writeFailure,
  writeFully,
} from '@drayage/files'

import type { ArchiveOutput, PositionalOutput, SequentialOutput } from './archive-output.ts'
import { ArchiveExistsError } from '../errors.ts'
import { openPipe } from '../named-pipe.ts'
import { streamOutput } from './stream-output.ts'

/** Options of {@link openFileOutput}. */
export interface FileOutputOptions extends AbortOptions {
  /** Whether to replace a file that holds something; `false` by default. */
  readonly overwrite?: boolean
}

/** How many bytes are written before the disk is asked to take them, so that little is left to do at the end. */
const SYNC_BYTES = 64 * 1_048_576

/**
 * Opens the file at `path` for an archive. It appears, whole and durable, when the archive is finished; until then the
 * bytes are in a file beside it. A device or a named pipe is written from start to end instead; the signal ends the wait for
 * the reader of a pipe. Links are followed when they belong to this user or to root.
 *
 * @throws ArchiveExistsError `ERR_ARCHIVE_EXISTS` when the file holds something, unless `overwrite`
 * @throws FileWriteError `ERR_FILE_WRITE` and UnsafePathError `ERR_UNSAFE_PATH` of `@drayage/files`, also from the output
 */
export async function openFileOutput(path: string, options: FileOutputOptions = {}): Promise<ArchiveOutput> {
  const place = await holdPlace(path)
  try {
    if (isSpecial(place.found)) return await openSpecial(place, path, options)
    assertFree(place.found, path, options)
    await removeLeftBehind(place)
    const temporary = basename(temporaryBeside(place.name))
    const file = await disk.open(place.directory.at(temporary), 'wx+', 0o644).catch(throwWriteFailure(path))
    return positionalFile(file, { place, temporary, path, options })
  } catch (error) {
    await place[Symbol.asyncDispose]()
    throw error
  }
}

function isSpecial(found: BigIntStats | undefined): boolean {
  return found !== undefined && !found.isFile() && !found.isDirectory()
}

function assertFree(found: BigIntStats | undefined, path: string, { overwrite = false }: FileOutputOptions): void {
  if (found?.isFile() === true && found.size > 0n && !overwrite) throw new ArchiveExistsError(path)
}

/** A device, or a pipe, which may have a link to it instead of a name. */
async function openSpecial(place: HeldPlace, path: string, { signal }: FileOutputOptions): Promise<SequentialOutput> {
  const at = place.directory.at(place.name)
  const fail = throwWriteFailure(path)
  const output = (await disk.stat(at)).isFIFO()
    ? streamOutput(await openPipe(at, 'write', { signal }).catch(fail), { signal })
    : sequentialFile(await openDevice(at, path).catch(fail))
  await place[Symbol.asyncDispose]()
  return {
    write: (bytes) => output.write(bytes).catch(fail),
    finish: (size) => output.finish(size).catch(fail),
    discard: () => output.discard(),
  }
}

async function openDevice(at: string, path: string): Promise<FileHandle> {
  const file = await disk.open(at, constants.O_WRONLY | constants.O_NOCTTY)
  if (!(await file.stat()).isFile()) return file
  await file.close()
  throw new UnsafePathError(path, 'changed')
}

function sequentialFile(file: FileHandle): SequentialOutput {
  return {
    write: (bytes) => writeFully(file, bytes, null),
    finish: () => file.close(),
    discard: () => file.close(),
  }
}

interface Publication {
  readonly place: HeldPlace
  /** The name of the file so far, beside its later one. */
  readonly temporary: string
  readonly path: string
  readonly options: FileOutputOptions
}

/** Gives the whole file its name. Of several that do so at once without `overwrite` one does, and the others fail. */
async function publish(file: FileHandle, { place, temporary, path, options }: Publication): Promise<void> {
  const { directory, name } = place
  const assertStillFree = async (): Promise<void> =>
    assertFree(await unlessMissing(disk.lstat(directory.at(name), { bigint: true })), path, options)
  await assertStillFree()
  const from = { directory, name: temporary }
  if (options.overwrite !== true) {
    try {
      await assertSame(file, from)
      await disk.link(directory.at(temporary), directory.at(name))
      await disk.rm(directory.at(temporary))
      return await assertSame(file, place)
    } catch (error) {
      if (systemCode(error) === undefined) throw error
      // An empty file is in the way, one that came just now, or the file system has no links.
      if (systemCode(error) === 'EEXIST') await assertStillFree()
    }
  }
  await publishFile(file, from, place)
}

function positionalFile(file: FileHandle, publication: Publication): PositionalOutput {
  const { place, temporary, path } = publication
  let written = 0
  let syncing: Promise<void> | undefined
  let failure: unknown

  const syncInBackground = (): void => {
    if (syncing !== undefined || written < SYNC_BYTES) return
    written = 0
    // A failure is told once by the system; the file is lost then.
    syncing = file.datasync().then(
      () => void (syncing = undefined),
      (error: unknown) => void (failure ??= error),
    )
  }
  const letGo = async (): Promise<void> => {
    await file.close().catch(() => {})
    await place[Symbol.asyncDispose]()
  }
  const discard = async (): Promise<void> => {
    await syncing
    await disk.rm(place.directory.at(temporary), { force: true }).catch(() => {})
    await letGo()
  }

  return {
    spoolDirectory: place.directory.at('.'),
    async writeAt(bytes, position) {
      await writeFully(file, bytes, position).catch(throwWriteFailure(path))
      written += bytes.byteLength
      syncInBackground()
    },
    async readAt(bytes, position) {
      for (let done = 0; done < bytes.byteLength;) {
        const { bytesRead } = await file.read(bytes, done, bytes.byteLength - done, position + done)
        if (bytesRead === 0) throw new RangeError('Cannot read the archive: it ends early')
        done += bytesRead
      }
    },
    async finish(size) {
      try {
        await syncing
        if (failure !== undefined) throw failure
        await file.truncate(size)
        await file.sync()
        await publish(file, publication)
        await place.directory.sync()
      } catch (error) {
        await discard()
        throw writeFailure(error, path)
      }
      await letGo()
    },
    discard,
  }
}
