import type { LruMap } from '@drayage/bytes'
import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'

import type { RegistryRoute } from '../handler/route.ts'
import type { FaultKind } from './kinds.ts'
import type { FaultOf } from './fault.ts'
import type { FaultPoint } from './points.ts'

/** Waits; rejects with the reason of the signal as soon as it fires. */
export type FaultSleep = (ms: number, options?: { readonly signal?: AbortSignal | undefined }) => Promise<void>

/** One request on its way through a fault. */
export interface FaultCall {
  readonly request: HttpRequest
  readonly point: FaultPoint
  /** What the path names; `undefined` for the token endpoint. */
  readonly route: RegistryRoute | undefined
  /** The registry behind the faults that come after this one. */
  readonly next: HttpClient
  /** The registry itself. */
  readonly registry: HttpClient
  /** Reports that the fault happens. A fault that never does so does not count. */
  readonly fire: () => void
  readonly sleep: FaultSleep
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Bearer tokens to when their life ends, in milliseconds since 1970. */
  readonly tokenEnds: LruMap<string, number>
}

/** What a fault does to a request. */
export type FaultBehaviour<K extends FaultKind> = (fault: FaultOf<K>, call: FaultCall) => Promise<HttpResponse>

/** What the faults of some kinds do. */
export type FaultBehaviours<K extends FaultKind> = { readonly [P in K]: FaultBehaviour<P> }
