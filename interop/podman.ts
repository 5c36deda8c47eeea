import { findPeer, runOk, type RunResult } from '@drayage/testkit'

/** Podman with a storage of its own. */
export interface Podman {
  /** Runs it. @throws Error unless it exits with 0 */
  (...args: readonly string[]): Promise<RunResult>
}

/** Podman with its storage in `directory`; it needs nothing of the machine but root. */
export function podmanIn(directory: string): Podman {
  const own = [`--root=${directory}/root`, `--runroot=${directory}/run`, '--storage-driver=vfs']
  return (...args) => runOk(findPeer('podman') ?? 'podman', [...own, ...args])
}
