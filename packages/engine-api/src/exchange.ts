import type { HttpRequest } from '@drayage/content'
import type { OnEvent } from '@drayage/distribution'
import type { Runtime } from '@drayage/runtime'

import type { ApiVersion } from './api-version.ts'
import type { EngineEvents } from './engine-events.ts'
import type { EngineFacts } from './engine-facts.ts'

/** A request on its way to its answer, with what the answer is made from. */
export interface Exchange {
  readonly request: HttpRequest
  readonly query: URLSearchParams
  /** The version that the client speaks. */
  readonly version: ApiVersion
  /** What stands for `{name}` in the path; empty where the path has none. */
  readonly name: string
  readonly runtime: Runtime
  readonly events: EngineEvents
  readonly facts: EngineFacts
  readonly onEvent: OnEvent | undefined
  /** Fires when streams without an end have to end. */
  readonly ending: AbortSignal | undefined
  /** Fires when work has to stop; its reason is told to the client. */
  readonly stopping: AbortSignal | undefined
  /** Called with each error that nobody expects and that no status tells. */
  readonly onError: (error: unknown) => void
}
