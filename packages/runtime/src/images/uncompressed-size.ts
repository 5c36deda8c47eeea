import { chainIds, type DiffId } from '@drayage/digest'

import type { LocalStore } from '../store/local-store.ts'

/** The bytes of each uncompressed layer of a stack, bottom to top; 0 for one that is not registered. */
export async function uncompressedSizes(store: LocalStore, diffIds: readonly DiffId[]): Promise<number[]> {
  const records = await Promise.all(chainIds(diffIds).map((chainId) => store.layers.get(chainId)))
  return records.map((record) => record?.size ?? 0)
}

/** The bytes of all uncompressed layers of a stack. */
export async function uncompressedSize(store: LocalStore, diffIds: readonly DiffId[]): Promise<number> {
  return (await uncompressedSizes(store, diffIds)).reduce((sum, size) => sum + size, 0)
}
