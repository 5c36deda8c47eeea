import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import { digestHex, digestOf } from '@drayage/digest'
import { syncDirectorySync, unlessMissing, writeFailure } from '@drayage/files'

import { decodeChange, type Change, type FirstChange } from './change.ts'

const CHECKSUM_LENGTH = 16
const NEWLINE = 0x0a

function checksum(text: string): string {
  return digestHex(digestOf(text)).slice(0, CHECKSUM_LENGTH)
}

/**
 * Appends the changes of a transaction to the journal at `path`, as one durable line, before the database commits them.
 * The caller holds the database's write lock, so that there is one writer at a time.
 *
 * @throws FileWriteError `ERR_FILE_WRITE`
 */
export function appendChanges(path: string, changes: readonly Change[]): void {
  let file: number | undefined
  try {
    file = openSync(path, 'a+', 0o644)
    const { size } = fstatSync(file)
    const text = JSON.stringify(changes.length === 1 ? changes[0] : changes)
    // A writer that died in the middle of a line leaves it without its end; the next line starts on its own.
    const bytes = Buffer.from(`${endsInMiddle(file, size) ? '\n' : ''}${checksum(text)} ${text}\n`)
    for (let offset = 0; offset < bytes.byteLength;) offset += writeSync(file, bytes, offset)
    fsyncSync(file)
    if (size === 0) syncDirectorySync(dirname(path))
  } catch (error) {
    throw writeFailure(error, path)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function endsInMiddle(file: number, size: number): boolean {
  if (size === 0) return false
  const last = new Uint8Array(1)
  readSync(file, last, 0, 1, size - 1)
  return last[0] !== NEWLINE
}

/**
 * The transactions in the journal at `path`, oldest first, each with its changes; a line that is cut off or damaged is
 * given as `undefined`. A missing journal has none.
 */
export async function* readChanges(
  path: string,
  options: AbortOptions = {},
): AsyncGenerator<readonly (Change | FirstChange)[] | undefined, void, void> {
  const file = await unlessMissing(open(path, 'r'))
  if (file === undefined) return
  try {
    for await (const line of file.readLines({ encoding: 'utf8', autoClose: false })) {
      options.signal?.throwIfAborted()
      if (line !== '') yield decodeLine(line)
    }
  } finally {
    await file.close()
  }
}

function decodeLine(line: string): readonly (Change | FirstChange)[] | undefined {
  const text = line.slice(CHECKSUM_LENGTH + 1)
  if (!line.startsWith(`${checksum(text)} `)) return undefined
  const value: unknown = JSON.parse(text)
  const changes = (Array.isArray(value) ? value : [value]).map(decodeChange)
  return changes.every((change) => change !== undefined) ? changes : undefined
}
