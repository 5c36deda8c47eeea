import type { HttpRequest } from '@drayage/content'
import type { OnEvent } from '@drayage/distribution'
import type { Runtime } from '@drayage/runtime'

import type { ApiVersion } from './http/api-version.ts'
import type { EngineEvents } from './engine-events.ts'

/** What the daemon reports about itself. */
export interface EngineFacts {
  /** The version of the program, such as `1.2.3`. */
  readonly version: string
  /** The host name of the machine. */
  readonly hostName: string
  /** A stable identity of this daemon's store. */
  readonly id: string
}

/** A request and everything that its answer is made from. */
export interface Exchange {
  readonly request: HttpRequest
  readonly query: URLSearchParams
  /** The version that the client speaks. */
  readonly version: ApiVersion
  /** What stands for `{name}` in the path; empty if the path has none. */
  readonly name: string
  readonly runtime: Runtime
  readonly events: EngineEvents
  readonly facts: EngineFacts
  readonly onEvent: OnEvent | undefined
  /** Fires when event streams must end. */
  readonly ending: AbortSignal | undefined
  /** Fires when work must stop; the client gets its reason. */
  readonly stopping: AbortSignal | undefined
  /** Called with each error that is a fault of the daemon. */
  readonly onError: (error: unknown) => void
}
