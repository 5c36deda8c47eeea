import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { collect } from '@drayage/bytes'
import { buildTar, run, runOk } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { openArchiveFiles, type ArchiveFiles } from './archive-files.ts'
import { MAX_EXTENDED_HEADER_BYTES } from './tar-contents.ts'
import { TAR_END } from './tar-header.ts'

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

interface HeaderFields {
  readonly name?: string
  readonly flag?: string
  readonly size?: string
  readonly magic?: string
}

function header({ name = 'a', flag = '0', size = '00000000000', magic = 'ustar\0' }: HeaderFields): Uint8Array {
  const block = Buffer.alloc(512)
  block.write(name, 0, 'utf8')
  block.write('0000644\0', 100, 'latin1')
  block.write(size, 124, 'latin1')
  block.fill(' ', 148, 156)
  block.write(flag, 156, 'latin1')
  block.write(magic, 257, 'latin1')
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
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
      header({ name: 'a', size: size.toString('latin1') }),
      Buffer.from('one'.padEnd(512, '\0')),
      header({ flag: 'x', size: octal(9) }),
      records,
      header({ name: 'b' }),
      Buffer.from('four'.padEnd(512, '\0')),
      TAR_END,
    )
    expect(await text(files, 'a')).toBe('one')
    expect(await text(files, 'b')).toBe('four')
  })

  test('S30: names that lead out of the archive, or are none, are out of reach', async () => {
    const names = ['../x', 'a/../../x', './../x', 'a//../..//x', '', '.', '..', '/x', 'C:\\x', './b//./c']
    await using files = await openBytes(
      ...names.flatMap((name) => [header({ name, size: octal(1) }), sector(String(names.indexOf(name)))]),
      TAR_END,
    )
    expect([...files.names]).toEqual(['x', 'C:\\x', 'b/c'])
    expect(await text(files, 'x')).toBe(String(names.indexOf('/x')))
    expect(() => files.find('../x')).toThrow('leads out of the archive')
  })

  test('S37: the size in an extended header counts, also for where the next member is', async () => {
    const inner = await buildTar([{ path: 'manifest.json', content: 'smuggled' }])
    const record = `${`00 size=${inner.byteLength}\n`.length} size=${inner.byteLength}\n`
    await using files = await openBytes(
      header({ flag: 'x', size: octal(record.length) }),
      sector(record),
      header({ name: 'layer.tar' }),
      inner,
      header({ name: 'last', size: octal(1) }),
      sector('1'),
      TAR_END,
    )
    expect([...files.names]).toEqual(['layer.tar', 'last'])
    expect(files.require('layer.tar').size).toBe(inner.byteLength)
    expect(await text(files, 'last')).toBe('1')
  })

  test('S38: an extended header of 2 GiB is refused unread', async () => {
    for (const flag of ['x', 'L', 'K']) {
      await writeFile(path, header({ flag, size: octal(2 ** 31) }))
      await truncate(path, 2 ** 31 + 2048)
      await expect(openArchiveFiles(path)).rejects.toMatchObject({
        name: 'ArchiveLimitError',
        limit: 'extendedHeader',
        max: MAX_EXTENDED_HEADER_BYTES,
      })
    }
  })

  test('S38: a name of 10^5 levels is refused', async () => {
    const tar = await buildTar([{ path: 'a/'.repeat(100_000) + 'b', content: '' }])
    await expect(openBytes(tar)).rejects.toMatchObject({ name: 'ArchiveLimitError', limit: 'names' })
  })

  test('S38: sparse files are refused', async () => {
    await expect(openBytes(header({ flag: 'S' }), TAR_END)).rejects.toMatchObject({ fault: 'type' })
    const tar = await buildTar([{ path: 'a', pax: { 'GNU.sparse.map': '0,1,'.repeat(1000) } }])
    await expect(openBytes(tar)).rejects.toMatchObject({ fault: 'type' })
  })

  test.each([
    ['nothing', [new Uint8Array(0)]],
    ['an empty archive', [TAR_END]],
    ['text', [Buffer.from('hello'.repeat(300))]],
    ['half a header', [header({}).subarray(0, 300)]],
    ['another checksum', [Buffer.from(header({})).fill(1, 0, 1)]],
    ['a size that is no number', [header({ size: '99999999999' })]],
    ['a negative size', [header({ size: '\xff'.repeat(12) })]],
    ['a size beyond all files', [header({ size: `\x80${'\xff'.repeat(11)}` })]],
    ['a member that is cut off', [header({ size: octal(1000) }), new Uint8Array(512)]],
    ['an empty header before others', [new Uint8Array(512), header({})]],
    ['a record of another form', [header({ flag: 'x', size: octal(512) }), new Uint8Array(512).fill(0x41), header({})]],
    ['a record that is too long', [header({ flag: 'x', size: octal(9) }), sector('99 path=a\n'), header({})]],
    ['a size that is text', [header({ flag: 'x', size: octal(9) }), sector('9 size=x\n'), header({})]],
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
    for (let round = 0; round < 20; round++) await expect(openBytes(TAR_END)).rejects.toThrow('found no files')
    expect(await countOpen()).toBeLessThan(before + 20)
  })

  async function countOpen(): Promise<number> {
    const file = await open(path, 'a')
    const { fd } = file
    await file.close()
    return fd
  }
})
