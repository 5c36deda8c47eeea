import { request } from 'node:http'
import path from 'node:path'

import { collect } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import { formatPlatform, type Platform } from '@drayage/manifest'
import { formatReference, parseReference, tryParseReference } from '@drayage/reference'
import { run } from '@drayage/testkit'

import type { Engine, EngineState } from './engine.ts'

/** Options of {@link openDockerEngine}. */
export interface DockerEngineOptions {
  /** The socket of a Docker Engine that keeps indexes, such as `/run/docker.sock`. */
  readonly socket: string
  /** The `docker` command, 28 or newer. */
  readonly docker: string
  /** For archives. */
  readonly directory: string
}

/** A Docker Engine behind the `docker` command. What it has is removed first. */
export async function openDockerEngine({ socket, docker, directory }: DockerEngineOptions): Promise<Engine> {
  const env = { ...process.env, DOCKER_HOST: `unix://${socket}` }
  const call = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await run(docker, args, { env })
    if (code !== 0) throw new Error(`docker ${args.join(' ')}: exit ${code}\n${stderr}`)
  }
  const removeAll = async (): Promise<void> => {
    const ids = (await listed(socket)).map(({ Id }) => Id)
    if (ids.length > 0) await call('image', 'rm', '-f', ...ids)
  }
  let archives = 0
  await removeAll()
  return {
    async pull(name, platforms) {
      if (platforms.length === 0) await call('pull', '-q', name)
      for (const platform of platforms) await call('pull', '-q', '--platform', platform, name)
    },
    tag: (source, target) => call('tag', source, target),
    remove: (name) => call('image', 'rm', '-f', name),
    removePlatform: (name, platform) => call('image', 'rm', '-f', '--platform', platform, name),
    prune: () => call('image', 'prune', '-f'),
    async push(name) {
      await call('push', '-q', name)
      return true
    },
    async save(names, platforms) {
      const file = path.join(directory, `${archives++}.tar`)
      await call('save', '-o', file, ...platforms.flatMap((platform) => ['--platform', platform]), ...names)
      return { file }
    },
    load: ({ file }) => call('load', '-q', '-i', file),
    state: () => stateOf(socket),
    [Symbol.asyncDispose]: removeAll,
  }
}

interface Listed {
  readonly Id: string
  readonly RepoTags: readonly string[]
  readonly RepoDigests: readonly string[]
  readonly Descriptor: { readonly digest: Digest }
  readonly Manifests?: readonly {
    readonly Kind: string
    readonly Available: boolean
    readonly ImageData?: { readonly Platform: Platform }
  }[]
}

async function stateOf(socket: string): Promise<EngineState> {
  const names = new Map<string, Digest>()
  const platforms = new Map<Digest, ReadonlySet<string>>()
  for (const { RepoTags, RepoDigests, Descriptor, Manifests = [] } of await listed(socket)) {
    const tags = RepoTags.filter((name) => tryParseReference(name).ok && !name.startsWith('<none>'))
    // It tells a digest that was pulled only where there is no tag.
    const kept = tags.length > 0 ? tags : RepoDigests.filter((name) => !name.startsWith('<none>'))
    for (const name of kept) names.set(formatReference(parseReference(name)), Descriptor.digest)
    const here = Manifests.filter(({ Kind, Available }) => Kind === 'image' && Available)
    const texts = here.flatMap(({ ImageData }) => (ImageData === undefined ? [] : [formatPlatform(ImageData.Platform)]))
    if (kept.length > 0) platforms.set(Descriptor.digest, new Set(texts))
  }
  return { names, platforms }
}

async function listed(socketPath: string): Promise<readonly Listed[]> {
  const asked = Promise.withResolvers<AsyncIterable<Uint8Array>>()
  request({ socketPath, path: '/v1.48/images/json?manifests=1' }, asked.resolve).on('error', asked.reject).end()
  const bytes = await collect(await asked.promise, { maxBytes: 16 * 1024 * 1024 })
  return JSON.parse(new TextDecoder().decode(bytes)) as readonly Listed[]
}
