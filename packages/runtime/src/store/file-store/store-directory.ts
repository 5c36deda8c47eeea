import path from 'node:path'

import type { FsStore } from '@drayage/content-fs'

import type { LeftoverSweeper, PartChecker, RoomAsserter, Spooler, Store, MetadataComparer } from '../store.ts'

/** The store in a directory. */
export interface FileStore extends Store, LeftoverSweeper, PartChecker, RoomAsserter, Spooler, MetadataComparer {
  readonly directory: string
  readonly content: FsStore
}

/** Options of a store in a directory. */
export interface FileStoreOptions {
  /** Milliseconds since 1970; the system's clock by default. */
  readonly now?: () => number
  /** Told what was damaged and is mended, in one line each. */
  readonly onWarning?: (text: string) => void
}

/** What decides where the store is. */
export interface StoreDirectoryOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The user's home directory. */
  readonly home: string
  /** Whether the program runs as the administrator. */
  readonly isRoot: boolean
}

/**
 * Where the local store is: `$DRAYAGE_STORE`, else `/var/lib/drayage` for root, else `$XDG_DATA_HOME/drayage`, else
 * `~/.local/share/drayage`.
 */
export function defaultStoreDirectory({ env, home, isRoot }: StoreDirectoryOptions): string {
  const { DRAYAGE_STORE: chosen, XDG_DATA_HOME: data } = env
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen)
  if (isRoot) return '/var/lib/drayage'
  // The base directory specification says that a relative path is to be ignored.
  const base = data !== undefined && path.isAbsolute(data) ? data : path.join(home, '.local/share')
  return path.join(base, 'drayage')
}

/** The layout version of a store. */
export function versionFile(store: string): string {
  return path.join(store, 'version')
}

/** Sessions of unfinished uploads. */
export function uploadsDirectory(store: string): string {
  return path.join(store, 'uploads')
}

/** The file that the process of a conversion holds a lock of, in the directory of what it makes. */
export function scratchOwner(directory: string): string {
  return path.join(directory, 'owner')
}

/** What conversions make, until they end. */
export function scratchDirectory(store: string): string {
  return path.join(store, 'scratch')
}
