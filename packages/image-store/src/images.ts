import { parseImageId, type Digest, type ImageId } from '@drayage/digest'

import type { Database, Row } from './database.ts'
import { StoreCorruptError } from './errors.ts'
import type { ImageRecord, NewImage } from './image-record.ts'
import { asDescriptor, asDescriptors, asPlatform } from './record-codec.ts'

/** The rows of images; its calls are parts of the caller's transaction. */
export interface ImageTable {
  get(id: string): ImageRecord | undefined
  /** All images: the latest built first, those of unknown age last. */
  list(): ImageRecord[]
  /** At most two images whose ID starts with `sha256:` and these hex digits. */
  withPrefix(hex: string): ImageRecord[]
  /** The image that has this manifest. */
  ofManifest(manifest: Digest): ImageId | undefined
  /** Every manifest that was put with an image. */
  manifests(id: ImageId): Digest[]
  put(image: NewImage, addedAtMs: number): void
  remove(id: ImageId): void
}

/** Opens the images in `database`. */
export function openImages(database: Database): ImageTable {
  const select = (rest: string, ...params: string[]): ImageRecord[] =>
    database.all(`select * from images ${rest}`, ...params).map(decodeImage)
  return {
    get: (id) => select('where id = ?', id)[0],
    list: () => select('').sort(newestFirst),
    // `g` is the character after the last hex digit.
    withPrefix: (hex) => select('where id >= ? and id < ? order by id limit 2', `sha256:${hex}`, `sha256:${hex}g`),
    ofManifest(manifest) {
      const row = database.all('select image from manifests where digest = ?', manifest)[0]
      return row === undefined ? undefined : parseImageId(String(row['image']))
    },
    manifests: (id) =>
      database
        .all('select descriptor from manifests where image = ? order by digest', id)
        .map((row) => required(asDescriptor(JSON.parse(String(row['descriptor'])))).digest),
    put(image, addedAtMs) {
      const { id, manifest, config, platform, created = null, size, layers } = image
      database.run(
        `insert into images (id, manifest, config, platform, created, size, layers, added_at) values (?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (id) do update set manifest = excluded.manifest, config = excluded.config, layers = excluded.layers,
           size = excluded.size`,
        ...[id, JSON.stringify(manifest), JSON.stringify(config), JSON.stringify(platform)],
        ...[created, size, JSON.stringify(layers), addedAtMs],
      )
      database.run(
        'insert or replace into manifests (digest, image, descriptor) values (?, ?, ?)',
        ...[manifest.digest, id, JSON.stringify(manifest)],
      )
    },
    remove: (id) => database.run('delete from images where id = ?', id),
  }
}

function newestFirst(a: ImageRecord, b: ImageRecord): number {
  return builtAtMs(b) - builtAtMs(a) || b.addedAtMs - a.addedAtMs || (a.id < b.id ? -1 : 1)
}

function builtAtMs(image: ImageRecord): number {
  const time = Date.parse(image.created ?? '')
  return Number.isNaN(time) ? -8.64e15 : time
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new StoreCorruptError('images')
  return value
}

function decodeImage(row: Row): ImageRecord {
  const json = (column: string): unknown => JSON.parse(String(row[column]))
  return {
    id: parseImageId(String(row['id'])),
    manifest: required(asDescriptor(json('manifest'))),
    config: required(asDescriptor(json('config'))),
    platform: required(asPlatform(json('platform'))),
    ...(row['created'] !== null && { created: String(row['created']) }),
    size: Number(row['size']),
    layers: required(asDescriptors(json('layers'))),
    addedAtMs: Number(row['added_at']),
  }
}
