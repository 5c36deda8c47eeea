import { link, open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

import {
  syncDirectory,
  systemCode,
  temporaryBeside,
  throwWriteFailure,
  unlessMissing,
  writeFailure,
  writeFully,
} from '@drayage/files'

import type { ArchiveOutput, PositionalOutput, SequentialOutput } from './archive-output.ts'
import { ArchiveExistsError } from '../errors.ts'

/** Options of {@link openFileOutput}. */
export interface FileOutputOptions {
  /** Whether to replace a file that holds something; `false` by default. */
  readonly overwrite?: boolean
}

/** How many bytes are written before the disk is asked to take them, so that little is left to do at the end. */
const SYNC_BYTES = 64 * 1_048_576

/**
 * Opens the file at `path` for an archive. It appears, whole and durable, when the archive is finished; until then the
 * bytes are in a file beside it. A device or a named pipe is written from start to end instead.
 *
 * @throws ArchiveExistsError `ERR_ARCHIVE_EXISTS` when the file holds something, unless `overwrite`
 * @throws FileWriteError `ERR_FILE_WRITE` of `@drayage/files`, also from the output
 */
export async function openFileOutput(path: string, options: FileOutputOptions = {}): Promise<ArchiveOutput> {
  const target = (await unlessMissing(realpath(path))) ?? path
  const found = await assertFree(target, options)
  const fail = throwWriteFailure(target)
  if (found === 'special') return sequentialFile(await open(target, 'w').catch(fail), target)
  const temporary = temporaryBeside(target)
  return positionalFile(await open(temporary, 'wx+', 0o644).catch(fail), temporary, target, options)
}

async function assertFree(path: string, { overwrite = false }: FileOutputOptions): Promise<'special' | 'file'> {
  const found = await unlessMissing(stat(path))
  if (found === undefined || found.isDirectory()) return 'file'
  if (!found.isFile()) return 'special'
  if (found.size > 0 && !overwrite) throw new ArchiveExistsError(path)
  return 'file'
}

/** Gives the whole file its name. Of several that do so at once without `overwrite` one does, and the others fail. */
async function publish(temporary: string, target: string, options: FileOutputOptions): Promise<void> {
  await assertFree(target, options)
  if (options.overwrite !== true) {
    try {
      await link(temporary, target)
      return await rm(temporary)
    } catch (error) {
      // An empty file is in the way, one that came just now, or the file system has no links.
      if (systemCode(error) === 'EEXIST') await assertFree(target, options)
    }
  }
  await rename(temporary, target)
}

function sequentialFile(file: FileHandle, path: string): SequentialOutput {
  return {
    write: (bytes) => writeFully(file, bytes, null).catch(throwWriteFailure(path)),
    finish: () => file.close(),
    discard: () => file.close(),
  }
}

function positionalFile(
  file: FileHandle,
  temporary: string,
  target: string,
  options: FileOutputOptions,
): PositionalOutput {
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
  const discard = async (): Promise<void> => {
    await syncing
    await file.close().catch(() => {})
    await rm(temporary, { force: true })
  }

  return {
    spoolDirectory: dirname(target),
    async writeAt(bytes, position) {
      await writeFully(file, bytes, position).catch(throwWriteFailure(target))
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
        await file.close()
        await publish(temporary, target, options)
      } catch (error) {
        await discard()
        throw writeFailure(error, target)
      }
      await syncDirectory(dirname(target))
    },
    discard,
  }
}
