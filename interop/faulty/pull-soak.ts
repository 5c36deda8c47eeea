import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import { openFilesIn, startDockerRegistry } from '@drayage/testkit'
import { undiciClient } from '@drayage/registry/undici'
import type { FaultKind } from '@drayage/registry-server/faults'

import { startDrayd } from '../drayd.ts'
import { checkPulled } from './check-pulled.ts'
import { startFaultyRegistry, type FaultyRegistry } from './faulty-registry.ts'
import { pushFieldImages } from './field-images.ts'
import { codesOf, pullOnce } from './pull-once.ts'
import { readRegistryContent, type Closure, type RegistryContent } from './registry-content.ts'

/** Options of {@link pullSoak}. */
export interface PullSoakOptions {
  readonly pulls: number
  /** An integer; runs with the same one fault the same answers. */
  readonly seed: number
  /** An empty directory. */
  readonly directory: string
  /** The number of the only pull to make. */
  readonly only?: number
  readonly print?: (line: string) => void
}

/** How a pull was made. */
export type PullWay = 'alone' | 'together' | 'killed' | 'docker'

/** What became of one pull. */
export interface PullOutcome {
  readonly number: number
  readonly way: PullWay
  readonly images: readonly string[]
  /** Tries that ended with an error, each with its codes and words. */
  readonly failures: readonly string[]
  /** Whether the last try ended with an error too. */
  readonly isLost: boolean
  /** What the store has that the registry has not, or the other way around. */
  readonly wrong: readonly string[]
  /** Bytes of blobs that were sent beyond their sizes, as a share of the sizes. */
  readonly excess: number
  readonly answers: number
  readonly faults: readonly string[]
}

/** How often a pull is made again after it failed. */
const MOST_TRIES = 10
const SIDE_BY_SIDE = 4
const SHARE = 0.2
const SCHEMA1 = { compatibility: { schema1: { enabled: true } } }

/**
 * Pulls images of several tools from a docker-registry through faults, each into a store of its own: in this process alone,
 * three at a time into one store, in a process that is killed, and by `docker pull` from a daemon.
 */
export async function pullSoak(options: PullSoakOptions): Promise<readonly PullOutcome[]> {
  const { directory, pulls, only, print = () => {} } = options
  const registryDirectory = path.join(directory, 'registry')
  await using registry = await startDockerRegistry({ directory: registryDirectory, config: SCHEMA1 })
  const names = await pushFieldImages(registry.host, path.join(directory, 'images'))
  const content = await readRegistryContent(registryDirectory)
  await using http = undiciClient({ connections: 64 })
  const outcomes: PullOutcome[] = []
  const soak: Soak = { ...options, names, content, http, origin: registry.url }
  let next = only ?? 0
  const end = only === undefined ? pulls : only + 1
  const lane = async (): Promise<void> => {
    while (next < end) {
      const outcome = await onePull(soak, next++)
      outcomes.push(outcome)
      for (const line of problemsOf(outcome)) print(line)
      if (outcomes.length % 100 === 0) print(`${outcomes.length} of ${pulls}`)
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane))
  return outcomes
}

/** What is to be said of an outcome. */
function problemsOf({ number, way, images, failures, isLost, wrong, faults }: PullOutcome): readonly string[] {
  const problems = [...(isLost ? ['lost'] : []), ...wrong, ...failures]

  if (problems.length === 0) return []
  return [
    `pull ${number} (${way}, ${images.join(', ')}):`,
    ...problems.map((each) => `  ${each}`),
    `  after ${faults.join(', ')}`,
  ]
}

interface Soak extends PullSoakOptions {
  readonly names: readonly string[]
  readonly content: RegistryContent
  readonly http: ReturnType<typeof undiciClient>
  readonly origin: string
}

/** What a client with its usual limits waits half a minute for. */
const STALLS: readonly FaultKind[] = ['body-stall', 'stall-before-headers']

