import { dirname, join } from 'node:path'

import { disk, replaceFile, syncDirectory, unlessMissing } from '@drayage/files'

/** Small files that are written whole or not at all. */
export interface Files {
  /** The text of a file; `undefined` when it is missing. */
  read(path: string): Promise<string | undefined>
  /** Replaces a file, durably. */
  write(path: string, text: string): Promise<void>
  /** Removes a file, durably. Resolves to whether it was there. */
  remove(path: string): Promise<boolean>
  /** The sorted names in a directory, without those of files being written; `undefined` when it is missing. */
  list(path: string): Promise<string[] | undefined>
}

/** Opens the small files below `root`, which is made when the first one is written. Directories have mode 0700, files 0600. */
export function openFiles(root: string): Files {
  return {
    read: (path) => unlessMissing(disk.readFile(join(root, path), 'utf8')),
    write: async (path, text) => {
      const target = join(root, path)
      await makeDirectory(dirname(target))
      await replaceFile(target, text, { mode: 0o600 })
    },
    remove: async (path) => {
      const target = join(root, path)
      const removed = await unlessMissing(disk.rm(target).then(() => true))
      if (removed === undefined) return false
      await syncDirectory(dirname(target))
      return true
    },
    list: async (path) => {
      const names = await unlessMissing(disk.readdir(join(root, path)))
      return names?.filter((name) => !name.startsWith('.')).sort()
    },
  }
}

/** Makes a directory and those above it, and syncs the one that the first new one is in. */
async function makeDirectory(path: string): Promise<void> {
  const first = await disk.mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = path; ; made = dirname(made)) {
    await syncDirectory(dirname(made))
    if (made === first || made === dirname(made)) return
  }
}
