import type { FileHandle } from 'node:fs/promises'
import type { Stats } from 'node:fs'

import { createHasher, digestHex } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

/** How much of either end of a blob its seal is about; a blob of twice as much is sealed as a whole. */
const END_BYTES = 4096

/** Seals are seconds before this one, in 2004: no clock that is right gives a file such a time. */
const SEALS = 2 ** 30

/** The modification time that says that nobody knows whether a file is still what it was. */
const BROKEN = 0

/**
 * The seal of a blob, in seconds since 1970, for its modification time: a hash of its digest, its size and the bytes at both
 * of its ends. A file with another time was written to, copied, or has changed at an end, or comes from a release without
 * seals.
 */
export async function sealOf(
  handle: FileHandle,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
): Promise<number> {
  const hasher = createHasher('sha256')
  hasher.update(Buffer.from(`${digest} ${size}\n`))
  const isSmall = size <= 2 * END_BYTES
  hasher.update(await readAt(handle, 0, isSmall ? size : END_BYTES))
  if (!isSmall) hasher.update(await readAt(handle, size - END_BYTES, END_BYTES))
  return 1 + (Number.parseInt(digestHex(hasher.digest()).slice(0, 8), 16) % (SEALS - 1))
}

/** Whether a file has a seal, be it its own or not. */
export function hasSeal({ mtimeMs }: Pick<Stats, 'mtimeMs'>): boolean {
  return mtimeMs > BROKEN && mtimeMs < SEALS * 1000
}

/** Whether a file has this seal. */
export function hasThisSeal({ mtimeMs }: Pick<Stats, 'mtimeMs'>, seal: number): boolean {
  return mtimeMs === seal * 1000
}

/**
 * Seals a file that was verified. It costs no sync: a seal that a power cut takes is a file that is read once more. Where it
 * cannot be set, as in a store that can only be read, the file is read at each check.
 */
export async function writeSeal(handle: FileHandle, seal: number): Promise<void> {
  await handle.utimes(new Date(), seal).catch(() => {})
}

/** Makes the next check of a file read it whole. */
export async function breakSeal(handle: FileHandle): Promise<void> {
  await writeSeal(handle, BROKEN)
}

/** As many of `length` bytes from `start` on as there are. */
async function readAt(handle: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length)
  let read = 0
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, start + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return bytes.subarray(0, read)
}
