import { concat } from '@drayage/bytes'
import { buildTar, paxRecord, rawEntry, TAR_ZEROS } from '@drayage/testkit'
import { createTarScanner } from '@drayage/tar'
import { describe, expect, it } from 'vitest'

import { layerEntry, type LayerEntry } from './layer-entry.ts'

function scan(...parts: readonly Uint8Array[]): LayerEntry[] {
  const entries: LayerEntry[] = []
  const scanner = createTarScanner((entry) => entries.push(layerEntry(entry)))
  scanner.push(concat([...parts, TAR_ZEROS]))
  scanner.finish()
  return entries
}

describe('layerEntry()', () => {
  it('keeps what a header says, and the target of a link', async () => {
    const entries = scan(
      await buildTar([
        { path: 'etc/passwd', content: 'root', uid: 7, gid: 8, mtime: 99, mode: 0o4755 },
        { path: 'etc/link', type: 'symlink', linkname: 'passwd' },
      ]),
    )
    const common = { name: 'etc/passwd', type: 'file', size: 4, mode: 0o4755, uid: 7, gid: 8, mtime: 99, offset: 512 }
    expect(entries[0]).toEqual(common)
    expect(entries[1]).toMatchObject({ type: 'symlink', linkname: 'passwd' })
  })

  it('keeps other PAX records, those that are not text in base64', () => {
    const value = Uint8Array.of(1, 0, 0xff, 0xfe)
    const rest = concat([Buffer.from(' SCHILY.xattr.security.capability='), value, Buffer.from('\n')])
    const binary = concat([Buffer.from(String(rest.byteLength + 2)), rest])
    const texts = Buffer.from(paxRecord('SCHILY.xattr.user.a', 'b') + paxRecord('mtime', '1.5'))
    expect(scan(rawEntry({ typeflag: 'x' }, concat([binary, texts])), rawEntry({}))).toMatchObject([
      {
        mtime: 1.5,
        pax: { 'SCHILY.xattr.user.a': 'b' },
        paxBinary: { 'SCHILY.xattr.security.capability': Buffer.from(value).toString('base64') },
      },
    ])
  })
})
