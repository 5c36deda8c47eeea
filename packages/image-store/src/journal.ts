import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'

import { digestHex, digestOf, type ImageId } from '@drayage/digest'
import type { Reference } from '@drayage/reference'

import type { AbortOptions } from './abort-options.ts'
import type { NameTarget, NewImage } from './image-record.ts'
import { decodeChange } from './journal-change.ts'

/** A change of names or images, as the journal keeps it. */
export type Change =
  | ({ readonly op: 'name'; readonly name: Reference; readonly atMs: number } & NameTarget)
  | { readonly op: 'unname'; readonly name: Reference }
  | { readonly op: 'image'; readonly image: NewImage; readonly atMs: number }
  | { readonly op: 'unimage'; readonly id: ImageId }

const CHECKSUM_LENGTH = 16
const NEWLINE = 0x0a

function checksum(text: string): string {
  return digestHex(digestOf(text)).slice(0, CHECKSUM_LENGTH)
}

/**
 * Appends changes to the journal at `path` and makes them durable, before the database commits them. The caller holds the
 * database's write lock, so that there is one writer at a time.
 */
export function appendChanges(path: string, changes: readonly Change[]): void {
  const file = openSync(path, 'a+', 0o644)
  try {
    const { size } = fstatSync(file)
    const lines = changes.map((change) => JSON.stringify(change)).map((text) => `${checksum(text)} ${text}\n`)
    // A writer that died in the middle of a line leaves it without its end; the next line starts on its own.
    const bytes = Buffer.from((endsInMiddle(file, size) ? '\n' : '') + lines.join(''))
    for (let offset = 0; offset < bytes.byteLength;) offset += writeSync(file, bytes, offset)
    fsyncSync(file)
    if (size === 0) syncDirectory(dirname(path))
  } finally {
    closeSync(file)
  }
}

function endsInMiddle(file: number, size: number): boolean {
  if (size === 0) return false
  const last = new Uint8Array(1)
  readSync(file, last, 0, 1, size - 1)
  return last[0] !== NEWLINE
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

/**
 * The changes in the journal at `path`, oldest first; a line that is cut off or damaged is given as `undefined`. A
 * journal that is not there has none.
 */
export async function* readChanges(
  path: string,
  options: AbortOptions = {},
): AsyncGenerator<Change | undefined, void, void> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
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

function decodeLine(line: string): Change | undefined {
  const text = line.slice(CHECKSUM_LENGTH + 1)
  return line.startsWith(`${checksum(text)} `) ? decodeChange(JSON.parse(text)) : undefined
}
