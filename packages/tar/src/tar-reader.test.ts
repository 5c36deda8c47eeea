import { concat } from '@drayage/bytes'
import { buildTar, growthOf, paxRecord, rawEntry, rawHeader, rawPax, TAR_ZEROS } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createTarScanner, MAX_TAR_META_BYTES, type TarEntry, TarReader } from './index.ts'

function scan(parts: readonly Uint8Array[], pieces: number = 100_000): TarEntry[] {
  const entries: TarEntry[] = []
  const scanner = createTarScanner((entry) => entries.push(entry))
  const tar = concat(parts)
  for (let offset = 0; offset < tar.byteLength; offset += pieces) scanner.push(tar.subarray(offset, offset + pieces))
  scanner.finish()
  return entries
}

const names = (parts: readonly Uint8Array[]): string[] => scan(parts).map((entry) => entry.name)
const refused = { code: 'ERR_TAR_SYNTAX', name: 'TarSyntaxError' }

test('TarReader finds what a writer wrote, however the tar is cut', async () => {
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
  expect(entries[1]).toMatchObject({ size: 4, mode: 0o644, uid: 7, gid: 8, mtime: 99, headerOffset: 512, offset: 1024 })
  expect(entries[2]?.linkname).toBe('passwd')
  expect(entries[4]?.pax.get('SCHILY.xattr.user.a')).toBe('b')
  for (const pieces of [1, 511, 512, 513]) expect(scan([tar], pieces)).toEqual(entries)
  for (const { size, offset, name } of entries) {
    if (name === 'etc/passwd') expect(Buffer.from(tar.subarray(offset, offset + size)).toString()).toBe('root')
  }
})

test('TarReader reads GNU long names and ustar prefixes', () => {
  const long = 'n/'.repeat(200)
  const parts = [
    rawEntry({ typeflag: 'L', magic: 'ustar  \0' }, `${long}a\0`),
    rawEntry({ typeflag: 'K', magic: 'ustar  \0' }, `${long}b\0`),
    rawHeader({ typeflag: '2', magic: 'ustar  \0' }),
    rawEntry({ name: 'b', prefix: 'a' }),
    rawEntry({ name: 'v7dir/', typeflag: '\0', magic: '' }),
    TAR_ZEROS,
  ]
  expect(scan(parts)).toMatchObject([
    { name: `${long}a`, type: 'symlink', linkname: `${long}b` },
    { name: 'a/b', type: 'file' },
    { name: 'v7dir/', type: 'directory' },
  ])
})

test('TarReader lets the PAX size win over the header, also for where the next entry is', () => {
  const inner = concat([rawEntry({ name: 'smuggled' }, 'x'), TAR_ZEROS])
  const parts = [
    rawPax({ size: String(inner.byteLength) }),
    rawHeader({ name: 'nested.tar', size: 0 }),
    inner,
    rawEntry({ name: 'next' }),
    TAR_ZEROS,
  ]
  expect(names(parts)).toEqual(['nested.tar', 'next'])
})

test('TarReader reads base-256 sizes and refuses negative and unsafe ones', () => {
  const base256 = (bytes: readonly number[]): Uint8Array =>
    Uint8Array.from([...Array.from({ length: 12 - bytes.length }, () => (bytes[0] === 0xff ? 0xff : 0)), ...bytes])
  const positive = base256([3])
  positive[0] = 0x80
  expect(scan([rawHeader({ size: positive }), new Uint8Array(512), TAR_ZEROS])).toMatchObject([{ size: 3 }])
  expect(() => scan([rawHeader({ size: base256([0xff, 0xff]) }), TAR_ZEROS])).toThrow(/negative size/)
  const huge = new Uint8Array(12).fill(0x7f)
  huge[0] = 0x80
  expect(() => scan([rawHeader({ size: huge }), TAR_ZEROS])).toThrow(/not a number/)
})

test.each(['1e3', '-1', '0x10', ' 5', '9'.repeat(30), '1.0'])('TarReader refuses the PAX size %j', (size) => {
  expect(() => scan([rawPax({ size }), rawEntry({}, 'data'), TAR_ZEROS])).toThrow(expect.objectContaining(refused))
})

