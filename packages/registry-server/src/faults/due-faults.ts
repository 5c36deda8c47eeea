import type { HttpRequest } from '@drayage/content'

import type { RegistryRoute } from '../handler/route.ts'
import type { Fault, FaultMatch } from './fault.ts'
import { KIND_RULES } from './fault-rules.ts'
import type { FaultPoint } from './points.ts'

/** A request, with its route and point. */
export interface FaultTargeted {
  readonly request: HttpRequest
  readonly point: FaultPoint
  readonly route: RegistryRoute | undefined
}

/** One fault and how often it may still happen. */
export interface DueFault {
  readonly fault: Fault
  /** Claims one occurrence for a request that it matches; `undefined` when it is not due. */
  take(target: FaultTargeted): TakenFault | undefined
}

/** One occurrence of a fault. */
export interface TakenFault {
  /** Uses it up; `true` the first time. */
  use(): boolean
  /** Gives it back unless it was used. */
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
function namesOf(request: HttpRequest, route: RegistryRoute | undefined): readonly string[] {
  const query = new URL(request.url).searchParams
  const named = [...query.getAll('digest'), ...query.getAll('mount')]
  if (route === undefined) return named
  if ('digest' in route) return [...named, route.digest]
  return 'reference' in route ? [...named, route.reference] : named
}

/**
 * Creates a source of numbers from 0 up to, not including, 1 that depend only on `seed`, a 32-bit integer. It is for
 * tests that can be repeated, not for secrets.
 */
export function seededRandom(seed: number): () => number {
  // A Weyl sequence whose steps are mixed by two multiplications.
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}
