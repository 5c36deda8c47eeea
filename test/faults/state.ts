import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

import { parsePlatform } from '@drayage/manifest'
import { checkStore, createRuntime, findingText, pruneImages, type Runtime } from '@drayage/runtime'

import type { Place } from './place.ts'

/** What a place holds, as its user sees it. */
export interface PlaceState {
  /** What each name stands for. */
  readonly names: ReadonlyMap<string, string>
  /** The digests of all that is listed, and the platforms that it has. */
  readonly images: ReadonlyMap<string, string>
  readonly blobs: ReadonlySet<string>
  /**
   * All files of the place by their paths, with the hash of those in `output`; without those of uploads, with which their
   * clients may go on for a week.
   */
  readonly files: ReadonlyMap<string, string>
  /** What is wrong with the store. */
  readonly faults: readonly string[]
}

/** Opens the store of a place, as the next command would, and reads all of it. */
export async function readState(place: Place): Promise<PlaceState> {
  const { uploads, ...state } = await readStore(place)
  const files = await listFiles(place)
  const ofUploads = uploads.map((id) => path.join('store', 'ingest', id, path.sep))
  return { ...state, files: new Map([...files].filter(([file]) => !ofUploads.some((each) => file.startsWith(each)))) }
}

/** Does what `dray prune` does. */
export async function prunePlace(place: Place): Promise<void> {
  await using runtime = await openPlace(place)
  await pruneImages(runtime)
}

/** Opens the store of a place as programs do. */
export function openPlace({ directory, store }: Place): Promise<Runtime> {
  const platform = parsePlatform('linux/amd64')
  return createRuntime({ env: {}, home: directory, etc: directory, storeDirectory: store, platform })
}

async function readStore(place: Place): Promise<Omit<PlaceState, 'files'> & { readonly uploads: readonly string[] }> {
  await using runtime = await openPlace(place)
  const store = await runtime.openStore()
  const names = new Map((await store.images.listNames()).map(({ reference, target }) => [reference, target.digest]))
  const images = new Map(
    (await store.images.list()).map(({ target, platforms, others }) => [
      target.digest,
      [...platforms, ...others]
        .map(({ manifest }) => manifest.digest)
        .toSorted()
        .join(),
    ]),
  )
  const blobs = new Set<string>()
  for await (const { digest } of store.content.list()) blobs.add(digest)
  const uploads = (await store.uploads.list()).map(({ id }) => id)
  const faults: string[] = []
  for await (const finding of checkStore(runtime, { deep: true })) {
    if (finding.state === 'fault') faults.push(findingText(finding))
  }
  return { names, images, blobs, uploads, faults }
}

/** Files of SQLite that are there while a store is open, or after a process with an open store was killed. */
const BESIDE_DATABASE = /-(wal|shm)$/

/** The name of a damaged database, which tells when it was set aside. */
const SET_ASIDE = /(\.damaged)-\w+$/

async function listFiles({ directory }: Place): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = new Map<string, string>()
  for (const entry of entries) {
    const file = path.join(entry.parentPath, entry.name)
    const name = path.relative(directory, file)
    if (BESIDE_DATABASE.test(name) || entry.isDirectory()) continue
    const known = name.replace(SET_ASIDE, '$1')
    files.set(known, name.startsWith('output') && entry.isFile() ? await hashOf(file) : entry.isFile() ? '' : 'no file')
  }
  return files
}

async function hashOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}
