import { saidOf } from '@drayage/content'
import { createWaitFilter, dockerLine, type DistributionEvent, type ProgressVerb } from '@drayage/distribution'

/** One object of a progress stream. @see Docker Engine API v1.57, `POST /images/create` */
export interface ProgressLine {
  readonly status?: string
  readonly stream?: string
  readonly id?: string
  readonly progress?: string
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
  readonly aux?: Readonly<Record<string, unknown>>
  readonly error?: string
  readonly errorDetail?: { readonly message: string }
}

/** A wait before any other line that takes longer is told; shorter ones are over before a person wonders. */
const SILENT_SECONDS = 2

/**
 * Creates what turns the events of one pull or push into the lines that Docker Engine sends; `undefined` for an event that
 * it does not send: the config of a pushed image, and the seconds of a wait after its first. As long as there is no line, a
 * failure is an HTTP status, which programs need: a wait before any other line is only told when it takes longer than two
 * seconds, or the registry says why.
 */
export function progressLines(verb: ProgressVerb): (event: DistributionEvent) => ProgressLine | undefined {
  const isShown = createWaitFilter()
  let isBegun = verb === 'push'
  return (event) => {
    if (event.type === 'retrying') {
      isBegun ||= event.secondsLeft > SILENT_SECONDS || saidOf(event.error) !== undefined
      return isShown(event) && isBegun ? dockerLine(event, verb) : undefined
    }
    isBegun = true
    if (event.type === 'layer' && event.isConfig === true) return undefined
    return dockerLine(event, verb)
  }
}

/** An event of a load as Docker Engine sends it: only the bytes of new layers. */
export function loadLine(event: DistributionEvent): ProgressLine | undefined {
  if (event.type !== 'layer' || event.layer.state !== 'downloading') return undefined
  return { ...dockerLine(event), status: 'Loading layer' }
}
