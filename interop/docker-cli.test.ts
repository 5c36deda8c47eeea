import { accessSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'

import type { HttpClient } from '@drayage/content'
import type { RunResult } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { buildCliImages, type CliImages } from './docker-cli-images.ts'
import { CLI_CASES, type CliCase } from './docker-cli-table.ts'
import { startEnginePair, type Engine, type EnginePair } from './engine-pair.ts'
import { havePeers } from './peer.ts'

const README = path.resolve(import.meta.dirname, '../packages/engine-api/README.md')

/** The `docker` commands that are installed: the distribution's, and a newer one where there is one. */
const CLIENTS = ['/usr/bin/docker', '/usr/local/bin/docker'].filter((file) => {
  try {
    accessSync(file)
    return true
  } catch {
    return false
  }
})

const FOUND = [
  { name: 'team/hello', description: 'one', star_count: 3, is_official: false, is_automated: false },
  { name: 'hello', description: 'two', star_count: 30, is_official: true, is_automated: false },
]

/** A registry that can be searched. */
function searchable(handler: HttpClient): HttpClient {
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url)
    if (!pathname.startsWith('/v1/')) return await handler(request)
    if (pathname !== '/v1/search') return json(true)
    const results = FOUND.slice(0, Number(searchParams.get('n')))
    return json({ num_results: results.length, results })
  }
}

function json(value: unknown): Awaited<ReturnType<HttpClient>> {
  const body = Buffer.from(JSON.stringify(value))
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: (async function* () {
      yield body
    })(),
  }
}

describe.skipIf(!havePeers('dockerd', 'docker'))('docker against dockerd 20.10 and drayd', () => {
  let pair: EnginePair
  let images: CliImages

  beforeAll(async () => {
    images = await buildCliImages()
  })

  describe.each(CLIENTS)('%s', (client) => {
    beforeAll(async () => {
      pair = await startEnginePair(searchable)
      await pair.put('team/app', '1', images.one)
      await pair.put('team/app', '2', images.two)
      await pair.put('multi', 'latest', images.index)
      await pair.put('private/app', '1', images.two)
      await pair.put('library/hub', 'latest', images.two)
    })
    afterAll(async () => {
      await pair[Symbol.asyncDispose]()
    })

    const ask = async (engine: Engine, { args, input }: CliCase): Promise<RunResult> => {
      const words = args.split(' ').map((word) => fill(word.replaceAll('\u00a0', ' '), engine, images))
      return await engine.docker(client, words, input === undefined ? undefined : images.tar)
    }

    test.each(CLI_CASES.map((each, at) => [`${at} docker ${each.args}`, each] as const))('%s', async (_, each) => {
      if (each.args.startsWith('events')) await nextSecond()
      const docker = await ask(pair.docker, each)
      const drayage = await ask(pair.drayage, each)
      if (each.differs === undefined) {
        expect(shown(drayage, pair.drayage, each)).toBe(shown(docker, pair.docker, each))
      } else {
        expect([drayage.code, drayage.stderr]).toEqual([docker.code, expect.any(String)])
        expect(await readFile(README, 'utf8')).toContain(`\n| ${each.differs} |`)
      }
    })
  })
})

/** `docker events` asks for events up to a whole second, so it reports this second's in the next one. */
async function nextSecond(): Promise<void> {
  await setTimeout(1000 - (Date.now() % 1000))
}

function fill(word: string, engine: Engine, { one, two }: CliImages): string {
  const values: Readonly<Record<string, string>> = {
    '{registry}': engine.registry,
    '{guarded}': engine.guarded,
    '{one}': one.imageId,
    '{one12}': one.imageId.slice(7, 19),
    '{two}': two.imageId,
    '{two12}': two.imageId.slice(7, 19),
    '{oneDigest}': one.manifest.digest,
    '{twoDigest}': two.manifest.digest,
    '{absentDigest}': `sha256:${'0'.repeat(64)}`,
  }
  return word.replaceAll(/\{\w+\}/g, (name) => values[name] ?? name)
}

/** Lines in any order, or that only appear while something takes long. */
const PROGRESS = /^[0-9a-f]{12}: (?:Pulling fs layer|Waiting|Verifying Checksum|Download complete|Extracting)\n/gm

/**
 * What a command said, without what is of the daemon alone: the port of its registry, times of events, sizes of layers
 * (with or without the headers of the tar), the IDs of images that were made at different times, and the case of an error.
 */
function shown({ code, stdout, stderr }: RunResult, engine: Engine, { args }: CliCase): string {
  const text = `exit ${code}\n${stdout}\n--\n${stderr}`
    .replaceAll(engine.registry, 'REGISTRY')
    .replaceAll(engine.guarded, 'GUARDED')
    .replaceAll(`config/${engine.kind}/`, 'config/')
    .replaceAll(PROGRESS, '')
    .replaceAll(/^\d{4}-\d\d-\d\dT[\d:.]+Z/gm, 'TIME')
    .replaceAll(/\b\d+(?:\.\d+)?(?:B|kB|MB)\b/g, 'SIZE')
    .replaceAll(/(?<=daemon: )[A-Z]/g, (letter) => letter.toLowerCase())
    .replaceAll(/ +/g, ' ')
  const ofImports = /^(?:import|image prune|events|rmi imported)/.test(args)
  const unnamed = ofImports ? text.replaceAll(/sha256:[0-9a-f]{64}/g, 'ID') : text
  return unnamed.split('\n').sort().join('\n')
}
