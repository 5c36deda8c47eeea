import { dockerStatus, type DistributionEvent, type ProgressVerb } from '@drayage/distribution'

import { progressText } from './progress-text.ts'

/** One object of a progress stream. @see Docker Engine API v1.50, `POST /images/create` */
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

/**
 * Creates what tells the events of one pull or push as Docker Engine does; `undefined` for an event that it does not tell:
 * the config of a pushed image, and that a name is asked for once more, before anything else was told. As long as there is
 * no line, a failure is an HTTP status, which programs need.
 */
export function progressLines(verb: ProgressVerb): (event: DistributionEvent) => ProgressLine | undefined {
  let isBegun = verb === 'push'
  let secondsLeft = 0
  return (event) => {
    if (event.type === 'retrying') {
      const isStart = event.secondsLeft > secondsLeft
      secondsLeft = event.secondsLeft
      return isBegun && isStart ? progressLine(event, verb) : undefined
    }
    isBegun = true
    if (event.type === 'layer' && event.isConfig === true) return undefined
    return progressLine(event, verb)
  }
}

function progressLine(event: DistributionEvent, verb: ProgressVerb): ProgressLine {
  const { id, status, progress } = dockerStatus(event, verb)
  const named = id === undefined ? {} : { id }
  if (event.type !== 'layer') return { status, ...named }
  if (progress === undefined) return { status, progressDetail: {}, ...named }
  const { current, total } = progress
  return { status, progressDetail: { current, total }, progress: progressText(current, total), ...named }
}

/** An event of a load as Docker Engine tells it, which is of the bytes of new layers alone. */
export function loadLine(event: DistributionEvent): ProgressLine | undefined {
  if (event.type !== 'layer' || event.layer.state !== 'downloading') return undefined
  return { ...progressLine(event, 'pull'), status: 'Loading layer' }
}
