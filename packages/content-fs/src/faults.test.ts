import { execFile } from 'node:child_process'
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

import { fromBytes } from '@drayage/bytes'
import { createMemoryStore, readBlob, verifyBlob, writeBlob } from '@drayage/content'
import { digestHex, digestOf } from '@drayage/digest'
import { randomBytes } from '@drayage/testkit'
import { expect, onTestFinished, test } from 'vitest'

import { createFsStore } from './fs-store.ts'
import { copy } from './test/copy.ts'
import { temporaryDirectory } from './test/temporary-directory.ts'

const run = promisify(execFile)
const isRoot = process.geteuid?.() === 0
const size = 1_500_000
const bytes: Uint8Array = randomBytes('faults', size)
const what = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size }
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

test.each([0o000, 0o022, 0o777])('under umask %o directories are 0700 and blobs 0444', async (umask) => {
  const directory = join(await temporaryDirectory(), 'deep', 'store')
  const script = `
    process.umask(${umask})
    const { createFsStore } = await import(${JSON.stringify(import.meta.resolve('@drayage/content-fs'))})
    const store = createFsStore({ directory: ${JSON.stringify(directory)} })
    const ingest = await store.begin("key")
    await ingest.commit({ mediaType: 'x', digest: ${JSON.stringify(digestOf(''))}, size: 0 })`
  await run(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname })
  for (const part of ['', 'blobs', 'blobs/sha256', 'blobs/sha512', 'ingest', 'trash']) {
    expect(await modeOf(join(directory, part))).toBe(0o700)
  }
  expect(await modeOf(join(directory, 'blobs', 'sha256', digestHex(digestOf(''))))).toBe(0o444)
})

test.each(['blobs', 'blobs/sha256', 'ingest', 'trash'])(
  'a store whose %s is a symbolic link is refused',
  async (part) => {
    const directory = await temporaryDirectory()
    const elsewhere = await temporaryDirectory()
    await mkdir(dirname(join(directory, part)), { recursive: true })
    await symlink(elsewhere, join(directory, part))
    const store = createFsStore({ directory })
    await expect(store.has(what)).rejects.toMatchObject({ code: 'ERR_STORE_UNSAFE', path: join(directory, part) })
    await expect(store.begin('key')).rejects.toMatchObject({ code: 'ERR_STORE_UNSAFE' })
    await expect(store.prepare()).rejects.toMatchObject({ code: 'ERR_STORE_UNSAFE' })
    expect(await readdir(elsewhere)).toEqual([])
    await rm(join(directory, part))
    expect(await store.has(what)).toBe(false)
  },
)

test('an ingest whose directory, data or lock is a symbolic link is refused', async () => {
  const directory = await temporaryDirectory()
  const elsewhere = await temporaryDirectory()
  const store = createFsStore({ directory })
  await store.has(what)
  const ingests = join(directory, 'ingest')
  await writeFile(join(elsewhere, 'victim'), 'unharmed')
  await symlink(elsewhere, join(ingests, 'as-directory'))
  await mkdir(join(ingests, 'as-data'))
  await symlink(join(elsewhere, 'victim'), join(ingests, 'as-data', 'data'))
  await mkdir(join(ingests, 'as-lock'))
  await symlink(join(elsewhere, 'victim'), join(ingests, 'as-lock', 'lock'))
  for (const key of ['as-directory', 'as-data', 'as-lock']) {
    await expect(store.begin(key)).rejects.toMatchObject({ code: 'ERR_STORE_UNSAFE' })
  }
  expect(await readFile(join(elsewhere, 'victim'), 'utf8')).toBe('unharmed')
})

test.each(['blobs', 'blobs/sha256', 'ingest', 'trash'])(
  'a store closes its %s when every user may write there',
  async (part) => {
    const directory = await temporaryDirectory()
    await createFsStore({ directory }).prepare()
    await chmod(join(directory, part), 0o777)
    await createFsStore({ directory }).prepare()
    expect(await modeOf(join(directory, part))).toBe(0o700)
  },
)

test.runIf(isRoot)('a store of another user is refused', async () => {
  const directory = await temporaryDirectory()
  await run('chown', ['12345', directory])
  await expect(createFsStore({ directory }).has(what)).rejects.toMatchObject({ code: 'ERR_STORE_UNSAFE' })
})

