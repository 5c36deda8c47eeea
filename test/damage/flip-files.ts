import { createHash } from 'node:crypto'
import { cp, readdir, readFile, rm, stat } from 'node:fs/promises'
import path from 'node:path'

import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import {
  checkStore,
  createRuntime,
  listImages,
  loadImages,
  pruneImages,
  pullImage,
  saveImages,
  type Runtime,
} from '@drayage/runtime'
import { buildImage, buildIndex, HARMS, harmFile, randomBytes, type Harm, type TestImage } from '@drayage/testkit'

import { exitCodeOf } from '../../apps/cli/src/exit-code.ts'
import { fillStorage } from '../fill-storage.ts'
import { Random } from '../fuzz/random.ts'

/** Options of {@link flipFiles}. */
export interface FlipOptions {
  /** How many images the store has, every fifth within an index. */
  readonly images: number
  /** Tries this many cases, chosen by the seed; all by default. */
  readonly sample?: number | undefined
  /** Leaves out so many of the cases, which come in the order of the seed; 0 by default. */
  readonly skip?: number | undefined
  readonly seed: number
  readonly directory: string
  readonly print: (line: string) => void
}

/** Files that tell what a store holds; of these many bits are flipped, one in each case. */
const METADATA = /^(?:metadata\.db|names\.journal|version)/
const FLIPS_OF_METADATA = 16

/** Exit codes with which a command may fail that needs what was harmed: it is not there, or is not what it should be. */
const FAILURES: readonly number[] = [3, 5]

/**
 * Harms the files of a store that a process left when it was killed, one at a time: the database, its WAL, the journal,
 * configs, manifests, indexes, layers, indexes of layers, unfinished downloads and all others. Each time all images are
 * listed, none is pruned, none is saved with a wrong byte, those that need no harmed file are saved, and a repair mends all
 * from the registry. Resolves to what did not hold.
 */
export async function flipFiles({ images, sample, skip = 0, seed, directory, print }: FlipOptions): Promise<string[]> {
  const storage = createMemoryStorage()
  const registry = await serve(createRegistryHandler({ storage }), { graceMs: 0 })
  try {
    const sound = path.join(directory, 'sound')
    const names = await fillStore(sound, registry, storage, images)
    const hashes = await hashesOf(`${sound}-open`, names)
    const cases = (await filesOf(sound)).flatMap((file) => HARMS.flatMap((harm) => casesOf(file, harm)))
    const random = new Random(seed)
    const order = new Map(cases.map((each) => [each, random.next()]))
    const shuffled = cases.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
    const chosen = shuffled.slice(skip, skip + (sample ?? cases.length))
    const faults: string[] = []
    for (const [at, { file, harm }] of chosen.entries()) {
      const harmed = path.join(directory, 'harmed')
      await cp(sound, harmed, { recursive: true, preserveTimestamps: true })
      const bit = random.int(2 ** 30)
      const found = await tryOne(harmed, { file, harm, bit, names, hashes }).catch((error: unknown) => [
        `fails: ${String(error)}`,
      ])
      await rm(harmed, { recursive: true })
      const lines = found.map((fault) => `${harm} ${file} (bit ${bit}, case ${skip + at}): ${fault}`)
      faults.push(...lines)
      for (const line of lines) print(line)
      if (at % 20 === 19) print(`${at + 1} of ${chosen.length} files, ${faults.length} faults`)
    }
    return faults
  } finally {
    await registry.close()
  }
}

function casesOf(file: string, harm: Harm): { readonly file: string; readonly harm: Harm }[] {
  const times = harm === 'flipped' && METADATA.test(file) ? FLIPS_OF_METADATA : 1
  return Array.from({ length: times }, () => ({ file, harm }))
}

function openRuntime(directory: string): Promise<Runtime> {
  return createRuntime({
    env: { DOCKER_CONFIG: directory },
    home: directory,
    etc: directory,
    storeDirectory: path.join(directory, 'store'),
    platform: { os: 'linux', architecture: 'amd64' },
    retry: { attempts: 1, stepMs: 0 },
  })
}

/**
 * Fills a store with images that share a layer, and leaves an unfinished download in it, as a process does that is killed;
 * resolves to the names of the images.
 */
