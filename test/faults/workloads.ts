import { rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { removeImage, tagImage } from '@drayage/runtime'
import { buildImage, buildIndex, HARMS, harmFile, randomBytes, type TestImage, type TestIndex } from '@drayage/testkit'
import { parsePlatform } from '@drayage/manifest'

import { Random } from '../fuzz/random.ts'
import { commandOk, copyPlace, makePlace, startCommand, type Command, type Ended, type Place } from './place.ts'
import { pushTo } from './push-to.ts'
import { startCountingRegistry, type CountingRegistry } from './registry.ts'
import { openPlace } from './state.ts'

/** Images in a registry, and places with some of them. Everything depends on the seed alone, but for the registry's port. */
export interface Scenario extends AsyncDisposable {
  readonly seed: number
  readonly registry: CountingRegistry
  /** What the workloads bring: an image, or an index of two platforms with attestations. */
  readonly subject: TestImage | TestIndex
  /** What it is published as. */
  readonly name: string
  /** Two images that are in the store, which share a layer with each other and with the subject. */
  readonly kept: readonly [string, string]
  /** Where places are made. */
  readonly directory: string
  /** A place whose store has the two. */
  readonly base: Place
}

/** What a command is killed in, or whose system calls fail. */
export interface Workload {
  /** Makes the place that each case begins with. */
  prepare(scenario: Scenario, directory: string): Promise<Place>
  /**
   * Runs it; resolves to how it ended, with `code` 0 when its effect was acknowledged. What is told before a program ends is
   * also reported at once.
   */
  run(scenario: Scenario, place: Place, start: Start, onAcknowledged?: () => void): Promise<Ended>
  /** Whether its effect comes in parts, such as the removal of several images. */
  readonly isPartial?: true
}

/** Starts `dray` in a place. */
export type Start = (place: Place, args: readonly string[]) => Command

/** Builds the images of a seed, serves them, and makes the place that others are copied from. */
export async function openScenario(seed: number, directory: string): Promise<Scenario> {
  const random = new Random(seed)
  const registry = await startCountingRegistry()
  const files = (size: number): { path: string; content: Uint8Array }[] =>
    Array.from({ length: random.between(1, 4) }, (_, at) => ({
      path: `${at}`,
      content: random.bytes(random.int(size)),
    }))
  const shared = [{ path: 'base', content: randomBytes(seed, 3000) }]
  const options = { compression: random.pick(['gzip', 'zstd', 'none'] as const), format: 'oci' } as const
  const build = (platform: string, layers: number): Promise<TestImage> =>
    buildImage({
      ...options,
      platform: parsePlatform(platform),
      layers: [shared, ...Array.from({ length: layers }, () => files(9000))],
    })
  const a = await build('linux/amd64', 1)
  const b = await build('linux/amd64', 0)
  const one = await build('linux/amd64', random.between(1, 3))
  const subject = random.chance(0.5) ? one : buildIndex([one, await build('linux/arm64', 1)], { attested: true })
  for (const [name, image] of Object.entries({ 'keep/a:1': a, 'keep/b:1': b, 'team/app:1': subject })) {
    await registry.publish(name, image)
  }
  const kept = [`${registry.host}/keep/a:1`, `${registry.host}/keep/b:1`] as const
  const base = await makePlace(path.join(directory, 'base'))
  for (const name of kept) await commandOk(base, 'pull', '-q', name)
  const name = `${registry.host}/team/app:1`
  return {
    ...{ seed, registry, subject, name, kept, directory, base },
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const fromBase = ({ base }: Scenario, directory: string): Promise<Place> => copyPlace(base, directory)

/** What says that something is done, in the output of a command. */
const ACKNOWLEDGED = /^(Status: Downloaded|Loaded image|Untagged: )/m

/** A workload of one command. */
function command(
  args: (scenario: Scenario, place: Place) => readonly string[],
  more: Partial<Workload> = {},
): Workload {
  return {
    prepare: fromBase,
    async run(scenario, place, start, onAcknowledged) {
      const running = start(place, args(scenario, place))
      running.child.stdout?.on('data', () => {
        if (ACKNOWLEDGED.test(running.stdout())) onAcknowledged?.()
      })
      return await running.ended
    },
    ...more,
  }
}

/** By the name that `--workload` takes. */
export const WORKLOADS: Readonly<Record<string, Workload>> = {
  pull: command(({ name }) => ['pull', name]),
  // Into a store that is not there yet, and of all platforms.
  first: command(({ name }) => ['pull', '--all-platforms', name], { prepare: (_, directory) => makePlace(directory) }),
  load: command((_, place) => ['load', '-i', path.join(place.directory, 'app.tar')], {
    async prepare(scenario, directory) {
      const other = await copyPlace(scenario.base, `${directory}-other`)
      await commandOk(other, 'pull', '-q', scenario.name)
      await commandOk(other, 'tag', scenario.name, 'loaded:1')
      const place = await fromBase(scenario, directory)
      await commandOk(other, 'save', '-o', path.join(place.directory, 'app.tar'), 'loaded:1', scenario.name)
      return place
    },
  }),
  tag: command(({ kept }) => ['tag', kept[0], 'new/name:1']),
  rmi: command(({ kept }) => ['rmi', kept[1]]),
  prune: command(() => ['prune'], {
    isPartial: true,
    async prepare(scenario, directory) {
      const place = await fromBase(scenario, directory)
      await commandOk(place, 'load', '-i', await danglingArchive(scenario, `${directory}-other`))
      await commandOk(place, 'tag', scenario.kept[0], 'gone:1')
      await commandOk(place, 'tag', scenario.kept[0], 'gone:2')
      return place
    },
  }),
  save: command(({ kept }, { output }) => ['save', '-o', path.join(output, 'saved.tar'), kept[0]]),
  copy: command(({ name, seed }, { output }) => [
    ...['copy', ...(seed % 2 === 0 ? ['--all'] : []), `docker://${name}`],
    seed % 3 === 0 ? `oci-archive:${path.join(output, 'copied.tar')}:1` : `oci:${path.join(output, 'layout')}:1`,
  ]),
  push: command(({ registry }) => ['push', `${registry.host}/pushed/app:1`], {
    async prepare(scenario, directory) {
      const place = await fromBase(scenario, directory)
      await commandOk(place, 'tag', scenario.kept[0], `${scenario.registry.host}/pushed/app:1`)
      return place
    },
  }),
  serve: { prepare: fromBase, run: servePush },
  rebuild: command(() => ['images'], { prepare: damagedDatabase }),
  compact: command(({ kept }) => ['tag', kept[0], 'new/name:1'], { prepare: fullJournal }),
}

/** A store with more names whose database is gone or damaged, and its journal too with some seeds. */
async function damagedDatabase(scenario: Scenario, directory: string): Promise<Place> {
  const place = await fromBase(scenario, directory)
  for (const tag of ['a:1', 'a:2', 'b:1']) await commandOk(place, 'tag', scenario.kept[0], tag)
  const [database, journal] = ['metadata.db', 'names.journal'].map((file) => path.join(place.store, file))
  const random = new Random(scenario.seed, 5)
  const harm = random.pick(HARMS)
  if (database !== undefined) await harmFile(database, harm, 64)
  if (journal !== undefined && random.chance(0.3)) await harmFile(journal, 'flipped', random.int(8 * 1000))
  return place
}

/** A store whose journal is written anew with the next name that is given. */
async function fullJournal(scenario: Scenario, directory: string): Promise<Place> {
  const place = await fromBase(scenario, directory)
  const journal = path.join(place.store, 'names.journal')
  const sizeAfter = async (work: Promise<unknown>): Promise<number> => {
    await work
    return (await stat(journal)).size
  }
  await using runtime = await openPlace(place)
  await runtime.openStore()
  const most = compactedAt(path.join(place.store, 'metadata.db'))
  const give = (): Promise<number> => sizeAfter(tagImage(runtime, scenario.kept[0], 'new/name:2'))
  const take = (): Promise<number> => sizeAfter(removeImage(runtime, 'new/name:2'))
  const before = (await stat(journal)).size
  const line = (await give()) - before
  for (let size = await take(); size + line <= most;) {
    size = await give()
    if (size + line <= most) size = await take()
  }
  return place
}

/** The size beyond which a journal is written anew, in bytes. */
function compactedAt(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true })
  const row = database.prepare('select check_at from journal').get()
  database.close()
  return Number(row?.['check_at'])
}

/** An archive whose images lose their names, `gone:1` and `gone:2`, once these are given to others. */
async function danglingArchive({ base, seed, registry }: Scenario, directory: string): Promise<string> {
  const place = await copyPlace(base, directory)
  const random = new Random(seed, 1)
  for (const tag of ['1', '2']) {
    await registry.publish(`gone:${tag}`, await buildImage({ layers: [[{ path: tag, content: random.bytes(2000) }]] }))
    await commandOk(place, 'pull', '-q', `${registry.host}/gone:${tag}`)
    await commandOk(place, 'tag', `${registry.host}/gone:${tag}`, `gone:${tag}`)
  }
  const file = path.join(directory, 'gone.tar')
  await commandOk(place, 'save', '-o', file, 'gone:1', 'gone:2')
  return file
}

/** Pushes into `dray serve`, and stops it; acknowledged is what the push was told. */
async function servePush(
  { subject }: Scenario,
  place: Place,
  start: Start,
  onAcknowledged?: () => void,
): Promise<Ended> {
  const serving = start(place, ['serve', '--allow-anonymous-push', '--listen', '127.0.0.1:0'])
  const isOver = serving.ended.then(() => true)
  let isPushed = false
  for (;;) {
    const host = /Serving on (\S+)/.exec(serving.stdout())?.[1]
    if (host !== undefined) {
      isPushed = await pushTo(host, 'team/app', '1', subject)
      if (isPushed) onAcknowledged?.()
      break
    }
    if (await Promise.race([isOver, new Promise((resolve) => setTimeout(resolve, 20))])) break
  }
  serving.child.kill('SIGTERM')
  const ended = await serving.ended
  return { ...ended, code: isPushed ? 0 : ended.code === 0 || ended.code === 143 ? 1 : ended.code }
}

/** Starts `dray` as it is. */
export const startPlain: Start = (place, args) => startCommand(place, args)
