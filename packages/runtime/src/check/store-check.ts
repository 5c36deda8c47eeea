import type { AbortOptions } from '@drayage/bytes'

import type { Store } from '../store/store.ts'
import type { NeededContent } from './needed-content.ts'
import type { ReadRate } from './read-rate.ts'

/** How an attempt to bring content again ended: where it came from, or why it did not. */
export type BroughtAgain = { readonly from: string } | { readonly why: string }

/** What one check of a store works on. */
export interface StoreCheck extends AbortOptions {
  readonly store: Store
  /** Brings content again that is to be mended. */
  readonly bringAgain: (needed: NeededContent, options: AbortOptions) => Promise<BroughtAgain>
  /** Whether all bytes are read. */
  readonly deep: boolean
  /** Whether layers are inflated, too. */
  readonly inflates: boolean
  /** Whether what is wrong is mended. */
  readonly repair: boolean
  readonly rate: ReadRate
}
