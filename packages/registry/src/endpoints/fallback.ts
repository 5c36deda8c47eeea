import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { Repository } from '@drayage/reference'

import type { OnRegistryEvent } from '../events.ts'
import type { Endpoint } from './endpoint.ts'
import type { EndpointHealth } from './endpoint-health.ts'
import type { EndpointUse } from './registry-endpoint.ts'

/** A repository at one of the servers that are asked for it. */
export interface RemoteRepository {
  /** Tells servers apart. */
  readonly key: string
  readonly endpoint: Endpoint
  /** The repository as the server calls it. */
  readonly name: Repository
  /** Its path, from `/v2/` on. */
  readonly path: string
  readonly uses: readonly EndpointUse[]
  readonly isMirror: boolean
}

/** What is asked for. */
export interface RemoteRequest extends AbortOptions {
  readonly use: EndpointUse
  /** The content that is asked for from `offset` on, when that is known. */
  readonly content?: { readonly digest: Digest; readonly offset: number }
}

/** The servers that a request is made to, one after another until one answers. */
export interface Candidates {
  /** At least one. */
  readonly remotes: readonly RemoteRepository[]
  /** Tells which server answered, where there was a choice. */
  served(remote: RemoteRepository): void
  /** Takes note of a failure that the next server makes up for; throws it when it cannot be the server's fault. */
  failed(remote: RemoteRepository, error: unknown): void
}

/** What {@link findCandidates} chooses from. */
export interface Fallback {
  readonly name: Repository
  readonly health: EndpointHealth
  readonly onEvent: OnRegistryEvent
  /** All servers of the repository, as they are now. */
  readonly find: (options: AbortOptions) => Promise<readonly RemoteRepository[]>
}

/**
 * The servers for a request, in order. Mirrors that failed lately are left out; the last server, whose error the caller
 * gets, never is.
 *
 * @throws TypeError without an endpoint
 */
export async function findCandidates(fallback: Fallback, request: RemoteRequest): Promise<Candidates> {
  const { name, health, onEvent } = fallback
  const { use, content } = request
  const found = await fallback.find({ signal: request.signal })
  const able = found.filter(({ uses, isMirror }) => uses.includes(use) && !(isMirror && use === 'push'))
  if (able.length === 0) throw new TypeError(`Cannot ${use} "${name.domain}/${name.path}": no endpoint is for that`)
  const isFit = ({ key }: RemoteRepository, index: number): boolean =>
    index === able.length - 1 ||
    !(health.isResting(key) || (content !== undefined && health.isSuspect(key, content.digest, content.offset)))
  const facts = { registry: name.domain, repository: name.path }
  return {
    remotes: able.filter(isFit),
    served: ({ endpoint: { host }, isMirror }) => {
      if (found.length > 1) onEvent({ type: 'endpoint-served', host, ...facts, isMirror })
    },
    failed: ({ key, endpoint: { host } }, error) => {
      // A caller's mistake is the same everywhere.
      if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error
      health.noteFailure(key, error)
      onEvent({ type: 'endpoint-failed', host, ...facts, error })
    },
  }
}

/**
 * Asks one server after another until one answers. Any failure that a server can cause leads to the next; only the error of
 * the last one is thrown, the others are events.
 */
export async function readFirst<T>(
  fallback: Fallback,
  request: RemoteRequest,
  ask: (remote: RemoteRepository) => Promise<T>,
): Promise<T> {
  const { remotes, served, failed } = await findCandidates(fallback, request)
  for (const [index, remote] of remotes.entries()) {
    let answer: T
    try {
      answer = await ask(remote)
    } catch (error) {
      request.signal?.throwIfAborted()
      if (index === remotes.length - 1) throw error
      failed(remote, error)
      continue
    }
    served(remote)
    return answer
  }
  throw new TypeError('Cannot ask: there is no server')
}
