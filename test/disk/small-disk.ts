import { copyFileSync, closeSync, mkdirSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs'
import { truncate } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import { run, runOk } from '@drayage/testkit'

/** How a small file system is made. */
export interface SmallDiskOptions {
  /** Of the blocks of ext4: 1024 or 4096. */
  readonly blockBytes: number
  /** Of the whole file system; 24 MiB by default. */
  readonly bytes?: number
}

/** A file system of its own, in a file, mounted. Disposing it unmounts it. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string
  /** Fills it until only so many bytes are free. */
  leave(bytes: number): void
  /** Takes all inodes but so many. */
  leaveInodes(count: number): void
  /** Bytes that are free. */
  free(): number
  remount(options: string): Promise<void>
}

/** Why no file system can be mounted here; `undefined` when it can. */
export async function whyNoDisks(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root of Linux may mount file systems'
  const found = await run('losetup', ['-f'])
  return found.code === 0 ? undefined : `there are no loop devices: ${found.stderr.trim()}`
}

/** Makes an ext4 file system in a file. */
export async function makeDiskImage(file: string, { blockBytes, bytes = 24 << 20 }: SmallDiskOptions): Promise<void> {
  writeFileSync(file, '')
  await truncate(file, bytes)
  // Nothing is kept for root, who runs the tests.
  await runOk('mkfs.ext4', ['-q', '-F', '-m', '0', '-N', '512', '-b', String(blockBytes), file])
}

/** Mounts a copy of a file system in a file, below `directory`. */
export async function mountCopy(image: string, directory: string): Promise<SmallDisk> {
  const copy = path.join(directory, 'disk.img')
  copyFileSync(image, copy)
  return await mountDisk(copy, path.join(directory, 'disk'))
}

/** Mounts the file system in a file. */
export async function mountDisk(image: string, at: string): Promise<SmallDisk> {
  mkdirSync(at, { recursive: true })
  await runOk('mount', ['-o', 'loop', image, at])
  const free = (): number => {
    const { bavail, bsize } = statfsSync(at)
    return bavail * bsize
  }
  return {
    path: at,
    free,
    leave(bytes) {
      const [kept, filler] = [path.join(at, 'kept'), path.join(at, 'filler')]
      fill(kept, bytes)
      fill(filler, Infinity)
      rmSync(kept)
    },
    leaveInodes(count) {
      const directory = path.join(at, 'inodes')
      mkdirSync(directory)
      for (let index = 0; statfsSync(at).ffree > count; index++) writeFileSync(path.join(directory, String(index)), '')
    },
    remount: async (options) => void (await runOk('mount', ['-o', `remount,${options}`, at])),
    async [Symbol.asyncDispose]() {
      await runOk('umount', ['-l', at])
    },
  }
}

/** Writes so many bytes, or as many as there is room for. */
function fill(file: string, bytes: number): void {
  const descriptor = openSync(file, 'w')
  try {
    for (let left = bytes; left > 0; left -= 1024) writeSync(descriptor, new Uint8Array(Math.min(left, 1024)))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  } finally {
    closeSync(descriptor)
  }
}
