import { Buffer } from 'node:buffer'

import { paxRecord } from '@drayage/testkit'

import type { Random } from '../../test/fuzz/random.ts'

const BLOCK = 512

/** Fields of a header: where they start, and how long they are. */
const FIELDS = [
  [0, 100],
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [136, 12],
  [156, 1],
  [157, 100],
  [257, 8],
  [329, 8],
  [337, 8],
  [345, 155],
  [386, 24],
  [482, 1],
  [483, 12],
  [508, 4],
] as const

const TYPEFLAGS = '0123456789xgLKSDVMNAX\0'
const TEXTS = [
  'ustar\x0000',
  'ustar  \0',
  'tar\0',
  'a/b',
  'd/',
  '../x',
  '/',
  'caf\u00e9',
  '\u00ff\u00fe',
  ' ',
  '\0',
  '',
]
const NUMBERS = [
  '0',
  '7',
  '0000644\0',
  ' 12 ',
  '8',
  '-1',
  '77777777777\0',
  '\u0080',
  '\u00ff\u00ff\u00ff',
  '\u0080\0\0\0\0\0\0\0\0\0\0\x05',
]
const KEYS = [
  'path',
  'linkpath',
  'size',
  'uid',
  'gid',
  'mtime',
  'atime',
  'uname',
  'SCHILY.xattr.user.a',
  'GNU.sparse.map',
]
const MORE_KEYS = [
  'GNU.sparse.major',
  'GNU.sparse.minor',
  'GNU.sparse.realsize',
  'GNU.sparse.numblocks',
  'GNU.sparse.name',
]
const VALUES = [
  '',
  '0',
  '1',
  '4',
  '512',
  '-1',
  '1.5',
  '-0.25',
  '1e3',
  'a',
  'a/b/',
  'a\0b',
  '0,4',
  '0,4,8,4',
  '9'.repeat(20),
  'x'.repeat(300),
]

/** A tar with some of its headers, records and blocks changed; of most changed headers the checksum is right again. */
export function mutateTar(random: Random, tar: Uint8Array): Uint8Array {
  let mutated = Buffer.from(tar)
  for (let left = random.between(1, 3); left > 0; left -= 1) mutated = mutateOnce(random, mutated)
  return mutated
}

function mutateOnce(random: Random, tar: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  const headers = headersOf(tar)
  const chosen = headers.length === 0 ? 0 : random.pick(headers)
  const boundary = BLOCK * random.int(tar.byteLength / BLOCK + 1)
  switch (random.int(8)) {
    case 0:
      return tar.subarray(0, random.int(tar.byteLength + 1))
    case 1:
      return Buffer.concat([tar.subarray(0, boundary), tar.subarray(boundary + BLOCK)])
    case 2:
      return Buffer.concat([tar.subarray(0, boundary + BLOCK), tar.subarray(boundary)])
    case 3:
      return Buffer.concat([tar.subarray(0, chosen), extendedHeader(random), tar.subarray(chosen)])
    case 4: {
      const flipped = Buffer.from(tar)
      for (let left = random.between(1, 8); left > 0; left -= 1) flipped[random.int(tar.byteLength)] = random.int(256)
      return flipped
    }
    default: {
      const changed = Buffer.from(tar)
      const block = changed.subarray(chosen, chosen + BLOCK)
      if (block.byteLength < BLOCK) return changed
      changeField(random, block)
      if (random.chance(0.95)) writeChecksum(block)
      return changed
    }
  }
}

/** Where blocks are that look like headers. */
function headersOf(tar: Buffer): number[] {
  const found: number[] = []
  for (let at = 0; at + BLOCK <= tar.byteLength && found.length < 64; at += BLOCK) {
    if (tar.toString('latin1', at + 257, at + 262) === 'ustar') found.push(at)
  }
  return found
}

function changeField(random: Random, block: Buffer): void {
  const [start, length] = random.pick(FIELDS)
  const value = random.chance(0.2)
    ? Buffer.from(random.bytes(length))
    : Buffer.from(length === 1 ? random.pick([...TYPEFLAGS]) : random.pick(length <= 24 ? NUMBERS : TEXTS), 'latin1')
  if (random.chance(0.5)) block.fill(0, start, start + length)
  value.copy(block, start, 0, length)
}

function extendedHeader(random: Random): Uint8Array {
  const typeflag = random.pick(['x', 'x', 'x', 'g', 'L', 'K'])
  const records = Array.from({ length: random.between(1, 3) }, () =>
    paxRecord(random.pick(random.chance(0.5) ? KEYS : MORE_KEYS), random.pick(VALUES)),
  ).join('')
  const data = typeflag === 'L' || typeflag === 'K' ? Buffer.from(`${random.pick(VALUES)}\0`) : Buffer.from(records)
  const block = Buffer.alloc(BLOCK)
  block.write('extended', 0)
  block.write(`${data.byteLength.toString(8).padStart(11, '0')}\0`, 124)
  block.write(`${typeflag}\0${''.padEnd(99, '\0')}ustar\x0000`, 156)
  writeChecksum(block)
  return Buffer.concat([block, data, Buffer.alloc((BLOCK - (data.byteLength % BLOCK)) % BLOCK)])
}

function writeChecksum(block: Buffer): void {
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
}