test.each([
  'nonsense',
  '5 a=b\n',
  '0 a=b\n',
  '99 a=b\n',
  '6 a=bc',
  '5 =b\n',
  '4 a\n',
  '9999999999 a=b\n',
  paxRecord('path', 'a\0b'),
])('TarReader refuses the PAX records %j', (records) => {
  expect(() => scan([rawEntry({ typeflag: 'x' }, records), rawEntry({}), TAR_ZEROS])).toThrow(
    expect.objectContaining(refused),
  )
})

test('TarReader takes the last of two PAX records, and the header where a value is empty', () => {
  const twice = rawEntry({ typeflag: 'x' }, paxRecord('path', 'first') + paxRecord('path', 'last'))
  expect(names([twice, rawEntry({}), rawPax({ path: '' }), rawEntry({ name: 'own' }), TAR_ZEROS])).toEqual([
    'last',
    'own',
  ])
})

const sparseRecords = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '8192' }

/** A sparse file in the old form of GNU, whose header has one piece of 512 bytes. */
function oldSparse(hasMore: boolean, magic = 'ustar  \0'): Uint8Array {
  const patch = (block: Uint8Array): void => {
    block.set(Buffer.from('00000000000\x0000000001000\0'), 386)
    block[482] = hasMore ? 1 : 0
    block.set(Buffer.from('00000010000\0'), 483)
  }
  return rawHeader({ name: 'old', typeflag: 'S', magic, size: 512, patch })
}

test('TarReader finds sparse files of all forms without losing its place', () => {
  const extension = new Uint8Array(512)
  extension.set(Buffer.from('00000002000\x0000000000000\0'), 0)
  const map = Buffer.from('1\n0\n88\n')
  const parts = [
    rawPax({ 'GNU.sparse.size': '4096', 'GNU.sparse.numblocks': '1', 'GNU.sparse.map': '0,4' }),
    rawEntry({ name: 'v0.1' }, 'data'),
    rawEntry({ typeflag: 'x' }, ['size=9', 'numblocks=1', 'offset=0', 'numbytes=4'].map(sparseRecord).join('')),
    rawEntry({ name: 'v0.0' }, 'data'),
    rawPax({ ...sparseRecords, 'GNU.sparse.name': 'v1.0' }),
    rawEntry({ name: 'GNUSparseFile.1/v1.0' }, concat([map, new Uint8Array(600 - map.byteLength)])),
    oldSparse(false),
    new Uint8Array(512),
    oldSparse(true),
    extension,
    new Uint8Array(512),
    rawEntry({ name: 'next' }),
    TAR_ZEROS,
  ]
  expect(scan(parts)).toMatchObject([
    { name: 'v0.1', size: 4, sparseSize: 4096 },
    { name: 'v0.0', size: 4, sparseSize: 9 },
    { name: 'v1.0', size: 600, sparseSize: 8192 },
    { name: 'old', size: 512, sparseSize: 4096 },
    { name: 'old', size: 512, sparseSize: 4096 },
    { name: 'next', size: 0, sparseSize: undefined },
  ])
  for (const pieces of [1, 511, 513]) expect(scan(parts, pieces)).toHaveLength(6)
})

const sparseRecord = (text: string): string => {
  const [key = '', value = ''] = text.split('=')
  return paxRecord(`GNU.sparse.${key}`, value)
}

test.each([
  [
    'pieces beyond the size',
    [rawPax({ 'GNU.sparse.size': '3', 'GNU.sparse.numblocks': '1', 'GNU.sparse.map': '0,4' })],
  ],
  ['a map of another length', [rawPax({ 'GNU.sparse.numblocks': '2', 'GNU.sparse.map': '0,4' })]],
  ['pieces that overlap', [rawPax({ 'GNU.sparse.numblocks': '2', 'GNU.sparse.map': '0,4,2,1' })]],
  ['a map in another order', [rawEntry({ typeflag: 'x' }, sparseRecord('numbytes=4') + sparseRecord('offset=0'))]],
  ['a map that is cut', [rawPax(sparseRecords)]],
  ['a map without numbers', [rawPax(sparseRecords), rawEntry({}, 'none\n'.padEnd(512, '\0'))]],
  ['the old form in another dialect', [oldSparse(false, 'ustar\u000000')]],
] as const)('TarReader refuses a sparse file with %s', (_, parts) => {
  expect(() => scan([...parts, rawEntry({}, 'data'), TAR_ZEROS])).toThrow(expect.objectContaining(refused))
})