const impostors: readonly [string, (path: string) => Promise<unknown>][] = [
  ['a symbolic link', (path) => symlink('/etc/passwd', path)],
  ['a directory', (path) => mkdir(path)],
  ['a directory that is not empty', (path) => mkdir(join(path, 'x'), { recursive: true })],
  ['a pipe', (path) => run('mkfifo', [path])],
]

test.each(impostors)('%s in the place of a blob counts as missing, and a commit replaces it', async (_, make) => {
  const store = createFsStore({ directory: await temporaryDirectory() })
  await store.has(what)
  await make(store.blobPath(what.digest))
  expect(await store.has(what)).toBe(false)
  expect(await verifyBlob(store, what)).toBe('missing')
  await expect(readBlob(store, what)).rejects.toMatchObject({ code: 'ERR_CONTENT_NOT_FOUND' })
  expect(await Array.fromAsync(store.list())).toEqual([])
  expect(await writeBlob(store, what, bytes)).toBe('committed')
  expect(await readBlob(store, what)).toEqual(bytes)
  expect((await lstat(store.blobPath(what.digest))).isFile()).toBe(true)
})

test('a hard link to other bytes in the place of a blob is never given as the blob, and a commit leaves them alone', async () => {
  const directory = await temporaryDirectory()
  const store = createFsStore({ directory: join(directory, 'store') })
  await store.has(what)
  const victim = join(directory, 'victim')
  await writeFile(victim, new Uint8Array(size), { mode: 0o640 })
  await link(victim, store.blobPath(what.digest))
  expect(await verifyBlob(store, what)).toBe('corrupt')
  await expect(readBlob(store, what)).rejects.toMatchObject({ name: 'DigestMismatchError' })
  await writeBlob(store, what, bytes)
  expect(await readBlob(store, what)).toEqual(bytes)
  expect(await readFile(victim)).toEqual(Buffer.alloc(size))
  expect(await modeOf(victim)).toBe(0o640)
})

test.each(impostors)('%s that comes and goes in the place of a blob is never read', async (_, make) => {
  const directory = await temporaryDirectory()
  const store = createFsStore({ directory })
  await writeBlob(store, what, bytes)
  const path = store.blobPath(what.digest)
  const [aside, other] = [join(directory, 'aside'), join(directory, 'other')]
  let isOver = false
  const swap = async (): Promise<void> => {
    for (let left = 40; left > 0; left--) {
      await rename(path, aside)
      await make(path)
      await rename(path, other)
      await rename(aside, path)
      await rm(other, { recursive: true })
    }
  }
  const read = async (): Promise<string[]> => {
    const outcomes = new Set<string>()
    while (!isOver) {
      if (await store.has(what)) outcomes.add('there')
      const found = await readBlob(store, what).catch((error: unknown) => error)
      const isBlob = found instanceof Uint8Array && Buffer.from(found).equals(bytes)
      outcomes.add(isBlob ? 'whole' : String(Reflect.get(Object(found), 'code')))
    }
    return [...outcomes]
  }
  const reading = read()
  await swap().finally(() => (isOver = true))
  const known = ['there', 'whole', 'ERR_CONTENT_NOT_FOUND']
  expect((await reading).filter((outcome) => !known.includes(outcome))).toEqual([])
  expect(await verifyBlob(store, what)).toBe('intact')
})

test.each([
  [
    'flipped',
    (path: string) =>
      writeFile(
        path,
        bytes.map((byte, index) => (index === 700_000 ? byte ^ 1 : byte)),
      ),
  ],
  ['cut off', (path: string) => truncate(path, 1_000_000)],
  ['emptied', (path: string) => truncate(path, 0)],
  ['made longer', (path: string) => truncate(path, size + 1)],
])('a blob that is %s at rest is found, never given as whole, and replaced by a commit', async (_, damage) => {
  const store = createFsStore({ directory: await temporaryDirectory() })
  await writeBlob(store, what, bytes)
  expect(await verifyBlob(store, what)).toBe('intact')
  await chmod(store.blobPath(what.digest), 0o600)
  await damage(store.blobPath(what.digest))
  expect(await verifyBlob(store, what)).toBe('corrupt')
  await expect(readBlob(store, what)).rejects.toMatchObject({ name: /ShortContent|LongContent|DigestMismatch/ })
  await writeBlob(store, what, bytes)
  expect(await readBlob(store, what)).toEqual(bytes)
  expect(await verifyBlob(store, what)).toBe('intact')
})