async function onePull({ names, content, http, origin, seed, directory }: Soak, number: number): Promise<PullOutcome> {
  const way = wayOf(number)
  const images = Array.from(
    { length: way === 'together' ? 3 : 1 },
    (_, at) => names[(number + at) % names.length] ?? '',
  )
  const work = path.join(directory, `pull-${number}`)
  await mkdir(work)
  await using proxy = await startFaultyRegistry({
    http,
    origin,
    seed: seed + number * 7919,
    share: SHARE,
    sizes: content.sizes,
    isGuarded: number % 3 === 0,
    without: way === 'docker' ? STALLS : [],
    ...(way === 'killed' && { bytesPerSecond: 8_000_000 }),
  })
  const closures = await Promise.all(images.map((name) => content.closure(`field/${name}`, 'amd64')))
  const bytes = sum(
    [...new Set(closures.flatMap(({ blobs }) => [...blobs]))].map((digest) => content.sizes.get(digest) ?? 0),
  )
  const references = images.map((name) => `${proxy.host}/field/${name}:1`)
  const { store, failures, isLost } = await WAYS[way]({ work, references, proxy, bytes, number })
  const wrong = isLost ? [] : await checked(store, closures)
  // What is wrong stays, to be looked into.
  if (wrong.length === 0) await rm(work, { recursive: true, force: true })
  const sent = sum([...proxy.sent.values()])
  const { faults } = proxy
  return {
    number,
    way,
    images,
    failures,
    isLost,
    wrong,
    excess: (sent - bytes) / bytes,
    answers: proxy.answers(),
    faults,
  }
}

async function checked(store: string, closures: readonly Closure[]): Promise<readonly string[]> {
  try {
    const open = await openFilesIn(store)
    return [...(open > 0 ? [`${open} files are open`] : []), ...(await checkPulled(store, closures))]
  } catch (error) {
    return [`the store cannot be read: ${String(error)}`]
  }
}

function wayOf(number: number): PullWay {
  const at = number % 50
  if (at === 7) return 'docker'
  return at % 10 === 3 ? 'killed' : at % 10 === 8 ? 'together' : 'alone'
}

interface PullTask {
  readonly work: string
  readonly references: readonly string[]
  readonly proxy: FaultyRegistry
  readonly bytes: number
  readonly number: number
}

interface Pulled {
  readonly store: string
  readonly failures: readonly string[]
  readonly isLost: boolean
}

/** Repeats `attempt`, which resolves to what went wrong, until nothing does. */
async function untilPulled(store: string, attempt: () => Promise<string | undefined>): Promise<Pulled> {
  const failures: string[] = []
  while (failures.length < MOST_TRIES) {
    const failure = await attempt()
    if (failure === undefined) return { store, failures, isLost: false }
    failures.push(failure)
  }
  return { store, failures, isLost: true }
}

const inProcess = ({ work, references }: PullTask): Promise<Pulled> =>
  untilPulled(work, async () => {
    try {
      await pullOnce(work, references)
      return undefined
    } catch (error) {
      return `${codesOf(error)}: ${String(error)}`
    }
  })

const CHILD = path.join(import.meta.dirname, 'pull-child.ts')

const WAYS: Readonly<Record<PullWay, (task: PullTask) => Promise<Pulled>>> = {
  alone: inProcess,
  together: inProcess,
  async killed({ work, references, proxy, bytes, number }) {
    let kills = 1 + (number % 3)
    return await untilPulled(work, async () => {
      for (;;) {
        const child = spawn(process.execPath, [CHILD, work, ...references], { stdio: ['ignore', 'pipe', 'inherit'] })
        if (kills-- > 0) {
          const had = sum([...proxy.sent.values()])
          proxy.after(had + Math.floor((bytes * ((number * 31) % 97)) / 200), () => child.kill('SIGKILL'))
        }
        const said: Buffer[] = []
        child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
        await once(child, 'close')
        if (child.signalCode === 'SIGKILL') continue
        return child.exitCode === 0 ? undefined : Buffer.concat(said).toString().trim()
      }
    })
  },
  async docker({ work, references }) {
    await using drayd = await startDrayd(work, ['--platform', 'linux/amd64'])
    return await untilPulled(drayd.store, async () => {
      const { code, stderr } = await drayd.docker(['pull', '-q', ...references])
      return code === 0 ? undefined : stderr.trim()
    })
  },
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
