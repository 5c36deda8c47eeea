import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Bytes of all unfinished transfers of a store. */
export async function ingestBytes(store: string): Promise<number> {
  const directory = path.join(store, 'ingest')
  const names = await readdir(directory, { recursive: true }).catch(() => [])
  const files = names.filter((name) => name.endsWith('data')).map((name) => path.join(directory, name))
  const sizes = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => undefined)
      return found?.size ?? 0
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Waits until transfers have received this many bytes. */
export async function untilIngestBytes(store: string, bytes: number): Promise<void> {
  while ((await ingestBytes(store)) < bytes) await sleep(20)
}