test.skipIf(!isRoot)(
  'a full disk is ERR_STORE_FULL, keeps the bytes, and the copy continues when there is room',
  async () => {
    const directory = await temporaryDirectory()
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', directory])
    onTestFinished(async () => void (await run('umount', [directory])))
    await writeFile(join(directory, 'ballast'), new Uint8Array(5_000_000))
    const large = randomBytes('full', 6_000_000)
    const wanted = { mediaType: 'application/octet-stream', digest: digestOf(large), size: large.byteLength }
    const source = createMemoryStore()
    await writeBlob(source, wanted, large)
    const store = createFsStore({ directory: join(directory, 'store') })
    const path = join(directory, 'store', 'ingest', wanted.digest.replace(':', '.'), 'data')
    await expect(copy(source, store, wanted)).rejects.toMatchObject({ code: 'ERR_STORE_FULL', path })
    expect(await store.has(wanted)).toBe(false)
    const kept = (await stat(path)).size
    expect(kept).toBeGreaterThan(1_000_000)
    await rm(join(directory, 'ballast'))
    const offsets: number[] = []
    expect(await copy(source, store, wanted, (offset) => offsets.push(offset))).toBe('committed')
    expect(offsets).toEqual([kept])
    expect(await readBlob(store, wanted, { maxBytes: 6_000_000 })).toEqual(large)
  },
)

test.skipIf(!isRoot)(
  'a disk that is mounted read-only is ERR_STORE_UNWRITABLE for writes and serves reads',
  async () => {
    const directory = await temporaryDirectory()
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', directory])
    onTestFinished(async () => void (await run('umount', [directory])))
    await writeBlob(createFsStore({ directory }), what, bytes)
    await run('mount', ['-o', 'remount,ro', directory])
    const store = createFsStore({ directory })
    expect(await readBlob(store, what)).toEqual(bytes)
    await expect(store.begin('key')).rejects.toMatchObject({ code: 'ERR_STORE_UNWRITABLE' })
    await expect(store.delete(what.digest)).rejects.toMatchObject({ code: 'ERR_STORE_UNWRITABLE' })
    await expect(createFsStore({ directory: join(directory, 'new') }).has(what)).rejects.toMatchObject({
      code: 'ERR_STORE_UNWRITABLE',
    })
  },
)

test('sweepIngests() removes what is old and free, and nothing else', async () => {
  const directory = await temporaryDirectory()
  const store = createFsStore({ directory })
  for (const key of ['old', 'held']) {
    await using ingest = await store.begin(key)
    await ingest.append(fromBytes('12345'))
  }
  await writeFile(join(directory, 'trash', 'left'), 'x')
  await mkdir(join(directory, 'ingest', 'not a key'))
  await using held = await store.begin('held')
  expect(await store.sweepIngests({ olderThanMs: 3_600_000 })).toEqual({ ingests: 0, bytes: 0 })
  const later = createFsStore({ directory, now: () => Date.now() + 7_200_000 })
  expect(await later.sweepIngests({ olderThanMs: 3_600_000 })).toEqual({ ingests: 1, bytes: 5 })
  expect((await readdir(join(directory, 'ingest'))).toSorted()).toEqual(['held', 'not a key'])
  expect(await readdir(join(directory, 'trash'))).toEqual([])
  expect(held.offset).toBe(5)
  await expect(store.sweepIngests({ olderThanMs: Number.NaN })).rejects.toThrow(RangeError)
})

test('begin() continues a file that was sealed when its holder died', async () => {
  const directory = await temporaryDirectory()
  const store = createFsStore({ directory })
  {
    await using ingest = await store.begin(what.digest)
    await ingest.append(fromBytes(bytes.subarray(0, 10)))
  }
  const path = join(directory, 'ingest', what.digest.replace(':', '.'), 'data')
  await chmod(path, 0o444)
  await using ingest = await store.begin(what.digest)
  await ingest.append(fromBytes(bytes.subarray(10)))
  expect(await modeOf(path)).toBe(0o600)
  expect(await ingest.commit(what)).toBe('committed')
})
