import type { Digest } from '@drayage/digest'

/** What an engine holds under the names that keep images: tags, and digests that were pulled. */
export interface EngineState {
  /** What each name stands for, in full form. */
  readonly names: ReadonlyMap<string, Digest>
  /** The platforms that are here of each target with such a name. */
  readonly platforms: ReadonlyMap<Digest, ReadonlySet<string>>
}

/** An archive that an engine wrote. */
export interface SavedArchive {
  readonly file: string
}

/** What a sequence works on: a store of images with a registry beside it. */
export interface Engine extends AsyncDisposable {
  /** Without platforms, the image for linux/amd64. */
  pull(name: string, platforms: readonly string[]): Promise<void>
  tag(source: string, target: string): Promise<void>
  /** Forced. */
  remove(name: string): Promise<void>
  /** Forced. */
  removePlatform(name: string, platform: string): Promise<void>
  prune(): Promise<void>
  /** Resolves to whether it was pushed; an engine refuses an index of which something is missing. */
  push(name: string): Promise<boolean>
  save(names: readonly string[], platforms: readonly string[]): Promise<SavedArchive>
  load(archive: SavedArchive): Promise<void>
  state(): Promise<EngineState>
  /** What is wrong with what it keeps, where it can tell: `needed` has to be there, and after a prune nothing else. */
  check?(needed: ReadonlySet<Digest>, isPruned: boolean): Promise<readonly string[]>
}
