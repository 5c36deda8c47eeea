import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { syncDirectory } from './sync-directory.ts'
import { writeFully } from './write-fully.ts'

/** Makes `bytes` the file's content, durably: readers see the old content or the new one. */
export async function replaceFile(directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(directory, `.${name}.${randomBytes(6).toString('hex')}.partial`)
  const file = await open(temporary, 'wx', 0o644)
  try {
    await writeFully(file, bytes, 0)
    await file.sync()
    await file.close()
    await rename(temporary, join(directory, name))
  } catch (error) {
    await file.close().catch(() => {})
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(directory)
}
