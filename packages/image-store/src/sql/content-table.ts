import { parseImageId } from '@drayage/digest'

import { asDescriptors, asPlatform } from '../record-codec.ts'
import type { ContentRow, ContentTable } from '../tables.ts'
import { descriptorIn, digestIn, jsonIn, required } from './columns.ts'
import type { Database, Row } from './database.ts'

/** What starts with some text, of targets, of manifests of images and of their configs. */
const STARTING_WITH = `
  select digest from targets where digest >= ?1 and digest < ?2
  union select digest from contents where image is not null and digest >= ?1 and digest < ?2
  union select image as digest from contents where image >= ?1 and image < ?2
  order by digest limit ?3`

/** What has a digest in targets with a name in a repository; JSON has digests as they are. */
const IN_REPOSITORY = `
  select distinct members.target, contents.* from names
  join members on members.target = names.target
  join contents on contents.digest = members.manifest
  where names.domain = ?1 and names.path = ?2
  and (contents.digest = ?3 or instr(contents.parts, ?3) or instr(contents.config, ?3))`

/** The content of a database. */
export function openContentTable(database: Database): ContentTable {
  return {
    get: (manifest) => database.all('select * from contents where digest = ?', manifest).map(decodeContent)[0],
    list: () =>
      database
        .all('select target, contents.* from members join contents on contents.digest = manifest order by seq')
        .map((row) => ({ target: digestIn(row, 'target'), content: decodeContent(row) })),
    of: (target) =>
      database
        .all(
          'select contents.* from members join contents on contents.digest = manifest where target = ? order by seq',
          target,
        )
        .map(decodeContent),
    targetsOf: (manifest) =>
      database
        .all('select target from members where manifest = ? order by seq', manifest)
        .map((row) => digestIn(row, 'target')),
    inRepository: ({ domain, path }, digest) =>
      database
        .all(IN_REPOSITORY, domain, path, digest)
        .map((row) => ({ target: digestIn(row, 'target'), content: decodeContent(row) })),
    manifestsOf: (image) =>
      database.all('select digest from contents where image = ?', image).map((row) => digestIn(row, 'digest')),
    // `g` is the character after the last hex digit.
    startingWith: (start, limit) =>
      database.all(STARTING_WITH, start, `${start}g`, limit).map((row) => digestIn(row, 'digest')),
    add(target, content) {
      const { digest, values } = encodeContent(content)
      database.run(
        `insert or ignore into contents (digest, descriptor, image, config, platform, created, size, parts)
         values (?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[digest, ...values],
      )
      // What was kept as bytes may have become an image.
      if (content.kind === 'image')
        database.run(
          `update contents set descriptor = ?, image = ?, config = ?, platform = ?, created = ?, size = ?, parts = ?
           where digest = ? and image is null`,
          ...[...values, digest],
        )
      database.run('insert or ignore into members (target, manifest) values (?, ?)', target, digest)
    },
    remove: (target, manifest) =>
      database.run('delete from members where target = ? and manifest = ?', target, manifest),
    forgetUnused: (manifest) =>
      database.run(
        'delete from contents where digest = ?1 and not exists (select 1 from members where manifest = ?1)',
        manifest,
      ),
  }
}

function encodeContent(content: ContentRow): { digest: string; values: (string | number | null)[] } {
  if (content.kind === 'other') {
    const { manifest, parts } = content.other
    const values = [JSON.stringify(manifest), null, null, null, null, null, JSON.stringify(parts)]
    return { digest: manifest.digest, values }
  }
  const { id, manifest, config, platform, created = null, size, layers } = content.image
  const [described, ...others] = [manifest, config, platform, layers].map((each) => JSON.stringify(each))
  const [configText = '', platformText = '', layersText = ''] = others
  return {
    digest: manifest.digest,
    values: [described ?? '', id, configText, platformText, created, size, layersText],
  }
}

function decodeContent(row: Row): ContentRow {
  const manifest = descriptorIn(row, 'descriptor')
  const parts = required(asDescriptors(jsonIn(row, 'parts')))
  if (row['image'] === null) return { kind: 'other', other: { manifest, parts } }
  return {
    kind: 'image',
    image: {
      id: parseImageId(String(row['image'])),
      manifest,
      config: descriptorIn(row, 'config'),
      platform: required(asPlatform(jsonIn(row, 'platform'))),
      ...(row['created'] !== null && { created: String(row['created']) }),
      size: Number(row['size']),
      layers: parts,
    },
  }
}
