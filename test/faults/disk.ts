import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'

/** A file system in a file, and what a power cut would have left of it. */
export interface Disk extends Disposable {
  /** Takes what has reached the disk by now, without what the kernel still holds back: all that a power cut leaves. */
  cut(): void
  /** Turns the power on again, with what the last cut left; the file system replays its journal. */
  restart(): void
}

/** File systems that {@link mountDisk} can make. */
export const FILE_SYSTEMS: Readonly<Record<string, { readonly megabytes: number; readonly make: readonly string[] }>> =
  {
    ext4: { megabytes: 32, make: ['mkfs.ext4', '-q', '-F'] },
    xfs: { megabytes: 320, make: ['mkfs.xfs', '-q', '-f'] },
  }

/** Mounts a new file system with the files of a directory, on disk. It needs root and loop devices. */
export function mountDisk(kind: string, at: string, from: string, place: string): Disk {
  const { megabytes, make } = FILE_SYSTEMS[kind] ?? { megabytes: 0, make: [] }
  const [command = '', ...args] = make
  const image = `${at}.${kind}`
  const left = `${at}.${kind}-left`
  run('truncate', '-s', `${megabytes}M`, image)
  run(command, ...args, image)
  mkdirSync(at, { recursive: true })
  run('mount', '-o', 'loop', image, at)
  cpSync(from, place, { recursive: true, preserveTimestamps: true })
  run('sync', '-f', at)
  return {
    cut: () => run('cp', '--sparse=always', image, left),
    restart() {
      run('umount', at)
      run('mount', '-o', 'loop', left, at)
    },
    [Symbol.dispose]() {
      run('umount', at)
      run('rm', '-f', image, left)
    },
  }
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
