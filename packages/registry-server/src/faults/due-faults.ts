import type { HttpRequest } from '@drayage/content'

import type { Route } from '../route.ts'
import type { Fault, FaultMatch } from './fault.ts'
import { KIND_RULES } from './fault-rules.ts'
import type { FaultPoint } from './points.ts'

/** A request and what it is. */
export interface FaultTargeted {
  readonly request: HttpRequest
  readonly point: FaultPoint
  readonly route: Route | undefined
}

/** One fault and how often it may still happen. */
export interface DueFault {
  readonly fault: Fault
  /** Takes one of its times for a request that it is for; `undefined` when it is not its turn. */
  take(target: FaultTargeted): TakenFault | undefined
}

/** One time of a fault. */
export interface TakenFault {
  /** Says that it happens; true the first time. */
  use(): boolean
  /** Gives it back unless it happened. */
  release(): void
}

/** Counts how often `fault` happens. */
export function createDueFault(fault: Fault, random: () => number): DueFault {
  const { after = 0, times = 1, probability = 1, match = {} } = fault
  let left = times === 'always' ? Number.POSITIVE_INFINITY : times
  let skipped = 0
  return {
    fault,
    take(target) {
      if (left < 1 || !isAt(fault, target.point) || !isMatch(match, target)) return undefined
      if (skipped < after) {
        skipped += 1
        return undefined
      }
      if (probability < 1 && random() >= probability) return undefined
      left -= 1
      let isUsed = false
      let isHeld = true
      return {
        use() {
          if (isUsed) return false
          isUsed = true
          if (!isHeld) left -= 1
          return true
        },
        release() {
          if (!isUsed && isHeld) left += 1
          isHeld = isUsed
        },
      }
    },
  }
}

function isAt({ point, kind }: Fault, at: FaultPoint): boolean {
  const possible = KIND_RULES[kind].points
  if (possible !== undefined && !possible.includes(at)) return false
  return point === 'any' || (typeof point === 'string' ? point === at : point.includes(at))
}

function isMatch({ repository, reference, method, ranged }: FaultMatch, { request, route }: FaultTargeted): boolean {
  if (method !== undefined && method !== request.method) return false
  const { headers } = request
  if (ranged !== undefined && ranged !== ('range' in headers || 'content-range' in headers)) return false
  if (
    repository !== undefined &&
    (route === undefined || !('repository' in route) || route.repository !== repository)
  ) {
    return false
  }
  return reference === undefined || namesOf(request, route).includes(reference)
}

/** The tags and digests that a request names. */
function namesOf(request: HttpRequest, route: Route | undefined): readonly string[] {
  const query = new URL(request.url).searchParams
  const named = [...query.getAll('digest'), ...query.getAll('mount')]
  if (route === undefined) return named
  if ('digest' in route) return [...named, route.digest]
  return 'reference' in route ? [...named, route.reference] : named
}