async function fillStore(
  killed: string,
  { host }: HttpServer,
  storage: ReturnType<typeof createMemoryStorage>,
  count: number,
): Promise<string[]> {
  const directory = `${killed}-open`
  await using runtime = await openRuntime(directory)
  const names: string[] = []
  const shared = [{ path: 'shared', content: randomBytes('shared', 20_000) }]
  for (let at = 0; at < count; at++) {
    const own = (seed: string): Promise<TestImage> =>
      buildImage({ layers: [shared, [{ path: 'own', content: randomBytes(`${seed} ${at}`, 10_000) }]] })
    const parts = at % 5 === 0 ? [await own('a'), await own('b')] : [await own('a')]
    const [first] = parts
    for (const image of parts) await fillStorage(storage, { name: `app-${at}`, tags: [], image })
    const image = parts.length > 1 || first === undefined ? buildIndex(parts) : first
    await fillStorage(storage, { name: `app-${at}`, tags: ['1'], image })
    const name = `${host}/app-${at}:1`
    await pullImage(runtime, name)
    names.push(name)
  }
  const { content } = await runtime.openStore()
  await using ingest = await content.begin('unfinished')
  await ingest.append(oneChunk(randomBytes('unfinished', 1000)))
  await cp(directory, killed, { recursive: true, preserveTimestamps: true })
  return names
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes
}

async function filesOf(directory: string): Promise<string[]> {
  const store = path.join(directory, 'store')
  const entries = await readdir(store, { recursive: true, withFileTypes: true })
  const files = entries.filter((each) => each.isFile()).map((each) => path.join(each.parentPath, each.name))
  return files.map((each) => path.relative(store, each)).toSorted()
}

interface HarmedFile {
  readonly file: string
  readonly harm: Harm
  readonly bit: number
  readonly names: readonly string[]
  /** Of the archives that are saved when nothing is harmed. */
  readonly hashes: ReadonlyMap<string, string | number>
}

/** All bytes are hashed; what layers inflate to follows from them. */
const DEEP = { deep: true, bytesPerSecond: Number.MAX_SAFE_INTEGER }

async function tryOne(directory: string, { file, harm, bit, names, hashes }: HarmedFile): Promise<string[]> {
  const faults: string[] = []
  const { size } = await stat(path.join(directory, 'store', file))
  if (size === 0 && harm !== 'deleted') return []
  await harmFile(path.join(directory, 'store', file), harm, bit % (size * 8 || 1))
  await using runtime = await openRuntime(directory)
  const expectAll = async (when: string): Promise<void> => {
    const listed = (await listImages(runtime)).flatMap(({ RepoTags }) => RepoTags)
    const lost = names.filter((name) => !listed.includes(name))
    if (lost.length > 0) faults.push(`${when}: ${lost.join(', ')} not listed`)
  }
  await expectAll('after the harm')
  await pruneImages(runtime)
  await expectAll('after a prune')
  const needing = new Set((await Array.fromAsync(checkStore(runtime, DEEP))).flatMap(({ neededBy }) => neededBy))
  if (needing.size === 0 && file.startsWith('blobs/')) faults.push('a deep check found nothing')
  for (const name of [...needing, ...names.filter((each) => !needing.has(each)).slice(0, 1)]) {
    const found = await saved(runtime, directory, name)
    const isRefused = typeof found === 'number' && needing.has(name) && FAILURES.includes(found)
    if (isRefused || found === hashes.get(name)) continue
    // Of an index one image may be left out.
    const isPart = typeof found === 'string' && needing.has(name)
    if (!isPart || !(await isLoaded(directory))) faults.push(`save ${name}: ${found}`)
  }
  const stays = await Array.fromAsync(checkStore(runtime, { ...DEEP, repair: true }))
  for (const { state, what, note } of stays) if (state === 'fault') faults.push(`repair: ${what}: ${note}`)
  const after = await Array.fromAsync(checkStore(runtime, DEEP))
  for (const { state, what, problem } of after) if (state === 'fault') faults.push(`after it: ${what} ${problem}`)
  for (const name of needing) {
    const found = await saved(runtime, directory, name)
    if (found !== hashes.get(name)) faults.push(`save ${name} after the repair: ${found}`)
  }
  return faults
}

/** Saves an image; resolves to the hash of its archive, or to the exit code. */
async function saved(runtime: Runtime, directory: string, name: string): Promise<string | number> {
  const output = path.join(directory, 'saved.tar')
  try {
    await saveImages(runtime, [name], { output })
  } catch (error) {
    return exitCodeOf(error)
  }
  return createHash('sha256')
    .update(await readFile(output))
    .digest('hex')
}

/** Whether the archive that was saved last can be loaded into a store of its own, which verifies each byte. */
async function isLoaded(directory: string): Promise<boolean> {
  const other = path.join(directory, 'other')
  await using loader = await openRuntime(other)
  const loaded = await loadImages(loader, path.join(directory, 'saved.tar'))
  await rm(other, { recursive: true })
  return loaded.length > 0
}

/** The hashes of the archives of all images of a store. */
async function hashesOf(directory: string, names: readonly string[]): Promise<Map<string, string | number>> {
  await using runtime = await openRuntime(directory)
  const hashes = new Map<string, string | number>()
  for (const name of names) hashes.set(name, await saved(runtime, directory, name))
  return hashes
}
