import { createMemoryStore, writeBlob, type MemoryStore } from '@drayage/content'
import { digestOf, parseImageId, type Digest } from '@drayage/digest'
import {
  createMetadata,
  isImageStoreError,
  openDatabase,
  type HolderLife,
  type Metadata,
  type PlatformImage,
} from '@drayage/image-store'
import { MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import * as fc from 'fast-check'

/** How schedules are run. */
export interface SchedulesOptions {
  readonly count: number
  readonly seed: number
}

const DAY_MS = 24 * 60 * 60 * 1000
const IMAGES = 3
const PROCESSES = 3

/** What a process does, or what happens to it or to the clock. */
type Action =
  | { readonly kind: 'pull' | 'failing-pull'; readonly process: number; readonly image: number }
  | { readonly kind: 'tag'; readonly process: number; readonly image: number }
  | { readonly kind: 'remove'; readonly process: number; readonly image: number }
  | { readonly kind: 'sweep' | 'prune'; readonly process: number }
  /** A crash, or a life that is taken for ended although it has not. */
  | { readonly kind: 'crash' | 'mistake'; readonly process: number }
  | { readonly kind: 'jump'; readonly ms: number }

const process = fc.nat({ max: PROCESSES - 1 })
const image = fc.nat({ max: IMAGES - 1 })
const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('pull' as const), process, image }) },
    fc.record({ kind: fc.constantFrom('failing-pull' as const, 'tag' as const), process, image }),
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), process, image }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('sweep' as const, 'prune' as const), process }) },
    fc.record({ kind: fc.constantFrom('crash' as const, 'mistake' as const), process }),
    fc.record({
      kind: fc.constant('jump' as const),
      ms: fc.constantFrom(DAY_MS, -DAY_MS, 700 * DAY_MS, -700 * DAY_MS),
    }),
  ),
  { minLength: 2, maxLength: 9 },
)

/**
 * Runs random schedules of pulls, tags, removals, sweeps, crashes and clocks that jump, by processes with one store, and
 * checks after each step that all content of every image is there, and in the end that nothing else is.
 *
 * @throws Error with the smallest schedule that fails
 */
export async function runSchedules({ count, seed }: SchedulesOptions): Promise<void> {
  let check = async (): Promise<void> => {}
  const scheduler = fc.scheduler({
    async act(step) {
      await step()
      await check()
    },
  })
  const property = fc.asyncProperty(scheduler, actions, async (s, all) => {
    using database = await openDatabase(':memory:')
    const world = new World(s, database)
    check = () => world.check()
    try {
      for (const action of all) world.start(action)
      await s.waitIdle()
      check = async () => {}
      await world.end()
    } finally {
      check = async () => {}
    }
  })
  await fc.assert(property, { numRuns: count, seed, endOnFailure: false })
}

/** A process that was killed does nothing more. */
class Killed extends Error {}

interface Process {
  readonly life: string
  readonly metadata: Metadata
  isAlive: boolean
}

class World {
  readonly #scheduler: fc.Scheduler
  readonly #content: MemoryStore = createMemoryStore()
  readonly #alive = new Set<string>()
  readonly #mistaken = new Set<string>()
  readonly #names = new Map<string, Digest | undefined>()
  readonly #processes: Process[]
  readonly #running: Promise<void>[] = []
  readonly #database: Awaited<ReturnType<typeof openDatabase>>
  #nowMs = 1000 * DAY_MS
  #lives = 0

  constructor(scheduler: fc.Scheduler, database: Awaited<ReturnType<typeof openDatabase>>) {
    this.#scheduler = scheduler
    this.#database = database
    this.#processes = Array.from({ length: PROCESSES }, () => this.#begin())
  }

