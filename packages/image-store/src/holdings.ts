import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import { partsOfContent } from './images/content-row.ts'
import type { HoldingKind, Holdings } from './ports.ts'
import type { ContentRow, Tables } from './tables.ts'

/** The holdings in some tables. */
export function openHoldings(tables: Tables, now: () => number): Holdings {
  const { names, holdings } = tables
  const check = ({ signal }: AbortOptions = {}): void => signal?.throwIfAborted()
  return {
    async hold(kind, repository, what, { parts = [], signal } = {}) {
      check({ signal })
      tables.transaction(() => {
        holdings.put(kind, repository, what, now())
        holdings.addParts(what.digest, parts)
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
      return tables.transaction(() => {
        const isHeld = holdings.get(kind, repository, digest) !== undefined
        holdings.remove(kind, repository, digest)
        return isHeld
      })
    },
    async refer(repository, subject, referrer, options) {
      check(options)
      holdings.addReferrer(repository, subject, referrer)
    },
    async referrers(repository, subject, page) {
      check(page)
      return holdings.referrers(repository, subject, page)
    },
    async unrefer(repository, subject, referrer, options) {
      check(options)
      holdings.removeReferrer(repository, subject, referrer)
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
