import { concat } from '@drayage/bytes'
import { buildTar } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { END, paxRecord, rawEntry, rawHeader, rawPax } from './test/raw-tar.ts'
import type { TarEntry } from './tar-entry.ts'
import { MAX_TAR_META_BYTES, TarScanner } from './tar-scanner.ts'

function scan(parts: readonly Uint8Array[], pieces: number = 100_000): TarEntry[] {
  const entries: TarEntry[] = []
  const scanner = new TarScanner((entry) => entries.push(entry))
  const tar = concat(parts)
  for (let offset = 0; offset < tar.byteLength; offset += pieces) scanner.push(tar.subarray(offset, offset + pieces))
  scanner.finish()
  return entries
}

const names = (parts: readonly Uint8Array[]): string[] => scan(parts).map((entry) => entry.name)
const refused = { code: 'ERR_LAYER_TAR', name: 'LayerTarError' }

test('TarScanner finds what a writer wrote, however the tar is cut', async () => {
  const tar = await buildTar([
    { path: 'etc', type: 'dir', mode: 0o1777 },
    { path: 'etc/passwd', content: 'root', uid: 7, gid: 8, mtime: 99 },
    { path: 'etc/link', type: 'symlink', linkname: 'passwd' },
    { path: 'etc/hard', type: 'hardlink', linkname: 'etc/passwd' },
    { path: `${'long/'.repeat(60)}ü`, content: new Uint8Array(1000), pax: { 'SCHILY.xattr.user.a': 'b' } },
    { path: 'fifo', type: 'fifo' },
    { path: 'char', type: 'char-device' },
    { path: 'block', type: 'block-device' },
  ])
  const entries = scan([tar])
  expect(entries.map(({ name, type, size }) => [name, type, size])).toEqual([
    ['etc/', 'directory', 0],
    ['etc/passwd', 'file', 4],
    ['etc/link', 'symlink', 0],
    ['etc/hard', 'hardlink', 0],
    [`${'long/'.repeat(60)}ü`, 'file', 1000],
    ['fifo', 'fifo', 0],
    ['char', 'character-device', 0],
    ['block', 'block-device', 0],
  ])
  expect(entries[0]?.mode).toBe(0o1777)
  expect(entries[1]).toEqual({
    name: 'etc/passwd',
    type: 'file',
    size: 4,
    mode: 0o644,
    uid: 7,
    gid: 8,
    mtime: 99,
    offset: 1024,
  })
  expect(entries[2]?.linkname).toBe('passwd')
  expect(entries[4]?.pax).toEqual({ 'SCHILY.xattr.user.a': 'b' })
  for (const pieces of [1, 511, 512, 513]) expect(scan([tar], pieces)).toEqual(entries)
  for (const { size, offset, name } of entries) {
    if (name === 'etc/passwd') expect(Buffer.from(tar.subarray(offset, offset + size)).toString()).toBe('root')
  }
})

test('TarScanner reads GNU long names and ustar prefixes', () => {
  const long = 'n/'.repeat(200)
  const parts = [
    rawEntry({ typeflag: 'L', magic: 'ustar  \0' }, `${long}a\0`),
    rawEntry({ typeflag: 'K', magic: 'ustar  \0' }, `${long}b\0`),
    rawHeader({ typeflag: '2', magic: 'ustar  \0' }),
    rawEntry({ name: 'b', prefix: 'a' }),
    rawEntry({ name: 'v7dir/', typeflag: '\0', magic: '' }),
    END,
  ]
  expect(scan(parts)).toMatchObject([
    { name: `${long}a`, type: 'symlink', linkname: `${long}b` },
    { name: 'a/b', type: 'file' },
    { name: 'v7dir/', type: 'directory' },
  ])
})

test('S37 TarScanner lets the PAX size win over the header, also for where the next entry is', () => {
  const inner = concat([rawEntry({ name: 'smuggled' }, 'x'), END])
  const parts = [
    rawPax({ size: String(inner.byteLength) }),
    rawHeader({ name: 'nested.tar', size: 0 }),
    inner,
    rawEntry({ name: 'next' }),
    END,
  ]
  expect(names(parts)).toEqual(['nested.tar', 'next'])
})

