import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { digestHex, digestOf, type ImageId } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { parseReference, type Reference } from '@drayage/reference'
import type { TestImage } from '@drayage/testkit'

import { storedName, storedNameText } from '../images/name-rules.ts'
import { MIGRATIONS } from '../sql/schema.ts'
import type { PlatformImage } from '../stored-image.ts'

/** The last layout in which a name selected an image. */
const FIRST_VERSION = 3

/** The database and the journal of a store, written as releases with that layout wrote them. */
export interface FirstStore extends Disposable {
  readonly database: string
  readonly journal: string
  /** Puts an image and gives it names in one transaction. */
  put(image: TestImage, target: Descriptor, ...names: readonly string[]): Promise<void>
  /** Gives names that select no image. */
  name(target: Descriptor, ...names: readonly string[]): Promise<void>
  /** Takes names away, and then an image. */
  remove(names: readonly string[], image?: TestImage): Promise<void>
}

type FirstLine =
  | { readonly op: 'image'; readonly image: PlatformImage; readonly atMs: number }
  | { readonly op: 'unimage'; readonly id: ImageId }
  | { readonly op: 'unname'; readonly name: Reference }
  | {
      readonly op: 'name'
      readonly name: Reference
      readonly target: Descriptor
      readonly image?: ImageId
      readonly atMs: number
    }

/** Makes an empty one in a directory. Its clock ticks a second with each transaction. */
export async function openFirstStore(directory: string): Promise<FirstStore> {
  const [database, journal] = [join(directory, 'metadata.db'), join(directory, 'names.journal')]
  const handle = new DatabaseSync(database)
  handle.exec('pragma journal_mode = wal; pragma foreign_keys = on')
  for (const step of MIGRATIONS.slice(0, FIRST_VERSION)) handle.exec(step)
  handle.exec(`pragma user_version = ${FIRST_VERSION}`)
  let atMs = Date.parse('2024-01-01T00:00:00Z')
  const transact = async (lines: readonly FirstLine[]): Promise<void> => {
    for (const line of lines) write(handle, line)
    const text = JSON.stringify(lines.length === 1 ? lines[0] : lines)
    await appendFile(journal, `${digestHex(digestOf(text)).slice(0, 16)} ${text}\n`)
    atMs += 1000
  }
  const named = (target: Descriptor, image: ImageId | undefined, names: readonly string[]): FirstLine[] =>
    names.map((each) => {
      const name = storedName(parseReference(each))
      return { op: 'name', name, target, ...(image !== undefined && { image }), atMs }
    })
  return {
    database,
    journal,
    put: (image, target, ...names) =>
      transact([{ op: 'image', image: platformImage(image), atMs }, ...named(target, image.imageId, names)]),
    name: (target, ...names) => transact(named(target, undefined, names)),
    remove: (names, image) =>
      transact([
        ...names.map((each): FirstLine => ({ op: 'unname', name: storedName(parseReference(each)) })),
        ...(image === undefined ? [] : [{ op: 'unimage' as const, id: image.imageId }]),
      ]),
    [Symbol.dispose]: () => handle.close(),
  }
}

function write(handle: DatabaseSync, line: FirstLine): void {
  const run = (sql: string, ...values: readonly (string | number | null)[]): void => {
    handle.prepare(sql).run(...values)
  }
  switch (line.op) {
    case 'image': {
      const { id, manifest, config, platform, created = null, size, layers } = line.image
      const [described, ...parts] = [manifest, config, platform].map((each) => JSON.stringify(each))
      run(
        `insert into images (id, manifest, config, platform, created, size, layers, added_at) values (?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (id) do update set manifest = excluded.manifest, config = excluded.config, layers = excluded.layers,
           size = excluded.size`,
        ...[id, described ?? '', ...parts, created, size, JSON.stringify(layers), line.atMs],
      )
      const values = [manifest.digest, id, described ?? '']
      return run('insert or replace into manifests (digest, image, descriptor) values (?, ?, ?)', ...values)
    }
    case 'unimage':
      return run('delete from images where id = ?', line.id)
    case 'unname':
      return run('delete from names where reference = ?', storedNameText(line.name))
    case 'name': {
      const { domain, path, tag = null, digest = null } = line.name
      run(
        'insert or replace into names (reference, domain, path, tag, digest, target, target_digest, image, named_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        ...[storedNameText(line.name), domain, path, tag, digest],
        ...[JSON.stringify(line.target), line.target.digest, line.image ?? null, line.atMs],
      )
    }
  }
}

/** An image as it was put. */
export function platformImage({ imageId: id, manifest, config, platform, layers }: TestImage): PlatformImage {
  const all = layers.map(({ descriptor }) => descriptor)
  const size = all.reduce((sum, layer) => sum + layer.size, 0)
  return { id, manifest, config, platform, created: '1970-01-01T00:00:00Z', size, layers: all }
}
