import { parseImageId, type Digest } from '@drayage/digest'

import { contentDigest, partsOfContent } from '../images/content-row.ts'
import { asDescriptors, asFacts, asPlatform } from '../record-codec.ts'
import type { ContentRow, ContentTable } from '../tables.ts'
import { descriptorIn, digestIn, jsonIn, required } from './columns.ts'
import type { Database, Row } from './database.ts'

/** What starts with some text, of targets, of manifests of images and of their configs. */
const STARTING_WITH = `
  select digest from targets where digest >= ?1 and digest < ?2
  union select digest from contents where image is not null and digest >= ?1 and digest < ?2
  union select image as digest from contents where image >= ?1 and image < ?2
  order by digest limit ?3`

const NAMED_HERE = 'names.domain = ?2 and names.path = ?3 and names.target <> ?4'

/** What has a manifest in targets with a name in a repository. */
const MANIFEST_HERE = `
  select contents.* from members cross join names on names.target = members.target
  cross join contents on contents.digest = members.manifest
  where members.manifest = ?1 and ${NAMED_HERE} limit 1`

/** What has a part in targets with a name in a repository, by what needs the part: few, unless it is a common base. */
const PART_HERE = `
  select contents.* from needs cross join members on members.manifest = needs.by
  cross join names on names.target = members.target cross join contents on contents.digest = needs.by
  where needs.digest = ?1 and ${NAMED_HERE} limit 1`

/** The same by the names of the repository. */
const PART_OF_NAMED = `
  select contents.* from names cross join members on members.target = names.target
  cross join needs on needs.digest = ?1 and needs.by = members.manifest
  cross join contents on contents.digest = needs.by where ${NAMED_HERE} limit 1`

/** More than this are not counted. */
const MANY = 64

/** How much there is to look at from both ends. */
const ENDS = `
  select (select count(*) from (select 1 from needs where digest = ?1 limit ${MANY})) as needing,
  (select count(*) from (select 1 from names where domain = ?2 and path = ?3 limit ${MANY})) as named`

/** Whether anything needs a digest. */
const NEEDED = `
  select exists (select 1 from targets where digest = ?1) or exists (select 1 from contents where digest = ?1)
  or exists (select 1 from needs where digest = ?1) or exists (select 1 from targets where signed = ?1)
  or exists (select 1 from names where signed = ?1) as needed`

/** The content of a database. */
export function openContentTable(database: Database): ContentTable {
  const get: ContentTable['get'] = (manifest) =>
    database.all('select * from contents where digest = ?', manifest).map(decodeContent)[0]
  const forget = (content: ContentRow | undefined): void => {
    if (content === undefined) return
    const by = contentDigest(content)
    for (const part of partDigests(content)) database.run('delete from needs where digest = ? and by = ?', part, by)
  }
  return {
    get,
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
    inRepository({ domain, path }, digest, how, except) {
      const find = (sql: string): ContentRow | undefined =>
        database.all(sql, digest, domain, path, except ?? '').map(decodeContent)[0]
      if (how === 'manifest') return find(MANIFEST_HERE)
      const [ends] = database.all(ENDS, digest, domain, path)
      return find(Number(ends?.['needing']) > Number(ends?.['named']) ? PART_OF_NAMED : PART_HERE)
    },
    isNeeded: (digest) => database.all(NEEDED, digest)[0]?.['needed'] === 1,
    setFacts: (manifest, facts) =>
      database.run('update contents set facts = ? where digest = ?', JSON.stringify(facts), manifest),
    manifestsOf: (image) =>
      database.all('select digest from contents where image = ?', image).map((row) => digestIn(row, 'digest')),
    // `g` is the character after the last hex digit.
    startingWith: (start, limit) =>
      database.all(STARTING_WITH, start, `${start}g`, limit).map((row) => digestIn(row, 'digest')),
    add(target, content) {
      const digest = contentDigest(content)
      const known = get(digest)
      // What was kept as bytes may have become an image.
      if (known === undefined || (known.kind === 'other' && content.kind === 'image')) {
        forget(known)
        database.run(
          `insert into contents (digest, descriptor, image, config, platform, created, size, parts)
           values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (digest) do update set descriptor = excluded.descriptor,
           image = excluded.image, config = excluded.config, platform = excluded.platform, created = excluded.created,
           size = excluded.size, parts = excluded.parts`,
          ...[digest, ...encodeContent(content)],
        )
        for (const part of partDigests(content))
          database.run('insert or ignore into needs (digest, by) values (?, ?)', part, digest)
      }
      database.run('insert or ignore into members (target, manifest) values (?, ?)', target, digest)
    },
    remove: (target, manifest) =>
      database.run('delete from members where target = ? and manifest = ?', target, manifest),
    forgetUnused(manifest) {
      if (database.all('select 1 from members where manifest = ? limit 1', manifest).length > 0) return
      forget(get(manifest))
      database.run('delete from contents where digest = ?', manifest)
    },
  }
}

/** The digests of what content needs besides its manifest. */
function partDigests(content: ContentRow): Digest[] {
  const [, ...parts] = partsOfContent(content)
  return parts.map(({ digest }) => digest)
}

/** The columns of content after its digest, in their order. */
function encodeContent(content: ContentRow): (string | number | null)[] {
  if (content.kind === 'other') {
    const { manifest, parts } = content.other
    return [JSON.stringify(manifest), null, null, null, null, null, JSON.stringify(parts)]
  }
  const { id, manifest, config, platform, created = null, size, layers } = content.image
  const [described, ...others] = [manifest, config, platform, layers].map((each) => JSON.stringify(each))
  const [configText = '', platformText = '', layersText = ''] = others
  return [described ?? '', id, configText, platformText, created, size, layersText]
}

function decodeContent(row: Row): ContentRow {
  const manifest = descriptorIn(row, 'descriptor')
  const parts = required(asDescriptors(jsonIn(row, 'parts')))
  const facts = row['facts'] === null ? undefined : asFacts(jsonIn(row, 'facts'))
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
      ...(facts !== undefined && { facts }),
    },
  }
}
