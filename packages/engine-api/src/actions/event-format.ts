import { isFrom, type ApiVersion } from '../http/api-version.ts'
import type { EngineEvent } from '../engine-events.ts'

/** How events are written. */
export interface EventFormat {
  readonly contentType: string
  /** An event as one record of the stream. */
  readonly format: (event: EngineEvent) => string
}

/** The forms that a client can ask for, in the order of preference. */
const FORMS = ['application/jsonl', 'application/x-ndjson', 'application/json-seq']

/**
 * The form of events that a client gets: the one that it accepts most, or else that of its version. Versions before 1.52 have
 * the members `status` and `id` too.
 *
 * @see Docker Engine API v1.57, `GET /events`
 * @see RFC 7464
 */
export function eventFormat(version: ApiVersion, accept: string = ''): EventFormat {
  const contentType = accepted(accept) ?? usualType(version)
  const start = contentType === 'application/json-seq' ? '\u001E' : ''
  const older = ({ Action, Actor }: EngineEvent): object => ({ status: Action, id: Actor.ID })
  return {
    contentType,
    format: (event) => `${start}${JSON.stringify(isFrom(version, 52) ? event : { ...older(event), ...event })}\n`,
  }
}

function usualType(version: ApiVersion): string {
  if (isFrom(version, 53)) return 'application/jsonl'
  return isFrom(version, 52) ? 'application/x-ndjson' : 'application/json'
}

/** The form with the highest weight that `Accept` names; ranges such as `*` name none. @see RFC 9110, section 12.5.1 */
function accepted(accept: string): string | undefined {
  let best: { readonly form: string; readonly weight: number } | undefined
  const ranges = accept.split(',').map((range) => range.split(';').map((part) => part.trim().toLowerCase()))
  for (const form of FORMS) {
    for (const [type, ...parameters] of ranges) {
      if (type !== form) continue
      const weight = Number(parameters.find((each) => each.startsWith('q='))?.slice(2) ?? 1)
      if (weight > (best?.weight ?? 0)) best = { form, weight }
    }
  }
  return best?.form
}
