import { parseDigest } from '@drayage/digest'

import { Random } from '../fuzz/random.ts'
import type { Engine, EngineState, SavedArchive } from './engine.ts'
import { Model, repositoryOf, type ModelArchive } from './model.ts'
import type { ModelImage } from './sequence-images.ts'

/** A registry that images are published in, behind the back of the engine. */
export interface ModelRegistry {
  readonly host: string
  /** Puts all of an image under a tag. */
  publish(name: string, image: ModelImage): Promise<void>
  /** What a tag stands for. */
  resolve(name: string): Promise<string | undefined>
}

/** What a sequence is run with. */
export interface SequenceOptions {
  readonly engine: Engine
  readonly registry: ModelRegistry
  readonly images: readonly ModelImage[]
  readonly seed: number
  readonly steps: number
  /** Whether steps are taken that other engines do otherwise, such as pushes of which something is missing. */
  readonly isStrict: boolean
}

/** What went wrong, and the steps that led to it; nothing when all was right. */
export interface SequenceResult {
  readonly faults: readonly string[]
  readonly steps: readonly string[]
}

/** Runs random steps on an engine and on a model of it, and compares both after each. */
export async function runSequence(options: SequenceOptions): Promise<SequenceResult> {
  const sequence = new Sequence(options)
  await sequence.prepare()
  for (let step = 0; step < options.steps; step++) {
    const faults = await sequence.step()
    if (faults.length > 0) return { faults, steps: sequence.log }
  }
  return { faults: await sequence.end(), steps: sequence.log }
}

class Sequence {
  readonly log: string[] = []
  readonly #options: SequenceOptions
  readonly #random: Random
  readonly #model: Model
  readonly #archives: { readonly archive: SavedArchive; readonly contents: readonly ModelArchive[] }[] = []
  readonly #tags: readonly string[]

  constructor(options: SequenceOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#model = new Model(options.images)
    const { host } = options.registry
    this.#tags = ['mirror/a:1', 'mirror/a:2', 'mirror/b:1', 'app0:other'].map((name) => `${host}/${name}`)
  }

  async prepare(): Promise<void> {
    for (const [at, image] of this.#options.images.entries()) {
      await this.#publish(`${this.#options.registry.host}/app${at}:1`, image)
    }
  }

  /** One step and what is wrong after it. */
  async step(): Promise<string[]> {
    const kinds = ['pull', 'pull', 'pull', 'platform', 'platform', 'digest', 'move', 'tag', 'tag', 'rmi', 'rmi']
    const kind = this.#random.pick([...kinds, 'shed', 'shed', 'prune', 'push', 'push', 'save', 'load', 'load'])
    const isPruned = kind === 'prune'
    try {
      await this.#take(kind)
    } catch (error) {
      return [`${this.log.at(-1)}: ${error instanceof Error ? error.message : String(error)}`]
    }
    return await this.#compare(isPruned)
  }

  /** Prunes once more, so that nothing is kept that is not needed. */
  async end(): Promise<string[]> {
    await this.#take('prune')
    return await this.#compare(true)
  }

