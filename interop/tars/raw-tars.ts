import { Buffer } from 'node:buffer'

import { paxRecord, rawEntry, rawHeader, rawPax, TAR_ZEROS } from '@drayage/testkit'

const GNU = 'ustar  \0'
const LATIN1 = Buffer.from('caf\u00e9', 'latin1')
const put =
  (bytes: Uint8Array | string, at: number) =>
  (block: Uint8Array): void =>
    block.set(Buffer.from(bytes), at)
const base256 = (size: number): Uint8Array => {
  const field = Buffer.alloc(12)
  field.writeUInt8(0x80, 0)
  field.writeUInt32BE(size, 8)
  return field
}
const sparse10 = (realSize: number, map: string, data: string): Uint8Array[] => [
  rawPax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': String(realSize) }),
  rawEntry({ name: 'sparse' }, map.padEnd(512, '\0') + data),
]

/** Tars that no writer writes, or none that is installed: dialects, fields at their limits, and ends that are missing. */
export const RAW_TARS: Readonly<Record<string, readonly Uint8Array[]>> = {
  nothing: [],
  'only the end': [TAR_ZEROS],
  'no padding and no end': [rawEntry({}, 'q'.repeat(700)).subarray(0, 1212)],
  'half a padding': [rawEntry({}, 'q'.repeat(700)).subarray(0, 1300)],
  'half a header at the end': [rawEntry({}, 'q'), rawHeader({}).subarray(0, 200)],
  'one block of zeros': [rawEntry({}), new Uint8Array(512)],
  'one block and a half of zeros': [rawEntry({}), new Uint8Array(700)],
  'zeros before a header': [new Uint8Array(512), rawEntry({}), TAR_ZEROS],
  'data that is cut': [rawEntry({}, 'q'.repeat(700)).subarray(0, 1211)],
  'an extended header and nothing after it': [rawPax({ path: 'lost' })],
  'a wrong checksum': [rawHeader({ checksum: '0000000\0' }), TAR_ZEROS],
  'a signed checksum': [rawHeader({ name: '', patch: put(LATIN1, 0), signedChecksum: true })],
  'a name of all 100 bytes': [rawHeader({ name: 'n'.repeat(100) })],
  'a prefix': [rawHeader({ name: 'b', prefix: 'a'.repeat(155) })],
  'a prefix that is not UTF-8': [rawHeader({ name: 'b', patch: put(LATIN1, 345) })],
  'star, with times': [rawHeader({ name: 'b', prefix: 'a', patch: put('tar\0', 508) })],
  'a prefix in a GNU header': [rawHeader({ name: 'b', prefix: 'not-a-number', magic: GNU })],
  'times in a GNU header': [rawHeader({ magic: GNU, patch: put('00000000017\0', 345) })],
  'no magic': [rawHeader({ magic: '', typeflag: '\0' }), rawHeader({ name: 'd/', magic: '', typeflag: '\0' })],
  'a size in base 256': [rawHeader({ size: base256(3) }), Buffer.alloc(512, 'x')],
  'a size with spaces': [rawHeader({ size: '         3 \0' }), Buffer.alloc(512, 'x')],
  'a negative size': [rawHeader({ size: new Uint8Array(12).fill(0xff) })],
  'a negative size of a directory': [rawHeader({ size: new Uint8Array(12).fill(0xff), typeflag: '5' })],
  'sizes of types without data': ['1', '2', '3', '4', '5', '6'].map((typeflag) => rawHeader({ typeflag, size: 700 })),
  'types without a name': ['7', 'V', 'D', 'A', 'Z', '8'].map((typeflag) => rawEntry({ typeflag }, 'data')),
  'a link in a file': [rawHeader({ linkname: 'where' }), rawHeader({ patch: put(LATIN1, 157), typeflag: '2' })],
  'names of two dialects': [
    rawPax({ path: 'pax', linkpath: 'pax' }),
    rawEntry({ typeflag: 'L', magic: GNU }, 'gnu\0'),
    rawEntry({ typeflag: 'K', magic: GNU }, 'gnu\0'),
    rawHeader({ typeflag: '2' }),
  ],
  'an empty long name': [rawEntry({ typeflag: 'L', magic: GNU }, '\0'), rawEntry({ name: 'short' })],
  'a long name with a slash': [rawEntry({ typeflag: 'L', magic: GNU }, 'd/\0'), rawEntry({ typeflag: '\0' })],
  'a PAX size': [rawPax({ size: '4' }), rawHeader({ size: 0 }), Buffer.alloc(512, 'x'), rawHeader({ name: 'next' })],
  'PAX times': ['1.5', '-1.25', '0.', '7.123456789123', '.5', '1e3'].flatMap((mtime) => [
    rawPax({ mtime }),
    rawEntry({}),
  ]),
  'PAX numbers': [rawPax({ uid: '4294967296', gid: '-1' }), rawEntry({})],
  'a PAX value that is empty': [rawPax({ path: '' }), rawEntry({ name: 'own' })],
  'a PAX key twice': [rawEntry({ typeflag: 'x' }, paxRecord('path', 'a') + paxRecord('path', 'b')), rawEntry({})],
  'two PAX headers': [rawPax({ path: 'first' }), rawPax({ uid: '7' }), rawEntry({})],
  'a global header': [rawPax({ comment: 'c', path: 'p' }, 'g'), rawEntry({})],
  'a global header between': [rawPax({ path: 'lost' }), rawPax({ size: '4' }, 'g'), rawEntry({}, 'four!')],
  'an empty PAX header': [rawHeader({ typeflag: 'x' }), rawEntry({})],
  'a NUL in a path': [rawPax({ path: 'a\0b' }), rawEntry({})],
  'an extended header of 1 MiB and one byte': [rawHeader({ typeflag: 'x', size: 2 ** 20 + 1 })],
  'a sparse file of version 1.0': sparse10(8192, '2\n0\n4\n4096\n4\n', 'datadata'),
  'a sparse file without pieces': sparse10(8192, '0\n', ''),
  'a sparse file out of order': sparse10(8192, '2\n4096\n4\n0\n4\n', 'datadata'),
  'a sparse file beyond its end': sparse10(100, '1\n4096\n4\n', 'data'),
  'a sparse directory': [
    rawPax({ 'GNU.sparse.map': '0,0', 'GNU.sparse.numblocks': '1' }),
    rawHeader({ typeflag: '5' }),
  ],
  'a sparse file of an unknown version': [
    rawPax({ 'GNU.sparse.major': '2', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'real' }),
    rawEntry({}, 'data'),
  ],
  'a path of 5000 levels': [rawPax({ path: 'a/'.repeat(5000) }), rawEntry({})],
}
