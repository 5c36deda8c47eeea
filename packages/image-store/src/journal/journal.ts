import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
  type Stats,
} from 'node:fs'
import { dirname } from 'node:path'

import { digestHex, digestOf } from '@drayage/digest'
import { isMissing, readFailure, syncDirectorySync, temporaryBeside, writeFailure } from '@drayage/files'

import { asObject } from '../record-codec.ts'
import { decodeChange, type Change, type FirstChange } from './change.ts'

const CHECKSUM_LENGTH = 16
const NEWLINE = 0x0a

/** The most bytes of a first line. */
const MOST_HEAD_BYTES = 256

/** Which journal a file is, by its first line. Files of releases before it had one start with a change. */
export interface JournalHead {
  readonly id: string
  /** How often it was written anew; each holds all that the one before did. */
  readonly generation: number
}

/** A part of a journal. */
export interface JournalLines {
  /** The changes of each line, oldest first; `undefined` for a line that is damaged. */
  readonly lines: readonly (readonly (Change | FirstChange)[] | undefined)[]
  /** Where the last whole line ends, in bytes. */
  readonly end: number
  /** Where the file ends: behind `end` when a writer died in the middle of a line. */
  readonly size: number
}

/** A journal file as it was found. */
export interface FoundJournal {
  /** In bytes. */
  readonly size: number
  /** What distinguishes the file from any other. */
  readonly file: string
}

function checksum(text: string): string {
  return digestHex(digestOf(text)).slice(0, CHECKSUM_LENGTH)
}

function encodeLine(value: unknown): string {
  const text = JSON.stringify(value)
  return `${checksum(text)} ${text}\n`
}

/** The line of the changes of one transaction. */
export function journalLine(changes: readonly Change[]): string {
  return encodeLine(changes.length === 1 ? changes[0] : changes)
}

/** The first line of a journal. */
function headLine({ id, generation }: JournalHead): string {
  return encodeLine({ op: 'journal', id, generation })
}

/**
 * Appends the changes of a transaction to the journal at `path`, as one durable line, before the database commits them.
 * The caller holds the database's write lock, so that there is one writer at a time. Returns where it began and ended.
 *
 * @throws FileWriteError `ERR_FILE_WRITE`
 */
export function appendChanges(
  path: string,
  changes: readonly Change[],
): { readonly start: number; readonly end: number } {
  let file: number | undefined
  try {
    file = openSync(path, 'a+', 0o600)
    const { size } = fstatSync(file)
    // A writer that died in the middle of a line leaves it without its end; the next line starts on its own.
    const text = `${endsInMiddle(file, size) ? '\n' : ''}${journalLine(changes)}`
    const end = size + writeAll(file, text)
    fsyncSync(file)
    if (size === 0) syncDirectorySync(dirname(path))
    return { start: size, end }
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

function writeAll(file: number, text: string): number {
  const bytes = Buffer.from(text)
  for (let offset = 0; offset < bytes.byteLength;) offset += writeSync(file, bytes, offset)
  return bytes.byteLength
}

/**
 * Makes a journal of these lines that of `path`, durably: a crash leaves the one before or this one. Returns its size in
 * bytes.
 *
 * @throws FileWriteError `ERR_FILE_WRITE`
 */
export function replaceJournal(path: string, head: JournalHead, lines: Iterable<string>): number {
  const temporary = temporaryBeside(path)
  try {
    const file = openSync(temporary, 'wx', 0o600)
    let size = 0
    try {
      size += writeAll(file, headLine(head))
      for (const line of lines) size += writeAll(file, line)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
    syncDirectorySync(dirname(path))
    return size
  } catch (error) {
    rmSync(temporary, { force: true })
    throw writeFailure(error, path)
  }
}

/** Takes away the line that a writer left without its end. @throws FileWriteError `ERR_FILE_WRITE` */
export function cutJournal(path: string, end: number): void {
  try {
    truncateSync(path, end)
  } catch (error) {
    throw writeFailure(error, path)
  }
}

/** The journal at `path` as it is now; `undefined` when there is none. */
export function findJournal(path: string): FoundJournal | undefined {
  return withFile(path, (_file, { size, dev, ino }) => ({ size, file: `${dev} ${ino}` }))
}

/** The first line of a journal, and where it ends; `undefined` for a file without one, and for one that is damaged. */
export function readHead(path: string): (JournalHead & { readonly end: number }) | undefined {
  return withFile(path, (file) => {
    const { lines, end } = splitLines(readFrom(file, 0, MOST_HEAD_BYTES), 0, 1)
    const head = asObject(lines[0] === undefined ? undefined : checkedValue(lines[0]))
    const { id, generation } = head ?? {}
    if (head?.['op'] !== 'journal' || typeof id !== 'string' || typeof generation !== 'number') return undefined
    return { id, generation, end }
  })
}

/** Whether a journal is of a release that wrote no first line: it begins with changes. */
export function isOfBefore(path: string): boolean {
  const [first] = readLines(path, 0).lines
  return first !== undefined && first.length > 0 && readHead(path) === undefined
}

/** The transactions in the journal at `path` from the byte `start` on, where a line begins. A missing journal has none. */
export function readLines(path: string, start: number): JournalLines {
  return (
    withFile(path, (file, { size }) => {
      const { lines, end } = splitLines(readFrom(file, start, size - start), start)
      const filled = lines.filter((line) => line.byteLength > 0)
      return { lines: filled.map(decodeLine), end, size }
    }) ?? { lines: [], end: start, size: 0 }
  )
}

/** Whether a line begins at the byte `position` of the journal at `path`. */
export function beginsLine(path: string, position: number): boolean {
  return withFile(path, (file) => readFrom(file, position - 1, 1)[0] === NEWLINE) ?? false
}

function withFile<T>(path: string, work: (file: number, found: Stats) => T): T | undefined {
  try {
    const file = openSync(path, 'r')
    try {
      return work(file, fstatSync(file))
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw readFailure(error, path)
  }
}

function readFrom(file: number, start: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, length))
  let done = 0
  while (done < bytes.byteLength) {
    const read = readSync(file, bytes, done, bytes.byteLength - done, start + done)
    if (read === 0) break
    done += read
  }
  return bytes.subarray(0, done)
}

/** The lines that have their end, up to `most`, and where the last of them ends. */
function splitLines(bytes: Buffer, start: number, most = Infinity): { lines: Buffer[]; end: number } {
  const lines: Buffer[] = []
  let begin = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0 && lines.length < most; at = bytes.indexOf(NEWLINE, begin)) {
    lines.push(bytes.subarray(begin, at))
    begin = at + 1
  }
  return { lines, end: start + begin }
}

/** What a line holds; `undefined` when it is damaged. */
function checkedValue(bytes: Buffer): unknown {
  const line = bytes.toString()
  const text = line.slice(CHECKSUM_LENGTH + 1)
  if (!line.startsWith(`${checksum(text)} `)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function decodeLine(bytes: Buffer): readonly (Change | FirstChange)[] | undefined {
  const value = checkedValue(bytes)
  if (asObject(value)?.['op'] === 'journal') return []
  const changes = (Array.isArray(value) ? value : [value]).map(decodeChange)
  return changes.every((change) => change !== undefined) ? changes : undefined
}
