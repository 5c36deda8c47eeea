import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { collect } from '@drayage/bytes'
import { buildTar, rawEntry, rawHeader, rawPax, run, runOk } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { openArchiveFiles, type ArchiveFiles } from './archive-files.ts'
import { MAX_TAR_META_BYTES, TAR_END } from '@drayage/tar'

const isGnuTar = (await run('tar', ['--version']).catch(() => undefined))?.stdout.includes('GNU tar') ?? false
let directory: string
let path: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drayage-tar-'))
  path = join(directory, 'a.tar')
})
afterEach(() => rm(directory, { recursive: true }))

async function openBytes(...parts: Uint8Array[]): Promise<ArchiveFiles> {
  await writeFile(path, Buffer.concat(parts))
  return openArchiveFiles(path)
}

async function text(files: ArchiveFiles, name: string): Promise<string> {
  return Buffer.from(await collect(files.require(name).open(), { maxBytes: 10_000_000 })).toString()
}

const octal = (value: number): string => value.toString(8).padStart(11, '0')

describe('the table of contents of a tar', () => {
  test('has long names of every dialect', async () => {
    const name = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(300)}`
    const deep = `${'g'.repeat(90)}/${'h'.repeat(90)}`
    await writeFile(
      path,
      await buildTar([
        { path: name, content: 'pax' },
        { path: deep, content: 'prefix' },
      ]),
    )
    await using files = await openArchiveFiles(path)
    expect(await text(files, name)).toBe('pax')
    expect(await text(files, deep)).toBe('prefix')
  })

  test.skipIf(!isGnuTar).each(['gnu', 'ustar', 'pax', 'v7', 'oldgnu'])(
    'reads what tar writes in format %s',
    async (format) => {
      const name = `${'x'.repeat(60)}/${format === 'v7' ? 'a' : 'y'.repeat(80)}`
      await runOk('mkdir', ['-p', join(directory, 'x'.repeat(60))])
      await writeFile(join(directory, name), 'content')
      await runOk('ln', ['-s', 'x'.repeat(60), join(directory, 'link')])
      await runOk('tar', ['-C', directory, '-cf', path, `--format=${format}`, 'x'.repeat(60), 'link'])
      await using files = await openArchiveFiles(path)
      expect(await text(files, name.replace('x'.repeat(60), 'link'))).toBe('content')
    },
  )

  test('takes the last of several members of one name', async () => {
    await using files = await openBytes(
      await buildTar([
        { path: 'a', content: '1' },
        { path: './a', content: '2' },
      ]),
    )
    expect(await text(files, 'a')).toBe('2')
  })

  test('needs no end after the last member, and no padding', async () => {
    await using files = await openBytes((await buildTar([{ path: 'a', content: '1' }])).subarray(0, 513))
    expect(await text(files, 'a')).toBe('1')
  })

  test('reads sizes in base 256 and those of extended headers', async () => {
    const size = Buffer.alloc(12)
    size[0] = 0x80
    size[11] = 3
    const records = Buffer.alloc(512)
    records.write('9 size=4\n')
    await using files = await openBytes(
      rawHeader({ name: 'a', size }),
      Buffer.from('one'.padEnd(512, '\0')),
      rawHeader({ typeflag: 'x', size: octal(9) }),
      records,
      rawHeader({ name: 'b' }),
      Buffer.from('four'.padEnd(512, '\0')),
      TAR_END,
    )
    expect(await text(files, 'a')).toBe('one')
    expect(await text(files, 'b')).toBe('four')
  })

  test('names that lead out of the archive, or are none, are out of reach', async () => {
    const names = ['../x', 'a/../../x', './../x', 'a//../..//x', '', '.', '..', '/x', 'C:\\x', './b//./c']
    await using files = await openBytes(
      ...names.flatMap((name) => [rawHeader({ name, size: octal(1) }), sector(String(names.indexOf(name)))]),
      TAR_END,
    )
    expect([...files.names]).toEqual(['x', 'C:\\x', 'b/c'])
    expect(await text(files, 'x')).toBe(String(names.indexOf('/x')))
    expect(() => files.find('../x')).toThrow('leads out of the archive')
  })

  test('the size in an extended header counts, also for where the next member is', async () => {
    const inner = await buildTar([{ path: 'manifest.json', content: 'smuggled' }])
    const record = `${`00 size=${inner.byteLength}\n`.length} size=${inner.byteLength}\n`
    await using files = await openBytes(
      rawHeader({ typeflag: 'x', size: octal(record.length) }),
      sector(record),
      rawHeader({ name: 'layer.tar' }),
      inner,
      rawHeader({ name: 'last', size: octal(1) }),
      sector('1'),
      TAR_END,
    )
    expect([...files.names]).toEqual(['layer.tar', 'last'])
    expect(files.require('layer.tar').size).toBe(inner.byteLength)
    expect(await text(files, 'last')).toBe('1')
  })

  test('an extended header of 2 GiB is refused unread', async () => {
    for (const flag of ['x', 'L', 'K']) {
      await writeFile(path, rawHeader({ typeflag: flag, size: octal(2 ** 31) }))
      await truncate(path, 2 ** 31 + 2048)
      await expect(openArchiveFiles(path)).rejects.toMatchObject({
        name: 'ArchiveLimitError',
        limit: 'extendedHeader',
        max: MAX_TAR_META_BYTES,
      })
    }
  })

  test('a name of 10^5 levels is refused', async () => {
    const tar = await buildTar([{ path: 'a/'.repeat(100_000) + 'b', content: '' }])
    await expect(openBytes(tar)).rejects.toMatchObject({ name: 'ArchiveLimitError', limit: 'names' })
  })

  test
    .skipIf(!isGnuTar)
    .each([
      ['--format=gnu'],
      ['--format=oldgnu'],
      ['--format=posix', '--sparse-version=0.0'],
      ['--format=posix', '--sparse-version=0.1'],
      ['--format=posix', '--sparse-version=1.0'],
    ])('reads sparse files with their holes, as tar -S %s %s writes them', async (...format) => {
    const bytes = new Uint8Array(3_000_000)
    for (const at of [0, 300_000, 1_200_000, 1_900_000, 2_500_000, 2_600_000]) bytes.set(Buffer.from(`at ${at}`), at)
    const holes = new Uint8Array(500_000)
    for (const [name, content] of [
      ['some', bytes],
      ['all', holes],
      ['none', Buffer.alloc(70_000, 1)],
    ] as const) {
      const file = await open(join(directory, name), 'w')
      await file.truncate(content.byteLength)
      for (let at = 0; at < content.byteLength; at += 4096) {
        const block = content.subarray(at, at + 4096)
        if (block.some((byte) => byte !== 0)) await file.write(block, 0, block.byteLength, at)
      }
      await file.close()
    }
    await runOk('tar', ['-C', directory, '-S', '-cf', path, ...format, 'some', 'all', 'none'])
    await using files = await openArchiveFiles(path)
    const read = async (name: string, offset: number): Promise<Uint8Array> =>
      await collect(files.require(name).open({ offset }), { maxBytes: 10_000_000 })
    for (const offset of [0, 1, 299_999, 300_003, 1_000_000, 1_200_000, 2_500_004, 2_999_999, 3_000_000]) {
      expect(Buffer.compare(await read('some', offset), bytes.subarray(offset))).toBe(0)
    }
    expect(files.require('some').size).toBe(bytes.byteLength)
    expect(await read('all', 5)).toEqual(holes.subarray(5))
    expect(await read('none', 0)).toEqual(new Uint8Array(70_000).fill(1))
    expect(await files.require('some').prefix(10)).toEqual(bytes.subarray(0, 10))
  })

  test.each(['short', 'x'.repeat(700)])(
    'a sparse file that stores more or less than its pieces is refused',
    async (data) => {
      const pax = rawPax({
        ...{ 'GNU.sparse.major': '0', 'GNU.sparse.minor': '1', 'GNU.sparse.size': '1000' },
        ...{ 'GNU.sparse.numblocks': '1', 'GNU.sparse.map': '0,600' },
      })
      await expect(openBytes(pax, rawEntry({ name: 'a' }, data), TAR_END)).rejects.toMatchObject({ fault: 'tar' })
    },
  )

  test.each([
    ['nothing', [new Uint8Array(0)]],
    ['an empty archive', [TAR_END]],
    ['text', [Buffer.from('hello'.repeat(300))]],
    ['half a header', [rawHeader({}).subarray(0, 300)]],
    ['another checksum', [Buffer.from(rawHeader({})).fill(1, 0, 1)]],
    ['a size that is no number', [rawHeader({ size: '99999999999' })]],
    ['a negative size', [rawHeader({ size: new Uint8Array(12).fill(0xff) })]],
    ['a size beyond all files', [rawHeader({ size: Uint8Array.from([0x80, ...new Uint8Array(11).fill(0xff)]) })]],
    ['a member that is cut off', [rawHeader({ size: octal(1000) }), new Uint8Array(512)]],
    ['an empty header before others', [new Uint8Array(512), rawHeader({})]],
    [
      'a record of another form',
      [rawHeader({ typeflag: 'x', size: octal(512) }), new Uint8Array(512).fill(0x41), rawHeader({})],
    ],
    ['a record that is too long', [rawHeader({ typeflag: 'x', size: octal(9) }), sector('99 path=a\n'), rawHeader({})]],
    ['a size that is text', [rawHeader({ typeflag: 'x', size: octal(9) }), sector('9 size=x\n'), rawHeader({})]],
  ])('%s is refused as no tar', async (_, parts) => {
    await expect(openBytes(...parts)).rejects.toMatchObject({ name: 'ArchiveFormatError', fault: 'tar' })
  })

  function sector(content: string): Uint8Array {
    return Buffer.from(content.padEnd(512, '\0'))
  }

  test('tells when the file became shorter', async () => {
    await using files = await openBytes(await buildTar([{ path: 'a', content: 'x'.repeat(5000) }]))
    const file = files.require('a')
    await truncate(path, 2000)
    await expect(collect(file.open(), { maxBytes: 10_000 })).rejects.toMatchObject({ fault: 'tar' })
  })

  test('leaves no file open when it fails', async () => {
    const before = await countOpen()
    for (let round = 0; round < 20; round++) await expect(openBytes(TAR_END)).rejects.toThrow('holds no files')
    expect(await countOpen()).toBeLessThan(before + 20)
  })

  async function countOpen(): Promise<number> {
    const file = await open(path, 'a')
    const { fd } = file
    await file.close()
    return fd
  }
})
