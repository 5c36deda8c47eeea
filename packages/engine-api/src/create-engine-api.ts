import type { HttpClient, HttpResponse } from '@drayage/content'
import type { OnEvent } from '@drayage/distribution'
import type { Runtime } from '@drayage/runtime'

import { splitVersion } from './api-version.ts'
import { createEngineEvents, type EngineEvents } from './engine-events.ts'
import type { EngineFacts } from './engine-facts.ts'
import { failureOf, isUnexpected } from './failure.ts'
import { failureResponse, forMethod } from './respond.ts'
import { matchRoute } from './route.ts'
import { ROUTES } from './routes.ts'
import { withEngineHeaders } from './engine-headers.ts'

/** Options of {@link createEngineApi}. */
export interface EngineApiOptions {
  /** Whose store and registries are served. */
  readonly runtime: Runtime
  readonly facts: EngineFacts
  /** Where events are told; by default they are seen by clients of this handler alone. */
  readonly events?: EngineEvents
  /** Receives the progress of all work, such as to count it. */
  readonly onEvent?: OnEvent
  /** Fires when the program is about to end: streams of events, which have no end of their own, end then. */
  readonly ending?: AbortSignal
  /**
   * Fires when transfers and other work have to stop: what came stays for the next try, and clients are told the reason
   * of the signal as an error.
   */
  readonly stopping?: AbortSignal
  /** Called with each error that is answered with status 500, or would be, had its stream of progress not begun. */
  readonly onError?: (error: unknown) => void
}

/**
 * Creates the image part of the Docker Engine API: a function from request to response, for versions 1.24 to 1.50. An
 * aborted request rejects with the reason of its signal.
 *
 * @see Docker Engine API v1.50
 */
export function createEngineApi(options: EngineApiOptions): HttpClient {
  const { runtime, facts, events = createEngineEvents(), onEvent, onError = (): void => {} } = options
  const { ending, stopping } = options
  return async (request) => {
    try {
      const url = new URL(request.url)
      const { path, version } = splitVersion(url.pathname)
      const { action, name } = matchRoute(ROUTES, request.method, path)
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
      return withEngineHeaders(await forMethod(request, await action(exchange)))
    } catch (error) {
      request.signal?.throwIfAborted()
      return withEngineHeaders(await forMethod(request, answerFailure(error, onError)))
    }
  }
}

function answerFailure(error: unknown, onError: (error: unknown) => void): HttpResponse {
  if (isUnexpected(error)) onError(error)
  return failureResponse(failureOf(error))
}
