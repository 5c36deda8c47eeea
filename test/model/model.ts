import type { Digest } from '@drayage/digest'

import type { EngineState } from './engine.ts'
import type { ModelImage } from './sequence-images.ts'

/** A target in the store. */
interface HeldTarget {
  readonly image: ModelImage
  readonly platforms: Set<string>
}

/** What a saved archive has. */
export interface ModelArchive {
  readonly names: readonly string[]
  readonly image: ModelImage
  readonly platforms: readonly string[]
}

/** The name without its tag or digest. */
export function repositoryOf(name: string): string {
  return name.includes('@') ? name.slice(0, name.indexOf('@')) : name.slice(0, name.lastIndexOf(':'))
}

/** What a store and its registry are to hold. */
export class Model {
  readonly #images: ReadonlyMap<Digest, ModelImage>
  /** What a tag of the registry stands for. */
  readonly registry = new Map<string, Digest>()
  /** The manifests that a repository of the registry has. */
  readonly #pushed = new Map<string, Set<Digest>>()
  readonly names = new Map<string, Digest>()
  /** Digests that go along with tags: `repository@digest`. */
  readonly #digests = new Set<string>()
  readonly targets = new Map<Digest, HeldTarget>()

  constructor(images: readonly ModelImage[]) {
    const all = images.flatMap((image) => [image, ...image.alone.values()])
    this.#images = new Map(all.map((image) => [image.digest, image]))
  }

  /** Puts all of an image under a tag of the registry. */
  publish(name: string, image: ModelImage): void {
    this.registry.set(name, image.digest)
    const held = this.#pushed.get(repositoryOf(name)) ?? new Set()
    for (const manifests of image.manifests.values()) for (const each of manifests) held.add(each)
    this.#pushed.set(repositoryOf(name), held)
  }

  /** What a digest is of. */
  find(digest: Digest | undefined): ModelImage | undefined {
    return digest === undefined ? undefined : this.#images.get(digest)
  }

  imageOf(name: string): ModelImage | undefined {
    return this.targets.get(this.names.get(name) ?? ('' as Digest))?.image
  }

  held(name: string): readonly string[] {
    return [...(this.targets.get(this.names.get(name) ?? ('' as Digest))?.platforms ?? [])]
  }

  pull(name: string, platforms: readonly string[]): void {
    const at = name.indexOf('@')
    const digest = at < 0 ? this.registry.get(name) : (name.slice(at + 1) as Digest)
    const image = this.#images.get(digest ?? ('' as Digest))
    if (image === undefined) throw new RangeError(`Cannot pull ${name}: the model has no such image`)
    this.#hold(image, platforms)
    if (at < 0) this.#digests.add(`${repositoryOf(name)}@${image.digest}`)
    this.#name(name, image.digest)
  }

  tag(source: string, target: string): void {
    const digest = this.names.get(source)
    if (digest !== undefined) this.#name(target, digest)
  }

  remove(name: string): void {
    const digest = this.names.get(name)
    if (digest === undefined) return
    this.names.delete(name)
    const repository = repositoryOf(name)
    const others = [...this.names].filter(([, target]) => target === digest)
    const isLastTag = !others.some(([other]) => !other.includes('@') && repositoryOf(other) === repository)
    // A digest that was pulled and one that goes along with a tag are one name.
    if (name.includes('@') || isLastTag) this.#digests.delete(`${repository}@${digest}`)
    const isNamed = others.length > 0 || [...this.#digests].some((each) => each.endsWith(`@${digest}`))
    if (!isNamed) this.targets.delete(digest)
  }

  removePlatform(name: string, platform: string): void {
    this.targets.get(this.names.get(name) ?? ('' as Digest))?.platforms.delete(platform)
  }

  prune(): void {
    const kept = new Set(this.names.values())
    for (const digest of this.targets.keys()) {
      if (kept.has(digest)) continue
      this.targets.delete(digest)
      for (const each of this.#digests) if (each.endsWith(`@${digest}`)) this.#digests.delete(each)
    }
  }

  /** Whether a push of the name goes: all of it is here, or the repository has what is missing. */
  canPush(name: string): boolean {
    const image = this.imageOf(name)
    if (image === undefined) return false
    const held = new Set(this.held(name))
    const there = this.#pushed.get(repositoryOf(name))
    const missing = [...image.manifests].filter(([platform]) => !held.has(platform)).flatMap(([, each]) => each)
    return missing.every((each) => there?.has(each) === true)
  }

  push(name: string): void {
    const image = this.imageOf(name)
    if (image === undefined) return
    this.publish(name, image)
    this.#digests.add(`${repositoryOf(name)}@${image.digest}`)
  }

  load({ names, image, platforms }: ModelArchive): void {
    // A name of an index that has the image already keeps the index.
    const given = names.filter((name) => !this.#has(this.names.get(name), image))
    if (given.length > 0) this.#hold(image, platforms)
    for (const name of given) this.#name(name, image.digest)
  }

  state(): EngineState {
    const kept = new Set(this.names.values())
    const held = [...this.targets].filter(([digest]) => kept.has(digest))
    return { names: this.names, platforms: new Map(held.map(([digest, { platforms }]) => [digest, platforms])) }
  }

  /** Every digest that has to be stored. */
  needed(): Set<Digest> {
    const needed = new Set<Digest>()
    for (const [digest, { image, platforms }] of this.targets) {
      needed.add(digest)
      for (const platform of platforms) for (const part of image.parts.get(platform) ?? []) needed.add(part)
    }
    return needed
  }

  /** Whether a target is another one that has this image, which no index is around. */
  #has(digest: Digest | undefined, { digest: wanted, manifests }: ModelImage): boolean {
    const target = digest === undefined || digest === wanted ? undefined : this.targets.get(digest)
    const [[platform, own] = [], ...others] = manifests
    if (target === undefined || platform === undefined || others.length > 0) return false
    return target.platforms.has(platform) && target.image.manifests.get(platform)?.[0] === own?.[0]
  }

  #hold(image: ModelImage, platforms: readonly string[]): void {
    const held = this.targets.get(image.digest) ?? { image, platforms: new Set<string>() }
    for (const platform of platforms) held.platforms.add(platform)
    this.targets.set(image.digest, held)
  }

  #name(name: string, digest: Digest): void {
    const before = this.names.get(name)
    this.names.set(name, digest)
    if (before === undefined || before === digest) return
    const isNamed = [...this.names.values()].includes(before)
    const isHeld = isNamed || [...this.#digests].some((each) => each.endsWith(`@${before}`))
    // Without an image there is nothing to keep of a target that lost its last name.
    if (!isHeld && this.targets.get(before)?.platforms.size === 0) this.targets.delete(before)
  }
}
