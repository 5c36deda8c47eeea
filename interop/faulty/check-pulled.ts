import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'

import { verifyBlob } from '@drayage/content'
import { chainIds } from '@drayage/digest'
import { createRuntime, listImages } from '@drayage/runtime'

import type { Closure } from './registry-content.ts'

/**
 * What is wrong with a store that should hold these images and nothing else. Its blobs are hashed by themselves, not
 * through our code, then once more by the store, which also reads each layer to its verified end.
 */
export async function checkPulled(directory: string, closures: readonly Closure[]): Promise<readonly string[]> {
  const wrong: string[] = []
  const wanted = new Set(closures.flatMap(({ all }) => [...all]))
  const blobs = path.join(directory, 'blobs/sha256')
  const found = new Set<string>()
  for (const name of await readdir(blobs)) {
    const actual = createHash('sha256')
      .update(await readFile(path.join(blobs, name)))
      .digest('hex')
    if (actual !== name) wrong.push(`blob ${name} hashes to ${actual}`)
    found.add(`sha256:${name}`)
  }
  for (const digest of wanted) if (!found.has(digest)) wrong.push(`blob ${digest} is missing`)
  // What is made of a schema 1 image.
  const made = closures.some(({ isOld }) => isOld) ? MADE_BLOBS : 0
  const more = [...found].filter((digest) => !wanted.has(digest))
  if (more.length > made * closures.length) wrong.push(`there are more blobs: ${more.join(', ')}`)
  for (const folder of ['ingest', 'scratch']) {
    const left = await filesWithBytes(path.join(directory, folder))
    if (left.length > 0) wrong.push(`${folder} holds ${left.join(', ')}`)
  }
  return [...wrong, ...(await askStore(directory, closures))]
}

/** The signed manifest, a manifest of schema 2, and a config. */
const MADE_BLOBS = 3

/** A process that is killed right after it committed content leaves an empty ingest, which is swept by its age. */
async function filesWithBytes(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name))
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size))
  return files.filter((_, at) => sizes[at] !== 0)
}

async function askStore(directory: string, closures: readonly Closure[]): Promise<readonly string[]> {
  const wrong: string[] = []
  await using runtime = await createRuntime({ env: {}, home: directory, etc: directory, storeDirectory: directory })
  const { content, images, layers } = await runtime.openStore()
  for await (const { digest, size } of content.list()) {
    const state = await verifyBlob(content, { mediaType: 'application/octet-stream', digest, size })
    if (state !== 'intact') wrong.push(`the store calls blob ${digest} ${state}`)
  }
  for (const image of (await images.list()).flatMap(({ platforms }) => platforms)) {
    const config = await images.readConfig(image)
    for (const id of chainIds(config.value.rootfs?.diff_ids ?? [])) {
      for await (const _ of layers.openTar(id));
    }
  }
  const named = new Set((await images.listNames()).map(({ target }): string => target.digest))
  for (const { root } of closures) if (!named.has(root)) wrong.push(`no name stands for ${root}`)
  const shown = await listImages(runtime)
  // Manifests that share a config are one image.
  const wantedImages = new Set(closures.map(({ config }) => config)).size
  if (shown.length !== wantedImages) wrong.push(`${shown.length} images are listed, expected ${wantedImages}`)
  return wrong
}
