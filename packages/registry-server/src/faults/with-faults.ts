import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'
import { sleep as sleepOnTimer } from '@drayage/transfer'

import { applyFault } from './behaviours.ts'
import { parseFaults } from './parse-faults.ts'
import { createConfigDigests } from './config-digests.ts'
import { createDueFault, seededRandom, type DueFault, type FaultTargeted } from './due-faults.ts'
import type { FaultCall, FaultSleep } from './fault-call.ts'
import type { Fault } from './fault.ts'
import { classify } from './point-of.ts'
import type { FaultPoint } from './points.ts'
import { createTokenEnds, invalidToken, isTokenOver } from './token-faults.ts'

/** A fault that happens. */
export interface FaultEvent {
  readonly fault: Fault
  /** Its place in the list. */
  readonly index: number
  readonly point: FaultPoint
  readonly method: string
  /** The path of the request, without its query. */
  readonly path: string
}

/** Options of {@link withFaults}. */
export interface WithFaultsOptions {
  /** Makes runs with a `probability` repeatable: every fault draws from its own numbers. A 32-bit integer; 0 by default. */
  readonly seed?: number
  /** Numbers from 0 up to, not including, 1 for all faults, in place of `seed`. */
  readonly random?: () => number
  /** Called when a fault happens. */
  readonly onFault?: (event: FaultEvent) => void
  /** The path of the token endpoint; `/token` by default. */
  readonly tokenPath?: string
  /** The waits of `body-drip`; on the timer of the platform by default. */
  readonly sleep?: FaultSleep
  /** Milliseconds since 1970; `Date.now` by default. */
  readonly now?: () => number
}

/** What is the same for all requests. */
interface Setting extends Pick<FaultCall, 'registry' | 'sleep' | 'now' | 'tokenEnds'> {
  readonly due: readonly DueFault[]
  readonly onFault: WithFaultsOptions['onFault']
}

/**
 * Puts faults before a registry, which may be any handler. Faults of one request work in the order of the list, the first
 * one next to the client; one that answers by itself hides those after it. Two handlers share nothing: each counts from
 * the start. A broken connection is a rejection, of the handler or of a body, with `ConnectionFaultError`.
 *
 * @throws TypeError, RangeError as {@link parseFaults} does
 */
export function withFaults(handler: HttpClient, faults: readonly Fault[], options: WithFaultsOptions = {}): HttpClient {
  const { seed = 0, random, onFault, tokenPath = '/token', sleep = sleepOnTimer, now = Date.now } = options
  if (!Number.isInteger(seed)) {
    throw new RangeError(`Cannot use faults: seed is ${seed}, expected a 32-bit integer`)
  }
  const due = parseFaults(faults).map((fault, index) =>
    createDueFault(fault, random ?? seededRandom(Math.imul(seed + 1, 0x9e3779b1) + index)),
  )
  const configs = createConfigDigests()
  const registry = configs.watch(handler)
  const setting: Setting = { registry, due, onFault, sleep, now, tokenEnds: createTokenEnds() }
  return async (request) => {
    const { route, point } = classify(request, { tokenPath, isConfig: configs.has })
    if (isTokenOver(request, setting.tokenEnds, now())) return invalidToken(request, registry)
    return point === undefined ? registry(request) : passFrom(0, { request, route, point }, setting)
  }
}

/** Sends a request through the faults from the one at `first`, then to the registry. */
async function passFrom(first: number, target: FaultTargeted, setting: Setting): Promise<HttpResponse> {
  const { due, onFault, ...parts } = setting
  for (const [index, { fault, take }] of due.entries()) {
    const taken = index < first ? undefined : take(target)
    if (taken === undefined) continue
    const next = (request: HttpRequest): Promise<HttpResponse> => passFrom(index + 1, { ...target, request }, setting)
    const fire = (): void => {
      if (!taken.use()) return
      const { request, point } = target
      onFault?.({ fault, index, point, method: request.method, path: new URL(request.url).pathname })
    }
    try {
      return await applyFault(fault, { ...target, ...parts, next, fire })
    } finally {
      taken.release()
    }
  }
  return setting.registry(target.request)
}