  async #take(kind: string): Promise<void> {
    const { engine } = this.#options
    const [model, random] = [this.#model, this.#random]
    const names = [...model.names.keys()]
    const published = random.pick([...model.registry.keys()])
    const image = this.#imageIn(published)
    switch (kind) {
      case 'pull':
        return await this.#pull(published, [])
      case 'platform':
        return await this.#pull(published, this.#some([...image.manifests.keys()]))
      case 'digest':
        return await this.#pull(`${repositoryOf(published)}@${image.digest}`, this.#some([...image.manifests.keys()]))
      case 'move':
        this.log.push(`move ${published}`)
        return await this.#publish(published, random.pick(this.#options.images))
      case 'prune':
        this.log.push('prune')
        model.prune()
        return await engine.prune()
      case 'load': {
        if (this.#archives.length === 0) return
        const { archive, contents } = random.pick(this.#archives)
        this.log.push(
          `load ${contents.map(({ names: saved, platforms }) => `${saved.join()} ${platforms.join()}`).join('; ')}`,
        )
        for (const each of contents) model.load(each)
        return await engine.load(archive)
      }
      default: {
        const wanted = names.filter((name) => this.#canTake(kind, name))
        if (wanted.length > 0) await this.#takeNamed(kind, random.pick(wanted))
      }
    }
  }

  /**
   * Whether a step can be taken with a name. Docker Engine pushes one manifest in place of an index that is not all here,
   * saves and tags only what has an image for the machine, and takes the digest of a target for all tags beside it.
   */
  #canTake(kind: string, name: string): boolean {
    const held = this.#model.held(name)
    const isDigest = name.includes('@')
    if (held.length === 0 && ['shed', 'push', 'save'].includes(kind)) return false
    if (isDigest && ['push', 'save'].includes(kind)) return false
    if (this.#options.isStrict) return true
    if (kind === 'push') return held.length === this.#model.imageOf(name)?.manifests.size
    if (kind === 'save' || kind === 'tag') return held.includes('linux/amd64')
    return !(isDigest && kind === 'rmi')
  }

  async #takeNamed(kind: string, name: string): Promise<void> {
    const { engine } = this.#options
    const [model, random] = [this.#model, this.#random]
    const held = model.held(name)
    switch (kind) {
      case 'tag': {
        const target = random.pick(this.#tags)
        this.log.push(`tag ${name} ${target}`)
        model.tag(name, target)
        return await engine.tag(name, target)
      }
      case 'rmi':
        this.log.push(`rmi ${name}`)
        model.remove(name)
        return await engine.remove(name)
      case 'shed': {
        const platform = random.pick(held)
        this.log.push(`rmi --platform ${platform} ${name}`)
        model.removePlatform(name, platform)
        return await engine.removePlatform(name, platform)
      }
      case 'push': {
        const goes = model.canPush(name)
        this.log.push(`push ${name}`)
        if (goes) model.push(name)
        if ((await engine.push(name)) !== goes) throw new Error(goes ? 'it was refused' : 'it was not refused')
        return
      }
      case 'save':
        await this.#save(name, held)
    }
  }

  async #save(name: string, held: readonly string[]): Promise<void> {
    const [model, random] = [this.#model, this.#random]
    const image = model.imageOf(name)
    if (image === undefined) return
    const some = random.chance(0.5) ? [] : this.#some(held)
    // Other engines give a loaded image its name, whatever the name stood for.
    const chosen = some.length === 1 && !this.#options.isStrict ? [] : some
    // Another name of the same image goes along.
    const others = [...model.names].filter(([other, digest]) => digest === image.digest && !other.includes('@'))
    const names = [...new Set([name, random.pick(others)[0]])]
    this.log.push(`save ${names.join(' ')} ${chosen.join()}`)
    const archive = await this.#options.engine.save(names, chosen)
    // One platform that was asked for is saved without its index.
    const [one, ...more] = chosen
    const saved = one === undefined || more.length > 0 ? image : image.alone.get(one)
    const platforms = chosen.length > 0 ? chosen : held
    this.#archives.push({ archive, contents: [{ names, image: saved ?? image, platforms }] })
  }

  async #pull(name: string, platforms: readonly string[]): Promise<void> {
    this.log.push(`pull ${name} ${platforms.join()}`)
    // An image that no index lists comes whatever its platform is.
    const [only, ...others] = this.#imageAt(name).manifests.keys()
    const own = others.length === 0 && only !== undefined ? only : 'linux/amd64'
    this.#model.pull(name, platforms.length === 0 ? [own] : platforms)
    await this.#options.engine.pull(name, platforms)
  }

  async #publish(name: string, image: ModelImage): Promise<void> {
    this.#model.publish(name, image)
    await this.#options.registry.publish(name, image)
  }

  /** What a name of the registry stands for, by a tag or a digest. */
  #imageAt(name: string): ModelImage {
    const at = name.indexOf('@')
    return (at < 0 ? undefined : this.#model.find(parseDigest(name.slice(at + 1)))) ?? this.#imageIn(name)
  }

  #imageIn(published: string): ModelImage {
    const image = this.#model.find(this.#model.registry.get(published))
    if (image === undefined) throw new RangeError(`Cannot take a step: nothing is published as ${published}`)
    return image
  }

  /** Some of a list, at least one. */
  #some(list: readonly string[]): string[] {
    const chosen = list.filter(() => this.#random.chance(0.4))
    return chosen.length > 0 ? chosen : [this.#random.pick(list)]
  }

  async #compare(isPruned: boolean): Promise<string[]> {
    const { engine, registry } = this.#options
    const faults = differences(this.#model.state(), await engine.state())
    for (const [name, digest] of this.#model.registry) {
      const found = await registry.resolve(name)
      if (found !== digest) faults.push(`the registry has ${found} under ${name}, expected ${digest}`)
    }
    return [...faults, ...((await engine.check?.(this.#model.needed(), isPruned)) ?? [])]
  }
}

function differences(wanted: EngineState, found: EngineState): string[] {
  const faults: string[] = []
  for (const name of new Set([...wanted.names.keys(), ...found.names.keys()])) {
    const [one, other] = [wanted.names.get(name), found.names.get(name)]
    if (one !== other) faults.push(`${name} stands for ${other}, expected ${one}`)
  }
  for (const digest of new Set([...wanted.platforms.keys(), ...found.platforms.keys()])) {
    const [one, other] = [wanted, found].map(({ platforms }) => [...(platforms.get(digest) ?? [])].toSorted().join())
    if (one !== other) faults.push(`${digest} has ${other}, expected ${one}`)
  }
  return faults
}
