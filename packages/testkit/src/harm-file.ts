import { chmod, open, rm, stat, truncate, utimes } from 'node:fs/promises'

/** What can happen to a file behind the back of those who use it. */
export type Harm = 'deleted' | 'emptied' | 'truncated' | 'flipped'

/** All kinds of harm. */
export const HARMS: readonly Harm[] = ['deleted', 'emptied', 'truncated', 'flipped']

/**
 * Does harm to a file as a disk does: its mode and its times stay. A truncated file loses its second half, a flipped one has
 * bit `bit`, counted from its start, the other way round; 0 by default.
 */
export async function harmFile(path: string, harm: Harm, bit = 0): Promise<void> {
  if (harm === 'deleted') return await rm(path)
  const { atime, mtime, mode, size } = await stat(path)
  await chmod(path, 0o600)
  if (harm === 'flipped') await flip(path, bit)
  else await truncate(path, harm === 'emptied' ? 0 : Math.floor(size / 2))
  await chmod(path, mode)
  await utimes(path, atime, mtime)
}

async function flip(path: string, bit: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const at = Math.floor(bit / 8)
    const byte = Buffer.alloc(1)
    await file.read(byte, 0, 1, at)
    byte[0] = (byte[0] ?? 0) ^ (1 << (bit % 8))
    await file.write(byte, 0, 1, at)
  } finally {
    await file.close()
  }
}
