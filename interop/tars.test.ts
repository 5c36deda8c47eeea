import { Buffer } from 'node:buffer'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import { fromBytes } from '@drayage/bytes'
import { createMemoryStore } from '@drayage/content'
import { digestHex, digestOf, digestOfStream } from '@drayage/digest'
import { createMemoryLayerStore, type LayerEntry, type LayerRecord, type LayerStore } from '@drayage/layer-store'
import { buildImage, layerFromTar, runOk, startDockerd, tempDir, type TempDir } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openArchiveFiles } from '../packages/archive/src/tar/archive-files.ts'
import { memberPath } from '../packages/archive/src/tar/member-path.ts'
import { MAX_NAME } from '../packages/archive/src/tar/tar-contents.ts'
import { Random } from '../test/fuzz/random.ts'
import { dray } from './dray.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'
import { type GoEntry, type GoListing, hasGo, listWithGo } from './tars/go-listing.ts'
import { mutateTar } from './tars/mutate-tar.ts'
import { RAW_TARS } from './tars/raw-tars.ts'

const go = await hasGo()
if (!go) process.stderr.write('skipped: tars compared with archive/tar: missing on PATH: go\n')

const here = havePeers(
  'docker-registry',
  'skopeo',
  'dockerd',
  'docker',
  'bsdtar',
  'busybox',
  'cpio',
  'pax',
  'python3',
  'git',
)

const WRITERS = ['gnutar', 'bsdtar', 'busybox', 'pax', 'cpio', 'python', 'git', 'raw'] as const
const MUTATIONS = 5000
/** Tars that are changed are small, so that most changes meet a header. */
const MOST_CHANGED_BYTES = 40_000

const REFUSED = 'refused'
const REFUSALS: readonly unknown[] = ['ERR_ARCHIVE_FORMAT', 'ERR_ARCHIVE_LIMIT']

/** A tar and what Go finds in it. */
interface Sample {
  readonly name: string
  readonly tar: Uint8Array
  readonly listing: GoListing
}

describe.skipIf(!go || !here)('tars of every writer', () => {
  const fixture = useRegistry()
  let directory: TempDir
  let written: readonly Sample[]
  let changed: readonly Sample[]

  beforeAll(async () => {
    directory = await tempDir()
    await runOk(path.join(import.meta.dirname, 'tars/write-tars.sh'), [directory.path])
    const tars = path.join(directory.path, 'tars')
    const files = await Promise.all(
      (await readdir(tars)).toSorted().map(async (name) => ({ name, tar: await readFile(path.join(tars, name)) })),
    )
    const raw = Object.entries(RAW_TARS).map(([name, parts]) => ({ name: `raw-${name}`, tar: Buffer.concat(parts) }))
    const all = [...files, ...raw]
    const bases = all.filter(({ tar }) => tar.byteLength > 0 && tar.byteLength < MOST_CHANGED_BYTES)
    const mutated = Array.from({ length: MUTATIONS }, (_, seed) => {
      const random = new Random(seed)
      const base = random.pick(bases)
      return { name: `${base.name} with changes of seed ${seed}`, tar: mutateTar(random, base.tar) }
    })
    const listings = await listWithGo(
      directory.path,
      [...all, ...mutated].map(({ tar }) => tar),
    )
    const samples = [...all, ...mutated].map((each, at): Sample => {
      const listing = listings[at]
      if (listing === undefined) throw new Error(`Cannot compare ${each.name}: Go did not list it`)
      return { ...each, listing }
    })
    written = samples.slice(0, all.length)
    changed = samples.slice(all.length)
  })
  afterAll(async () => await directory[Symbol.asyncDispose]())

  test('are more than 200, of eight writers, and Go reads nearly all of them', () => {
    expect(written.length).toBeGreaterThan(200)
    expect(WRITERS.filter((writer) => !written.some(({ name }) => name.startsWith(writer)))).toEqual([])
    const tools = written.filter(({ name }) => !name.startsWith('raw'))
    expect(tools.filter(({ listing }) => listing.failed).map(({ name }) => name)).toEqual([])
    // Neither kind of change is rare.
    const failed = changed.filter(({ listing }) => listing.failed).length
    expect(failed).toBeGreaterThan(MUTATIONS / 10)
    expect(failed).toBeLessThan((MUTATIONS * 9) / 10)
  })

  test.each(['written', 'changed'] as const)('have the entries that Go lists as layers, %s', async (kind) => {
    await using store = createMemoryLayerStore({ content: createMemoryStore() })
    const differences: unknown[] = []
    for (const { name, tar, listing } of kind === 'written' ? written : changed) {
      const found = await asLayer(store, tar)
      const expected = listing.failed ? 'a fault' : listing.entries.map(fromGo)
      if (!isEqual(found, expected)) differences.push({ name, found, expected })
    }
    expect(differences.slice(0, 5)).toEqual([])
  })

  test.each(['written', 'changed'] as const)('have the files that Go reads as archives, %s', async (kind) => {
    const differences: unknown[] = []
    for (const { name, tar, listing } of kind === 'written' ? written : changed) {
      const expected = archiveOf(listing)
      const found = await asArchive(path.join(directory.path, 'archive.tar'), tar, expected)
      const isSparse = listing.entries.some(({ sparse }) => sparse)
      if (!isEqual(found, expected) && !(isSparse && found === REFUSED)) differences.push({ name, found, expected })
    }
    expect(differences.slice(0, 5)).toEqual([])
  })

  test('are pulled as layers, wherever dockerd pulls them and also where it does not', async () => {
    await mkdir(fixture.path('docker'))
    const docker = await startDockerd({ directory: fixture.path('docker') })
    try {
      const ofEach = WRITERS.flatMap((writer) => written.filter(({ name }) => name.startsWith(writer)).slice(0, 1))
      const isBad = ({ listing }: Sample): boolean => listing.failed
      const some = [...changed.filter((each) => !isBad(each)).slice(0, 3), ...changed.filter(isBad).slice(0, 2)]
      const outcomes: { readonly name: string; readonly dockerd: boolean; readonly outcome: string }[] = []
      for (const [at, { name, tar }] of [...ofEach, ...some].entries()) {
        const image = await buildImage({ layers: [layerFromTar(tar)] })
        const reference = await fixture.push(`tar-${at}`, image)
        const pulled = await docker.docker(['pull', '-q', reference])
        const { code, stderr } = await dray(fixture.path('store'), 'pull', '-q', reference)
        outcomes.push({ name, dockerd: pulled.code === 0, outcome: code === 0 ? 'pulled' : stderr })
      }
      expect(outcomes.filter(({ outcome }) => outcome !== 'pulled')).toEqual([])
      // Enough of them are real layers to dockerd, so that the comparison means something.
      expect(outcomes.filter(({ dockerd }) => dockerd).length).toBeGreaterThanOrEqual(WRITERS.length - 1)
    } finally {
      await docker.stop()
    }
  })
})

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

