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
  readonly errorDetail?: { readonly message: string; readonly code?: number }
}

/** An event of a pull or push as Docker Engine tells it. */
export function progressLine(event: DistributionEvent, verb: ProgressVerb): ProgressLine {
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
