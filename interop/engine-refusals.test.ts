import { readFile } from 'node:fs/promises'
import path from 'node:path'

import { buildImage } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { engineClient, type EngineAnswer } from './engine-client.ts'
import { startEnginePair, type Engine, type EnginePair } from './engine-pair.ts'
import { answerRefusals, contentRefusals } from './engine-refusals-pulls.ts'
import { archiveRefusals, requestRefusals } from './engine-refusals-requests.ts'
import { refusingRegistry, repositoryOf, type Refusal } from './engine-refusals.ts'
import { havePeers } from './peer.ts'

const README = path.resolve(import.meta.dirname, '../packages/engine-api/README.md')
const KNOWN = 'known:1'

const cases = [
  ...(await answerRefusals()),
  ...(await contentRefusals()),
  ...requestRefusals(),
  ...(await archiveRefusals()),
]

const send = async (engine: Engine, { method, path: target, headers, body }: Refusal): Promise<EngineAnswer> => {
  const full = /^\/v\d/.test(target) ? target : `/v1.41${target}`
  // A filter is JSON; what is encoded stays so.
  const url = full.replaceAll(/["{}[\]]/g, encodeURIComponent)
  return await engineClient(engine.socket).ask(method, url, {
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
  })
}

function filled(refusal: Refusal, { registry }: Engine): Refusal {
  const repository = `${registry}/${repositoryOf(refusal)}`
  return { ...refusal, path: refusal.path.replaceAll('{repository}', repository).replaceAll('{known}', KNOWN) }
}

interface Refused {
  readonly status: number
  readonly words: string
}

/** What a client is told in the end: the message of an error, or the last line of a stream. */
function said({ status, text }: EngineAnswer, { registry }: Engine): Refused {
  const lines = text
    .trim()
    .split('\r\n')
    .filter((line) => !line.includes('WARNING: '))
  const last = parsed(lines.at(-1) ?? '')
  const found = ['error', 'message', 'status', 'stream'].map((member) => last[member])
  const message = found.find((each) => typeof each === 'string') ?? text
  const words = message
    .replaceAll(registry, 'REGISTRY')
    .replaceAll(/^sha256:[0-9a-f]{64}$/g, 'ID')
    // Newer versions of Docker Engine begin their messages with a small letter.
    .replaceAll(/^[A-Z]/g, (letter) => letter.toLowerCase())
  return { status, words }
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

describe.skipIf(!havePeers('dockerd', 'docker'))('what dockerd 20.10 refuses, drayd refuses in the same words', () => {
  let pair: EnginePair

  beforeAll(async () => {
    pair = await startEnginePair((handler) => refusingRegistry(cases, handler))
    await pair.put('known', '1', await buildImage({ format: 'docker', layers: [[{ path: 'k', content: 'known' }]] }))
    for (const engine of [pair.docker, pair.drayage]) {
      const { docker, registry } = engine
      const known = `${registry}/${KNOWN}`
      await docker('docker', ['pull', '-q', known])
      await docker('docker', ['tag', known, KNOWN])
      for (const each of cases.filter(({ what }) => what.startsWith('post push'))) {
        await docker('docker', ['tag', KNOWN, `${registry}/${repositoryOf(each)}:1`])
      }
    }
  })
  afterAll(async () => {
    await pair[Symbol.asyncDispose]()
  })

  test('no two cases share a repository', () => {
    expect(new Set(cases.map(repositoryOf)).size).toBe(cases.length)
  })

  test.each(cases.map((each) => [each.what, each] as const))('%s', async (_, refusal) => {
    const [docker, drayage] = await Promise.all(
      [pair.docker, pair.drayage].map(async (engine) => said(await send(engine, filled(refusal, engine)), engine)),
    )
    if (refusal.differs === undefined) {
      expect(drayage).toEqual(docker)
      return
    }
    expect(await readFile(README, 'utf8')).toContain(`\n| ${refusal.differs} |`)
    // A difference that is no more goes from the table.
    expect(drayage).not.toEqual(docker)
    if (refusal.hasSameWords === true) expect(drayage?.words).toBe(docker?.words)
  })
})
