import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import { partsOfContent } from './images/content-row.ts'
import type { Ledger } from './images/ledger.ts'
import type { HoldingKind, Holdings } from './ports.ts'
import type { ContentRow, Tables } from './tables.ts'

/** The holdings in some tables. */
export function openHoldings(tables: Tables, ledger: Ledger, now: () => number): Holdings {
  const { names, holdings } = tables
  const check = ({ signal }: AbortOptions = {}): void => signal?.throwIfAborted()
  return {
    async hold(kind, repository, what, { parts = [], signal } = {}) {
      check({ signal })
      // A blob of its own is nothing yet: what is pushed is its manifest.
      if (kind === 'blob') return holdings.put(kind, repository, what, now())
      ledger.transact((apply) => {
        apply({ op: 'hold', repository: plain(repository), what, atMs: now() })
        if (parts.length > 0) apply({ op: 'parts', whole: what.digest, parts })
      })
    },
    async find(kind, repository, digest, options) {
      check(options)
      return holdings.get(kind, repository, digest) ?? findNamed(tables, kind, repository, digest)
    },
    async isNeeded(kind, repository, digest, options) {
      check(options)
      return findNamed(tables, kind, repository, digest, digest) !== undefined
    },
    async drop(kind, repository, digest, options) {
      check(options)
      return ledger.transact((apply) => {
        const isHeld = holdings.get(kind, repository, digest) !== undefined
        if (kind === 'blob') holdings.remove(kind, repository, digest)
        else if (isHeld) apply({ op: 'unhold', repository: plain(repository), digest })
        return isHeld
      })
    },
    async refer(repository, subject, referrer, options) {
      check(options)
      ledger.transact((apply) => apply({ op: 'refer', repository: plain(repository), subject, referrer }))
    },
    async referrers(repository, subject, page) {
      check(page)
      return holdings.referrers(repository, subject, page)
    },
    async unrefer(repository, subject, referrer, options) {
      check(options)
      ledger.transact((apply) => apply({ op: 'unrefer', repository: plain(repository), subject, referrer }))
    },
    async repositories(page) {
      check(page)
      return holdings.repositories(page)
    },
    async tags(repository, page) {
      check(page)
      const tags = names.tags(repository, page)
      return tags.length > 0 || holdings.hasRepository(repository) ? tags : undefined
    },
  }
}

/** The repository alone, also of a name in it. */
function plain({ domain, path }: Repository): Repository {
  return { domain, path }
}

/** Content of the targets with a name in a repository, except of `except` itself. */
function findNamed(
  { names, contents }: Tables,
  kind: HoldingKind,
  repository: Repository,
  digest: Digest,
  except?: Digest,
): Descriptor | undefined {
  if (kind === 'manifest' && digest !== except) {
    const named = names.inRepository(repository, digest)
    if (named !== undefined) return named.target
  }
  const [manifest, ...parts] = partsOf(contents.inRepository(repository, digest, PLACES[kind], except))
  return (kind === 'manifest' ? [manifest] : parts).find((each) => each?.digest === digest)
}

const PLACES = { manifest: 'manifest', blob: 'part' } as const

function partsOf(content: ContentRow | undefined): readonly Descriptor[] {
  return content === undefined ? [] : partsOfContent(content)
}
