import { responseTo, type HttpClient, type HttpResponse } from '@drayage/content'
import type { OnEvent } from '@drayage/distribution'
import type { Runtime } from '@drayage/runtime'

import { splitVersion } from './http/api-version.ts'
import { createEngineEvents, type EngineEvents } from './engine-events.ts'
import type { EngineFacts } from './exchange.ts'
import { failureOf, isUnexpected } from './failures/failure.ts'
import { failureResponse, withEngineHeaders } from './http/respond.ts'
import { matchRoute } from './http/route.ts'
import { ROUTES } from './http/routes.ts'

/** Options of {@link createEngineApi}. */
export interface EngineApiOptions {
  /** Whose store and registries are served. */
  readonly runtime: Runtime
  readonly facts: EngineFacts
  /** Where events are published; by default only clients of this handler see them. */
  readonly events?: EngineEvents
  /** Receives the progress of all work, such as for metrics. */
  readonly onEvent?: OnEvent
  /** Ends event streams, which have no end of their own, when the program is about to stop. */
  readonly ending?: AbortSignal
  /**
   * Stops transfers and other work: what was transferred is kept for the next attempt, and clients get the reason of the
   * signal as an error.
   */
  readonly stopping?: AbortSignal
  /** Called with each error of status 500, even if it comes after the answer has begun. */
  readonly onError?: (error: unknown) => void
}

/**
 * Creates the image part of the Docker Engine API: a function from request to response, for versions 1.22 to 1.57. An
 * aborted request rejects with the reason of its signal.
 *
 * @see Docker Engine API v1.57
 */
export function createEngineApi(options: EngineApiOptions): HttpClient {
  const { runtime, facts, events = createEngineEvents(), onEvent, onError = (): void => {} } = options
  const { ending, stopping } = options
  return async (request) => {
    try {
      const url = new URL(request.url)
      const versioned = splitVersion(url.pathname)
      const { version } = versioned
      const { action, name } = matchRoute(ROUTES, request.method, versioned)
      const exchange = {
        request,
        query: url.searchParams,
        version,
        name,
        runtime,
        events,
        facts,
        onEvent,
        ending,
        stopping,
        onError,
      }
      return withEngineHeaders(await responseTo(request, await action(exchange)))
    } catch (error) {
      request.signal?.throwIfAborted()
      return withEngineHeaders(await responseTo(request, answerFailure(error, onError)))
    }
  }
}

function answerFailure(error: unknown, onError: (error: unknown) => void): HttpResponse {
  if (isUnexpected(error)) onError(error)
  return failureResponse(failureOf(error))
}