const TYPEFLAGS: Readonly<Record<string, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
  global: 'g',
}

/** The entries of a layer as {@link fromGo} has those of Go; `a fault` for one that has none. */
async function asLayer(store: LayerStore, tar: Uint8Array): Promise<unknown> {
  const measurement = await store.measure(fromBytes(tar))
  const blob = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(tar), size: tar.byteLength }
  const place = { diffId: measurement.diffId, holder: 'test' }
  const record: LayerRecord = await store.register(blob, measurement, place)
  const entries = record.fault === undefined ? await Array.fromAsync(store.entries(record.chainId)) : undefined
  await store.release('test')
  return entries?.map(fromIndex) ?? 'a fault'
}

function fromIndex(entry: LayerEntry): unknown {
  const { name, nameBinary, linkname = '', linknameBinary, type, mtime, mtimeNanoseconds = 0, mode, uid, gid } = entry
  const typeflag = entry.typeflag ?? TYPEFLAGS[type]
  const names = [typeflag, nameBinary ?? base64(name)]
  if (type === 'global') return type
  const size = entry.statedSize ?? entry.sparseSize ?? entry.size
  const seconds = Math.round(mtime - mtimeNanoseconds / 1e9)
  return [...names, linknameBinary ?? base64(linkname), size, seconds, mtimeNanoseconds, mode, uid, gid]
}

/** Of a global header Go says only its name, and that differs from run to run where one of its records is malformed. */
function fromGo(entry: GoEntry): unknown {
  const { typeflag, name, linkname, size, seconds, nanoseconds, mode, uid, gid } = entry
  if (typeflag === 'g') return 'global'
  return [typeflag, name, linkname, size, seconds, nanoseconds, bitsOf(mode), uid, gid]
}

/** The bits of a mode that count, where a number holds all of them. */
function bitsOf(mode: number): number {
  return Number(BigInt.asUintN(12, BigInt(mode)))
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

const FILES = ['0', '7', 'S']
const LINKS = ['1', '2']

/** What an archive has to hold by what Go found: its paths, and its files that no link leads to or hides. */
function archiveOf({ entries, failed }: GoListing): unknown {
  const members = entries
    .filter(({ typeflag }) => typeflag !== 'g')
    .map((entry) => ({ entry, text: textOf(entry.name), linkname: textOf(entry.linkname) }))
  const isTooLong = members.some(({ text, linkname }) => Math.max(text.length, linkname.length) > MAX_NAME)
  if (failed || members.length === 0 || isTooLong) return REFUSED
  const paths = new Map<string, GoEntry>()
  for (const { entry, text } of members) {
    const found = memberPath(text)
    if (found !== undefined && found !== '') paths.set(found, entry)
  }
  const links = [...paths].filter(([, { typeflag }]) => LINKS.includes(typeflag)).map(([link]) => link)
  const files = [...paths].filter(
    ([file, { typeflag }]) => FILES.includes(typeflag) && !links.some((link) => file.startsWith(`${link}/`)),
  )
  return { paths: [...paths.keys()], files: files.map(([file, { size, data }]) => [file, size, data]) }
}

/** The same of the archive as it is opened, with the files of `expected`. */
async function asArchive(file: string, tar: Uint8Array, expected: unknown): Promise<unknown> {
  await writeFile(file, tar)
  try {
    await using archive = await openArchiveFiles(file)
    const wanted = (expected as { readonly files?: readonly (readonly [string])[] }).files ?? []
    const files: unknown[] = []
    for (const [name] of wanted) {
      const found = archive.require(name)
      files.push([name, found.size, digestHex((await digestOfStream(found.open())).digest)])
    }
    return { paths: [...archive.names], files }
  } catch (error) {
    if (error instanceof Error && 'code' in error && REFUSALS.includes(error.code)) return REFUSED
    throw error
  }
}

function textOf(bytes: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.from(bytes, 'base64'))
}