test('TarReader accepts signed checksums and refuses wrong ones', () => {
  expect(names([rawHeader({ name: 'ü', signedChecksum: true }), TAR_ZEROS])).toEqual(['ü'])
  expect(() => scan([rawHeader({ checksum: '000001\0 ' }), TAR_ZEROS])).toThrow(/checksum/)
})

test('TarReader takes a tar without end, with one block of zeros and with bytes after the end', () => {
  const entry = rawEntry({ name: 'a' }, 'x')
  const after = rawEntry({ name: 'after' })
  expect(names([entry])).toEqual(['a'])
  expect(names([entry, TAR_ZEROS.subarray(0, 512)])).toEqual(['a'])
  expect(names([entry, TAR_ZEROS, after, Buffer.from('junk')])).toEqual(['a'])
  expect(names([])).toEqual([])
  expect(() => names([entry, TAR_ZEROS.subarray(0, 512), after])).toThrow(/after a block of zeros/)
})

test('TarReader ignores data of links, whatever their size field says', () => {
  expect(
    names([rawHeader({ name: 'l', typeflag: '1', linkname: 'x', size: 512 }), rawEntry({ name: 'next' }), TAR_ZEROS]),
  ).toEqual(['l', 'next'])
})

test('TarReader lets GNU long names win over PAX, and gives global headers as entries that change nothing', () => {
  const gnu = rawEntry({ typeflag: 'L' }, 'one\0')
  expect(scan([rawPax({ path: 'two' }), gnu, rawEntry({}), TAR_ZEROS])).toMatchObject([{ name: 'one' }])
  const lost = rawPax({ path: 'lost' })
  expect(scan([lost, rawPax({ size: '4' }, 'g'), rawEntry({ name: 'a' }), TAR_ZEROS])).toMatchObject([
    { type: 'global', pax: new Map([['size', '4']]) },
    { type: 'file', name: 'a', size: 0 },
  ])
})

test.each([
  ['within a header', [rawHeader({}).subarray(0, 100)]],
  ['within data', [rawHeader({ size: 1000 }), new Uint8Array(512)]],
  ['within a block of zeros', [rawHeader({}), new Uint8Array(100)]],
  ['within an extended header', [rawHeader({ typeflag: 'x', size: 20 })]],
] as const)('TarReader refuses a tar that ends %s', (_name, parts) => {
  expect(() => scan(parts)).toThrow(expect.objectContaining(refused))
})

test('TarReader stops at header bombs', () => {
  const fails = (parts: readonly Uint8Array[], message: RegExp): void => {
    expect(() => scan(parts)).toThrow(
      expect.objectContaining({
        code: 'ERR_TAR_LIMIT',
        name: 'TarLimitError',
        message: expect.stringMatching(message),
      }),
    )
  }
  fails([rawHeader({ typeflag: 'x', size: 2 ** 31 })], /2147483648 bytes/)
  fails([rawHeader({ typeflag: 'L', size: MAX_TAR_META_BYTES + 1 })], /1048577 bytes/)
  const more = new Uint8Array(512)
  more[504] = 1
  const sparse = rawHeader({ typeflag: 'S', magic: 'ustar  \0', patch: (block) => (block[482] = 1) })
  fails([sparse, ...Array.from({ length: 50_000 }, () => more)], /map of holes/)
})

test('TarReader keeps the bytes of names and targets that are not UTF-8', () => {
  const latin1 = Buffer.from('caf\u00e9', 'latin1')
  const put = (at: number) => (block: Uint8Array) => block.set(latin1, at)
  const path = Buffer.concat([Buffer.from('13 path='), latin1, Buffer.from('\n')])
  const parts = [
    rawHeader({ name: '', patch: put(0) }),
    rawHeader({ name: 'a', patch: put(345) }),
    rawHeader({ typeflag: '2', linkname: '', patch: put(157) }),
    rawEntry({ typeflag: 'L', magic: 'ustar  \0' }, latin1),
    rawEntry({}),
    rawEntry({ typeflag: 'x' }, path),
    rawEntry({}),
    rawEntry({ name: 'caf\u00e9' }),
  ]
  const entries = scan(parts)
  expect(entries.map(({ name }) => name)).toEqual([
    'caf\ufffd',
    'caf\ufffd/a',
    'file',
    'caf\ufffd',
    'caf\ufffd',
    'caf\u00e9',
  ])
  const bytes = entries.map(({ nameBytes }) => nameBytes && Buffer.from(nameBytes).toString('latin1'))
  expect(bytes).toEqual(['caf\u00e9', 'caf\u00e9/a', undefined, 'caf\u00e9', 'caf\u00e9', undefined])
  expect(entries[2]).toMatchObject({ linkname: 'caf\ufffd', linknameBytes: Uint8Array.from(latin1) })
})