test('S37 TarScanner reads base-256 sizes and refuses negative and unsafe ones', () => {
  const base256 = (bytes: readonly number[]): Uint8Array =>
    Uint8Array.from([...Array.from({ length: 12 - bytes.length }, () => (bytes[0] === 0xff ? 0xff : 0)), ...bytes])
  const positive = base256([3])
  positive[0] = 0x80
  expect(scan([rawHeader({ size: positive }), new Uint8Array(512), END])).toMatchObject([{ size: 3 }])
  expect(() => scan([rawHeader({ size: base256([0xff, 0xff]) }), END])).toThrow(/negative size/)
  const huge = new Uint8Array(12).fill(0x7f)
  huge[0] = 0x80
  expect(() => scan([rawHeader({ size: huge }), END])).toThrow(/no number/)
})

test.each(['1e3', '-1', '0x10', ' 5', '9'.repeat(30), '1.0'])('S37 TarScanner refuses the PAX size %j', (size) => {
  expect(() => scan([rawPax({ size }), rawEntry({}, 'data'), END])).toThrow(expect.objectContaining(refused))
})

test.each([
  'nonsense',
  '5 a=b\n',
  '0 a=b\n',
  '99 a=b\n',
  '06 a=b\n',
  '6 a=bc',
  '5 =b\n',
  '4 a\n',
  '9999999999 a=b\n',
  paxRecord('path', 'a\0b'),
])('S37 TarScanner refuses the PAX records %j', (records) => {
  expect(() => scan([rawEntry({ typeflag: 'x' }, records), rawEntry({}), END])).toThrow(
    expect.objectContaining(refused),
  )
})

test('S37 TarScanner takes the last of two PAX records, and the header where a value is empty', () => {
  const twice = rawEntry({ typeflag: 'x' }, paxRecord('path', 'first') + paxRecord('path', 'last'))
  expect(names([twice, rawEntry({}), rawPax({ path: '' }), rawEntry({ name: 'own' }), END])).toEqual(['last', 'own'])
})

test('S37 TarScanner finds sparse files of all forms without losing its place', () => {
  const oldHeader = (more: boolean): Uint8Array =>
    rawHeader({
      name: 'old',
      typeflag: 'S',
      magic: 'ustar  \0',
      size: 512,
      patch: (block) => {
        block[482] = more ? 1 : 0
        block.set(Buffer.from('00000010000\0'), 483)
      },
    })
  const extension = new Uint8Array(512)
  extension[0] = 0x30
  const parts = [
    rawPax({ 'GNU.sparse.size': '4096', 'GNU.sparse.numblocks': '1' }),
    rawEntry({ name: 'v0.0' }, 'data'),
    rawPax({
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': 'v1.0',
      'GNU.sparse.realsize': '8192',
    }),
    rawEntry({ name: 'GNUSparseFile.1/v1.0' }, new Uint8Array(600).fill(0x31)),
    oldHeader(false),
    new Uint8Array(512),
    oldHeader(true),
    extension,
    new Uint8Array(512),
    rawEntry({ name: 'next' }),
    END,
  ]
  expect(scan(parts)).toMatchObject([
    { name: 'v0.0', size: 4, sparseSize: 4096 },
    { name: 'v1.0', size: 600, sparseSize: 8192 },
    { name: 'old', size: 512, sparseSize: 4096 },
    { name: 'old', size: 512, sparseSize: 4096 },
    { name: 'next', size: 0 },
  ])
})

test('S37 TarScanner accepts signed checksums and refuses wrong ones', () => {
  expect(names([rawHeader({ name: 'ü', signedChecksum: true }), END])).toEqual(['ü'])
  expect(() => scan([rawHeader({ checksum: '000001\0 ' }), END])).toThrow(/checksum/)
})

