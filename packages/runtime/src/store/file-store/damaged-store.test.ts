import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { buildImage, randomBytes, tempDir, type TempDir } from '@drayage/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { listImages } from '../../images/list-images.ts'
import { pruneImages } from '../../images/prune-images.ts'
import { pullImage } from '../../images/pull-image.ts'
import { tagImage } from '../../images/tag-image.ts'
import { createRuntime } from '../../create-runtime.ts'
import { findFaults } from '../../test/check-store.ts'
import { openTestRuntime } from '../../test/open-test-runtime.ts'
import { startRegistry } from '../../test/test-registry.ts'

/** How a store was left: by processes that ended, or by one that was killed. */
const ENDS = ['closed', 'killed'] as const

let directory: TempDir
let names: string[]

beforeAll(async () => {
  directory = await tempDir()
  await using registry = await startRegistry()
  const runtime = await openTestRuntime(directory.path)
  const base = [{ path: 'base', content: randomBytes('base', 3000) }]
  for (let at = 0; at < 12; at++) {
    const image = await buildImage({ layers: [base, [{ path: 'own', content: randomBytes(`own ${at}`, 2000) }]] })
    await pullImage(runtime, await registry.push(`app-${at}`, '1', image))
  }
  await runtime[Symbol.asyncDispose]()
  await using again = await openTestRuntime(directory.path)
  const pulled = (await listImages(again)).flatMap(({ RepoTags }) => RepoTags)
  await cp(again.store.location, at('closed'), { recursive: true })
  for (const [index, name] of pulled.slice(0, 8).entries()) await tagImage(again, name, `kept:${index}`)
  names = (await listImages(again)).flatMap(({ RepoTags }) => RepoTags).sort()
  expect(names).toHaveLength(20)
  // What a process leaves that is killed now.
  await cp(again.store.location, at('killed'), { recursive: true })
  await again[Symbol.asyncDispose]()
  await cp(again.store.location, at('closed'), { recursive: true, force: true })
  for (const file of ['metadata.db-wal', 'metadata.db-shm']) await rm(path.join(at('closed'), file), { force: true })
}, 60_000)
afterAll(() => directory[Symbol.asyncDispose]())

function at(name: string): string {
  return path.join(directory.path, name)
}

let copies = 0

interface Attacked {
  readonly warnings: readonly string[]
}

/** Damages a copy of the store, and looks at what the next command, a prune and the command after it find. */
async function attack(end: (typeof ENDS)[number], damage: (store: string) => Promise<void>): Promise<Attacked> {
  const store = at(`copy-${copies++}`)
  await cp(at(end), store, { recursive: true, preserveTimestamps: true })
  await damage(store)
  const warnings: string[] = []
  const listed = async (): Promise<string[]> => {
    await using runtime = await createRuntime({
      home: directory.path,
      env: {},
      storeDirectory: store,
      onStoreWarning: (text) => warnings.push(text),
    })
    const found = (await listImages(runtime)).flatMap(({ RepoTags }) => RepoTags).sort()
    await pruneImages(runtime)
    expect(await findFaults(await runtime.openStore())).toEqual([])
    return found
  }
  expect(await listed()).toEqual(names)
  const first = [...warnings]
  expect(await listed()).toEqual(names)
  // Mended once.
  expect(warnings).toEqual(first)
  await rm(store, { recursive: true })
  return { warnings }
}

/** Numbers in [0, 1) that are the same in each run. */
function* random(seed: number): Generator<number, never, void> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    yield state / 2 ** 32
  }
}

const FILES = ['metadata.db', 'metadata.db-wal', 'metadata.db-shm', 'names.journal', 'version'] as const
const CASES = ENDS.flatMap((end) => FILES.map((file) => [end, file] as const)).filter(
  ([end, file]) => end === 'killed' || !/-(?:wal|shm)$/.test(file),
)

test.each(CASES)('of a %s store, %s may be gone, empty or garbage', async (end, file) => {
  for (const damage of [
    (where: string) => rm(where),
    (where: string) => writeFile(where, ''),
    (where: string) => writeFile(where, randomBytes('garbage', 9000)),
  ]) {
    await attack(end, (store) => damage(path.join(store, file)))
  }
})

test.each(CASES)('of a %s store, %s may be cut off anywhere', { timeout: 120_000 }, async (end, file) => {
  const next = random(file.length + end.length)
  for (let sample = 0; sample < 3; sample++) {
    await attack(end, async (store) => {
      const bytes = await readFile(path.join(store, file))
      await writeFile(path.join(store, file), bytes.subarray(0, Math.floor(next.next().value * bytes.byteLength)))
    })
  }
})

test.each(CASES)('of a %s store, any bit of %s may be changed', { timeout: 240_000 }, async (end, file) => {
  const next = random(file.length * end.length)
  for (let sample = 0; sample < 6; sample++) {
    const where = next.next().value
    const bit = Math.floor(next.next().value * 8)
    let offset = 0
    await attack(end, async (store) => {
      const bytes = await readFile(path.join(store, file))
      offset = Math.floor((sample % 3 === 0 ? where ** 4 : where) * bytes.byteLength)
      bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit)
      await writeFile(path.join(store, file), bytes)
    }).catch((error: unknown) => {
      throw new Error(`bit ${bit} of byte ${offset}`, { cause: error })
    })
  }
})
