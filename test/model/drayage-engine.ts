import { writeFile } from 'node:fs/promises'
import path from 'node:path'

import { verifyBlob } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { formatPlatform, parsePlatform, type Platform } from '@drayage/manifest'
import { formatReference } from '@drayage/reference'
import {
  createRuntime,
  loadImages,
  pruneImages,
  pullImage,
  pushImage,
  removeImage,
  removePlatforms,
  saveImages,
  tagImage,
  type Runtime,
} from '@drayage/runtime'

import type { Engine, EngineState } from './engine.ts'

/** Options of {@link openDrayageEngine}. */
export interface DrayageEngineOptions {
  /** For the store and the archives. */
  readonly directory: string
}

/** The packages, over a store in a directory. */
export async function openDrayageEngine({ directory }: DrayageEngineOptions): Promise<Engine> {
  await writeFile(path.join(directory, 'config.json'), '{}')
  const runtime = await createRuntime({
    env: { DOCKER_CONFIG: directory },
    home: directory,
    etc: directory,
    storeDirectory: path.join(directory, 'store'),
    platform: parsePlatform('linux/amd64'),
    retry: { attempts: 1, stepMs: 0 },
  })
  let archives = 0
  return {
    pull: async (name, platforms) =>
      void (await pullImage(runtime, name, platforms.length === 0 ? {} : { platforms: parsed(platforms) })),
    tag: (source, target) => tagImage(runtime, source, target),
    remove: async (name) => void (await removeImage(runtime, name, { force: true })),
    removePlatform: async (name, platform) =>
      void (await removePlatforms(runtime, name, parsed([platform]), { force: true })),
    prune: async () => void (await pruneImages(runtime)),
    async push(name) {
      try {
        await pushImage(runtime, name)
        return true
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ERR_INDEX_INCOMPLETE') return false
        throw error
      }
    },
    async save(names, platforms) {
      const file = path.join(directory, `${archives++}.tar`)
      await saveImages(runtime, names, { output: file, ...(platforms.length > 0 && { platforms: parsed(platforms) }) })
      return { file }
    },
    load: async ({ file }) => void (await loadImages(runtime, file)),
    state: () => stateOf(runtime),
    check: (needed, isPruned) => faultsOf(runtime, needed, isPruned),
    [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose](),
  }
}

function parsed(platforms: readonly string[]): Platform[] {
  return platforms.map((text) => parsePlatform(text))
}

async function stateOf(runtime: Runtime): Promise<EngineState> {
  const { images } = await runtime.openStore()
  const names = (await images.listNames()).filter(({ name, isPinned }) => isPinned || name.tag !== undefined)
  const named = new Set(names.map(({ target }) => target.digest))
  const stored = (await images.list()).filter(({ target }) => named.has(target.digest))
  return {
    names: new Map(names.map(({ name, target }) => [formatReference(name), target.digest])),
    platforms: new Map(
      stored.map(({ target, platforms }) => [
        target.digest,
        new Set(platforms.map(({ platform }) => formatPlatform(platform))),
      ]),
    ),
  }
}

async function faultsOf(runtime: Runtime, needed: ReadonlySet<Digest>, isPruned: boolean): Promise<string[]> {
  const { content } = await runtime.openStore()
  const faults: string[] = []
  const found = new Set<Digest>()
  for await (const { digest, size } of content.list()) {
    found.add(digest)
    if (isPruned && !needed.has(digest)) faults.push(`${digest} is kept and not needed`)
    const state = await verifyBlob(content, { mediaType: 'application/octet-stream', digest, size })
    if (state !== 'intact') faults.push(`${digest} is ${state}`)
  }
  for (const digest of needed) if (!found.has(digest)) faults.push(`${digest} is lost`)
  return faults
}