test('TarReader says what a header states of the size where there is no data', () => {
  const parts = [
    rawHeader({ name: 'dir', typeflag: '5', size: 99 }),
    rawHeader({ name: 'link', typeflag: '1', linkname: 'x', size: 7 }),
    rawEntry({ name: 'file' }, 'four'),
  ]
  expect(scan(parts)).toMatchObject([
    { name: 'dir', size: 0, statedSize: 99 },
    { name: 'link', size: 0, statedSize: 7 },
    { name: 'file', size: 4, statedSize: 4 },
  ])
})

test.each([
  ['1.5', 1.5, 500_000_000],
  ['-1.25', -1.25, 750_000_000],
  ['-0.5', -0.5, 500_000_000],
  ['7.', 7, 0],
  ['1700000000.123456789999', 1_700_000_000.1234567, 123_456_789],
])('TarReader reads the PAX time %s to the nanosecond', (text, mtime, mtimeNanoseconds) => {
  expect(scan([rawPax({ mtime: text }), rawEntry({})])).toMatchObject([
    { mtime: expect.closeTo(mtime, 6), mtimeNanoseconds },
  ])
})

test('TarReader takes 64 bits for a PAX number, and not one more', () => {
  const uid = (text: string): number | undefined => scan([rawPax({ uid: text }), rawEntry({})])[0]?.uid
  expect(uid('9223372036854775807')).toBe(2 ** 63)
  expect(uid('-9223372036854775808')).toBe(-(2 ** 63))
  for (const text of ['9223372036854775808', '-9223372036854775809']) expect(() => uid(text)).toThrow(/uid/)
})

test('TarReader takes time in proportion to a map of holes', () => {
  const map = (count: number): Uint8Array => {
    const lines = `${count}\n${Array.from({ length: count }, (__, at) => `${at}\n1\n`).join('')}`
    const records = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': String(count) }
    const data = Buffer.from(lines.padEnd(Math.ceil(lines.length / 512) * 512, '\0'))
    return concat([rawPax(records), rawEntry({}, Buffer.concat([data, Buffer.alloc(count)]))])
  }
  expect(scan([map(1000)])).toMatchObject([{ sparseSize: 1000 }])
  expect(growthOf((count) => scan([map(count)]), 500)).toBeLessThan(1.5)
})

test('TarReader reads PAX times and identities', () => {
  const parts = [rawPax({ mtime: '1700000000.25', uid: '4294967296', gid: '1000000' }), rawEntry({}), TAR_ZEROS]
  expect(scan(parts)).toMatchObject([{ mtime: 1_700_000_000.25, uid: 4_294_967_296, gid: 1_000_000 }])
  expect(() => scan([rawPax({ mtime: 'NaN' }), rawEntry({}), TAR_ZEROS])).toThrow(/mtime/)
})

test('TarReader says which bytes it needs, so that data can be passed over', () => {
  const tar = concat([
    rawEntry({ name: 'big' }, new Uint8Array(100_000)),
    rawPax({ path: 'long' }),
    rawEntry({}),
    TAR_ZEROS,
  ])
  const reader = new TarReader()
  const found: [string, number][] = []
  let taken = 0
  while (reader.wanted > 0) {
    taken += reader.wanted
    const entry = reader.take(tar.subarray(reader.position, reader.position + reader.wanted))
    if (entry !== undefined) found.push([entry.name, entry.headerOffset])
  }
  expect(found).toEqual([
    ['big', 0],
    ['long', tar.byteLength - 1536],
  ])
  expect(taken).toBeLessThan(3000)
})

test('TarReader reads star, and prefixes where early writers of Go put them', () => {
  const star = rawHeader({ name: 'b', prefix: 'a', patch: (block) => block.set(Buffer.from('tar\0'), 508) })
  const early = rawHeader({ name: 'b', prefix: 'a'.repeat(12), magic: 'ustar  \0' })
  expect(names([star, early, TAR_ZEROS])).toEqual(['a/b', `${'a'.repeat(12)}/b`])
})