  start(action: Action): void {
    if (action.kind === 'jump') {
      this.#running.push(this.#step('jump').then(() => void (this.#nowMs += action.ms)))
    } else {
      const work = this.#act(action).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error
      })
      this.#running.push(work)
    }
  }

  /** All content of every image, and of every target with a name, is there. */
  async check(): Promise<void> {
    const { images } = this.#observer()
    for (const { target, platforms } of await images.list()) {
      for (const part of [target, ...platforms.flatMap(partsOf)]) {
        if (!(await this.#content.has(part))) throw new Error(`${target.digest} is there without ${part.digest}`)
      }
    }
  }

  /** When all is done and everybody is gone, what is there is needed, and nobody keeps anything. */
  async end(): Promise<void> {
    await Promise.all(this.#running)
    await this.check()
    const { images, leases } = this.#observer()
    const needed = new Set<Digest>()
    for (const { target, platforms } of await images.list())
      for (const { digest } of [target, ...platforms.flatMap(partsOf)]) needed.add(digest)
    for (const { reference, target } of await images.listNames()) {
      const acknowledged = this.#names.get(reference)
      if (acknowledged !== target.digest) throw new Error(`${reference} is there, which nobody gave`)
    }
    for (const [reference, target] of this.#names) {
      const found = await images.targetOf(parseReference(reference))
      if (target !== undefined && found?.digest !== target)
        throw new Error(`${reference} was acknowledged, and is lost`)
    }
    this.#alive.clear()
    const all = await this.#digests()
    await leases.sweep(all, (digest) => this.#content.take(digest), { graceMs: 0 })
    for (const digest of await this.#digests()) if (!needed.has(digest)) throw new Error(`${digest} is kept by nobody`)
    for (const digest of needed) if (!(await this.#digests()).includes(digest)) throw new Error(`${digest} was swept`)
    for (const table of ['holders', 'leases']) {
      if (this.#database.all(`select 1 from ${table}`).length > 0) throw new Error(`rows of ${table} are left`)
    }
  }

  async #digests(): Promise<Digest[]> {
    const found: Digest[] = []
    for await (const { digest } of this.#content.list()) found.push(digest)
    return found
  }

  #observer(): Metadata {
    const life: HolderLife = {
      begin: async () => 'observer',
      ended: async (lives) => lives.filter((each) => !this.#alive.has(each)),
    }
    return createMetadata({ database: this.#database, content: this.#content, life, now: () => this.#nowMs })
  }

  #begin(): Process {
    const id = `life-${this.#lives++}`
    this.#alive.add(id)
    const life: HolderLife = {
      begin: async () => {
        await this.#step('begin')
        return id
      },
      // What is found out may be old when it is used.
      ended: async (lives) => {
        const ended = lives.filter((each) => !this.#alive.has(each) || this.#mistaken.delete(each))
        await this.#step('ended')
        return ended
      },
    }
    const now = (): number => this.#nowMs
    const metadata = createMetadata({ database: this.#database, content: this.#content, life, now })
    return { life: id, metadata, isAlive: true }
  }

  async #step(name: string): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve(), name)
  }

  async #act(action: Exclude<Action, { kind: 'jump' }>): Promise<void> {
    const own = this.#processes[action.process]
    if (own === undefined) throw new Error('no such process')
    /** A moment in which others may come between, and in which the process may be gone. */
    const step = async (name: string): Promise<void> => {
      await this.#step(`${own.life} ${name}`)
      if (!own.isAlive) throw new Killed()
    }
    await step(action.kind)
    switch (action.kind) {
      case 'pull':
      case 'failing-pull':
        return await this.#pull(own, action.image, action.kind === 'failing-pull', step)
      case 'tag':
        return await this.#tag(own, action.image)
      case 'remove':
        return await this.#remove(own, action.image, step)
      case 'sweep':
      case 'prune': {
        const candidates = await this.#digests()
        await step('listed')
        const graceMs = action.kind === 'prune' ? 0 : undefined
        await own.metadata.leases.sweep(candidates, (digest) => this.#content.take(digest), { graceMs })
        return
      }
      case 'mistake':
        this.#mistaken.add(own.life)
        return
      case 'crash':
        own.isAlive = false
        this.#alive.delete(own.life)
        this.#processes[action.process] = this.#begin()
    }
  }

  async #pull(
    { metadata: { images, leases }, life }: Process,
    which: number,
    fails: boolean,
    step: (name: string) => Promise<void>,
  ): Promise<void> {
    const { image: pulled, bytes } = imageOf(which)
    const name = parseReference(`app:${which}`)
    const holder = `${life}-${this.#lives++}`
    const parts = partsOf(pulled)
    for (let tries = 0; ; tries++) {
      const [first, ...others] = parts
      // In two steps, as a manifest is read before it says what it needs.
      for (const some of [[first], others].map((each) => each.filter((what) => what !== undefined))) {
        await leases.keep(
          holder,
          some.map(({ digest }) => digest),
        )
        await step('kept')
        for (const what of some) {
          if (await this.#content.has(what)) continue
          await step('missing')
          await writeBlob(this.#content, what, bytes.get(what.digest) ?? new Uint8Array())
          await step('written')
        }
      }
      if (fails) return await leases.leave(holder)
      try {
        await images.put(pulled.manifest, { platforms: [pulled] }, { names: [{ name }], keptBy: holder })
        this.#names.set(`docker.io/library/app:${which}`, pulled.manifest.digest)
        break
      } catch (error) {
        if (!isImageStoreError(error) || error.code !== 'ERR_LEASE_LOST' || tries > 8) throw error
      }
    }
    await step('put')
    await leases.release(holder)
  }

  async #tag({ metadata: { images } }: Process, which: number): Promise<void> {
    const name = parseReference(`tagged:${which}`)
    try {
      const target = imageOf(which).image.manifest
      await images.setNames([{ name, target }])
      this.#names.set(`docker.io/library/tagged:${which}`, target.digest)
    } catch (error) {
      if (!isImageStoreError(error) || error.code !== 'ERR_IMAGE_NOT_FOUND') throw error
    }
  }

  async #remove(
    { metadata: { images, leases } }: Process,
    which: number,
    step: (name: string) => Promise<void>,
  ): Promise<void> {
    const names = ['app', 'tagged'].map((each) => parseReference(`${each}:${which}`))
    const removed = await images.remove({ names, targets: [imageOf(which).image.manifest.digest] })
    for (const each of ['app', 'tagged']) this.#names.set(`docker.io/library/${each}:${which}`, undefined)
    await step('removed')
    await leases.sweep(removed.content, (digest) => this.#content.take(digest))
  }
}

function partsOf({ manifest, config, layers }: PlatformImage): Descriptor[] {
  return [manifest, config, ...layers]
}

interface ModelImage {
  readonly image: PlatformImage
  readonly bytes: ReadonlyMap<Digest, Uint8Array>
}

/** Images that share a layer. */
function imageOf(which: number): ModelImage {
  const bytes = new Map<Digest, Uint8Array>()
  const part = (text: string, mediaType: string): Descriptor => {
    const content = Buffer.from(text)
    const digest = digestOf(content)
    bytes.set(digest, content)
    return { mediaType, digest, size: content.byteLength }
  }
  const config = part(`config ${which}`, MEDIA_TYPES.ociConfig)
  const layers = ['base', `layer ${which}`].map((text) => part(text, MEDIA_TYPES.ociLayerGzip))
  const manifest = part(`manifest ${which}`, MEDIA_TYPES.ociManifest)
  const platform = { os: 'linux', architecture: 'amd64' }
  return { image: { id: parseImageId(config.digest), manifest, config, platform, size: 10, layers }, bytes }
}
