import { parseDigest, parseImageId, type Digest, type ImageId } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'

import type { Database, Row } from './database.ts'
import { NameRefusedError, StoreCorruptError } from './errors.ts'
import type { NameRecord, NameTarget } from './image-record.ts'
import { asDescriptor } from './record-codec.ts'

/** A name as the store keeps it: a digest wins over a tag, and `latest` stands where there is neither. */
export function storedName(name: Reference): Reference {
  const { domain, path, tag = 'latest', digest } = name
  return digest === undefined ? { domain, path, tag } : { domain, path, digest }
}

/** The full text of a name as the store keeps it. */
export function storedNameText(name: Reference): string {
  const { domain, path, tag, digest } = storedName(name)
  return digest === undefined ? `${domain}/${path}:${tag}` : `${domain}/${path}@${digest}`
}

/** The rows of names; its calls are parts of the caller's transaction. */
export interface NameTable {
  get(reference: string): NameRecord | undefined
  /** All names, sorted. */
  list(): NameRecord[]
  ofImage(image: ImageId): NameRecord[]
  /** Names without an image that stand for `target`. */
  ofTarget(target: Digest): NameRecord[]
  set(name: Reference, target: NameTarget, namedAtMs: number): void
  remove(reference: string): void
}

const COLUMNS = 'reference, domain, path, tag, digest, target, image, named_at'

/** Opens the names in `database`. */
export function openNames(database: Database): NameTable {
  const select = (rest: string, ...params: string[]): NameRecord[] =>
    database.all(`select ${COLUMNS} from names ${rest}`, ...params).map(decodeName)
  return {
    get: (reference) => select('where reference = ?', reference)[0],
    list: () => select('order by reference'),
    ofImage: (image) => select('where image = ? order by reference', image),
    ofTarget: (target) => select('where target_digest = ? and image is null order by reference', target),
    set(name, { target, image }, namedAtMs) {
      const { domain, path, tag = null, digest = null } = storedName(name)
      database.run(
        `insert into names (reference, domain, path, tag, digest, target, target_digest, image, named_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (reference) do update set
           target = excluded.target, target_digest = excluded.target_digest, image = excluded.image, named_at = excluded.named_at`,
        ...[storedNameText(name), domain, path, tag, digest],
        ...[JSON.stringify(target), target.digest, image ?? null, namedAtMs],
      )
    },
    remove: (reference) => database.run('delete from names where reference = ?', reference),
  }
}

/**
 * Checks that `name` can stand for `target`.
 *
 * @throws NameRefusedError `ERR_NAME_REFUSED`
 */
export function assertCanName(name: Reference, target: Descriptor): void {
  if (name.digest !== undefined && name.digest !== target.digest) {
    throw new NameRefusedError(
      storedNameText(name),
      `Cannot overwrite digest ${name.digest}: found content ${target.digest}`,
    )
  }
  if (name.path === 'sha256' || name.path === 'library/sha256') {
    throw new NameRefusedError(
      storedNameText(name),
      'refusing to create an ambiguous tag using digest algorithm as name',
    )
  }
}

function decodeName(row: Row): NameRecord {
  const target = asDescriptor(JSON.parse(String(row['target'])))
  if (target === undefined) throw new StoreCorruptError('names')
  return {
    reference: String(row['reference']),
    name: {
      domain: String(row['domain']),
      path: String(row['path']),
      ...(row['tag'] !== null && { tag: String(row['tag']) }),
      ...(row['digest'] !== null && { digest: parseDigest(String(row['digest'])) }),
    },
    target,
    ...(row['image'] !== null && { image: parseImageId(String(row['image'])) }),
    namedAtMs: Number(row['named_at']),
  }
}