test('S37 TarScanner takes a tar without end, with one block of zeros and with bytes after the end', () => {
  const entry = rawEntry({ name: 'a' }, 'x')
  const after = rawEntry({ name: 'after' })
  expect(names([entry])).toEqual(['a'])
  expect(names([entry, END.subarray(0, 512)])).toEqual(['a'])
  expect(names([entry, END, after, Buffer.from('junk')])).toEqual(['a'])
  expect(names([])).toEqual([])
  expect(() => names([entry, END.subarray(0, 512), after])).toThrow(/after a block of zeros/)
})

test('S37 TarScanner ignores data of links, whatever their size field says', () => {
  expect(
    names([rawHeader({ name: 'l', typeflag: '1', linkname: 'x', size: 512 }), rawEntry({ name: 'next' }), END]),
  ).toEqual(['l', 'next'])
})

test('S37 TarScanner refuses what readers disagree about', () => {
  const gnu = rawEntry({ typeflag: 'L' }, 'one\0')
  expect(() => scan([rawPax({ path: 'two' }), gnu, rawEntry({}), END])).toThrow(/two long names/)
  expect(() => scan([rawPax({ size: '4' }, 'g'), rawEntry({}), END])).toThrow(/global PAX record "size"/)
  expect(names([rawPax({ comment: 'of a commit' }, 'g'), rawEntry({ name: 'a' }), END])).toEqual(['a'])
})

test.each([
  ['within a header', [rawHeader({}).subarray(0, 100)]],
  ['within data', [rawHeader({ size: 1000 }), new Uint8Array(512)]],
  ['within padding', [rawHeader({ size: 10 }), new Uint8Array(10)]],
  ['after an extended header', [rawPax({ path: 'a' })]],
  ['with an extended header before the end blocks', [rawPax({ path: 'a' }), END]],
  ['within an extended header', [rawHeader({ typeflag: 'x', size: 20 })]],
] as const)('S04 TarScanner refuses a tar that ends %s', (_name, parts) => {
  expect(() => scan(parts)).toThrow(expect.objectContaining(refused))
})

test('S38 TarScanner stops at header bombs', () => {
  const fails = (parts: readonly Uint8Array[], message: RegExp): void => {
    expect(() => scan(parts)).toThrow(expect.objectContaining({ ...refused, message: expect.stringMatching(message) }))
  }
  fails([rawHeader({ typeflag: 'x', size: 2 ** 31 })], /2147483648 bytes/)
  fails([rawHeader({ typeflag: 'L', size: MAX_TAR_META_BYTES + 1 })], /1048577 bytes/)
  fails([rawPax({ path: 'x'.repeat(4097) }), rawEntry({})], /4096 bytes/)
  fails([rawPax({ path: 'a/'.repeat(1024) }), rawEntry({})], /1024 components/)
  fails([rawPax({ linkpath: 'x'.repeat(4097) }), rawHeader({ typeflag: '2' })], /4096 bytes/)
  const more = new Uint8Array(512)
  more[504] = 1
  const sparse = rawHeader({ typeflag: 'S', magic: 'ustar  \0', patch: (block) => (block[482] = 1) })
  fails([sparse, ...Array.from({ length: 50_000 }, () => more)], /map of holes/)
})

test('TarScanner keeps PAX values that are not text', () => {
  const value = Uint8Array.of(1, 0, 0xff, 0xfe)
  const record = concat([Buffer.from('36 SCHILY.xattr.security.capability='.slice(0, 36)), value, Buffer.from('\n')])
  const text = Buffer.from(record)
  const length = text.byteLength
  const fixed = concat([Buffer.from(String(length)), text.subarray(2)])
  expect(scan([rawEntry({ typeflag: 'x' }, fixed), rawEntry({}), END])).toMatchObject([
    { paxBinary: { 'SCHILY.xattr.security.capability': Buffer.from(value).toString('base64') } },
  ])
})

test('TarScanner reads PAX times and identities', () => {
  const parts = [rawPax({ mtime: '1700000000.25', uid: '4294967296', gid: '1000000' }), rawEntry({}), END]
  expect(scan(parts)).toMatchObject([{ mtime: 1_700_000_000.25, uid: 4_294_967_296, gid: 1_000_000 }])
  expect(() => scan([rawPax({ mtime: 'NaN' }), rawEntry({}), END])).toThrow(/mtime/)
})
