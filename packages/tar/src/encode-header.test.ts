import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'

import { concat, encodeText } from '@drayage/bytes'
import { extract, type Header } from 'tar-stream'
import { describe, expect, it, test } from 'vitest'

import { encodeTarHeader, paddingOf, TAR_END } from './index.ts'

/** What another reader finds in an archive of these files. */
async function readBack(tar: Uint8Array): Promise<Header[]> {
  const found: Header[] = []
  for await (const entry of Readable.from([tar]).pipe(extract())) {
    found.push(entry.header)
    entry.resume()
  }
  return found
}

const NAMES = [
  'a',
  'a'.repeat(100),
  `${'a'.repeat(60)}/${'b'.repeat(90)}`,
  'a'.repeat(101),
  'é',
  `${'d/'.repeat(200)}x`,
]

describe('encodeTarHeader()', () => {
  it.each(NAMES)('writes the name %j so that other readers read it', async (name) => {
    const file = { name, size: 5 }
    const link = { name: `${name}-link`, size: 0, linkTo: name }
    const data = concat([encodeText('hello'), new Uint8Array(paddingOf(5))])
    const tar = concat([encodeTarHeader(file), data, encodeTarHeader(link), TAR_END])
    expect(await readBack(tar)).toMatchObject([
      { name, size: 5, mode: 0o444, type: 'file', uid: 0, gid: 0, mtime: new Date(0) },
      { name: link.name, linkname: name, size: 0, mode: 0o777, type: 'symlink' },
    ])
    const directory = mkdtempSync(path.join(tmpdir(), 'tar-'))
    try {
      writeFileSync(path.join(directory, 'x.tar'), tar)
      const options = { cwd: directory, env: { ...process.env, LC_ALL: 'C.UTF-8' } }
      const listed = execFileSync('tar', ['--quoting-style=literal', '-tf', 'x.tar'], options)
      expect(listed.toString()).toBe(`${name}\n${name}-link\n`)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('takes as many bytes for any size and for any name of one length', () => {
    for (const [name, bytes] of [
      ['short.tar', 512],
      ['a'.repeat(128), 1536],
    ] as const) {
      for (const size of [0, 1, 8 ** 11 - 1, 8 ** 11, Number.MAX_SAFE_INTEGER]) {
        expect(encodeTarHeader({ name, size }).byteLength).toBe(bytes)
      }
    }
    for (const digit of '0123456789abcdef') {
      expect(encodeTarHeader({ name: 'a/layer.tar', size: 0, linkTo: digit.repeat(64) }).byteLength).toBe(512)
      const long = { name: digit.repeat(128), size: 0, linkTo: `../${digit.repeat(128)}.tar` }
      expect(encodeTarHeader(long).byteLength).toBe(1536)
    }
  })

  it('writes sizes of 8 GiB and more in base 256', async () => {
    for (const size of [8 ** 11 - 1, 8 ** 11, 10 ** 13]) {
      const field = encodeTarHeader({ name: 'a', size }).subarray(124, 136)
      expect((field[0] ?? 0) >= 0x80).toBe(size >= 8 ** 11)
    }
  })

  it('refuses names and sizes that a header cannot hold', () => {
    for (const file of [
      { name: '', size: 0 },
      { name: 'a\0b', size: 0 },
      { name: 'a', size: 0, linkTo: 'a\0' },
      { name: 'a', size: -1 },
      { name: 'a', size: 1.5 },
      { name: 'a', size: 2 ** 53 },
    ]) {
      expect(() => encodeTarHeader(file)).toThrow(RangeError)
    }
  })
})

test('paddingOf() fills the last block', () => {
  expect([0, 1, 511, 512, 513, 10 ** 13 + 1].map(paddingOf)).toEqual([0, 511, 1, 0, 511, 511])
})
