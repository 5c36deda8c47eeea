import type { ChainId, DiffId } from './digest.ts'
import { digestOf } from './hasher.ts'

/**
 * The ChainID of a layer with DiffID `diffId` on top of `parent`; without a parent it is the DiffID itself.
 *
 * @see OCI image-spec v1.1.1, config.md, "Layer ChainID"
 */
export function chainId(diffId: DiffId, parent?: ChainId): ChainId {
  if (parent === undefined) return diffId as string as ChainId
  return digestOf(`${parent} ${diffId}`) as string as ChainId
}

/** The ChainIDs of a stack of layers, bottom to top. */
export function chainIds(diffIds: readonly DiffId[]): ChainId[] {
  const chain: ChainId[] = []
  for (const diffId of diffIds) chain.push(chainId(diffId, chain.at(-1)))
  return chain
}
