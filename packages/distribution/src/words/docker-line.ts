import type { DistributionEvent } from '../events.ts'
import { progressText } from './docker-progress.ts'
import { dockerStatus, type ProgressVerb } from './docker-status.ts'

/** An event as one object of Docker Engine's progress stream. @see Docker Engine API v1.57, `POST /images/create` */
export interface DockerLine {
  readonly status: string
  /** What the line is about, such as a layer's first 12 hex digits. */
  readonly id?: string
  /** Only of layers: empty while no bar is shown. */
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
  /** Bar and numbers, for clients that do not draw their own. */
  readonly progress?: string
}

/** An event of a pull or push as Docker Engine sends it. */
export function dockerLine(event: DistributionEvent, verb: ProgressVerb = 'pull'): DockerLine {
  const { id, status, progress } = dockerStatus(event, verb)
  const named = id === undefined ? {} : { id }
  if (event.type !== 'layer') return { status, ...named }
  if (progress === undefined) return { status, progressDetail: {}, ...named }
  const { current, total } = progress
  return { status, progressDetail: { current, total }, progress: progressText(current, total), ...named }
}

/** How often a line about the bytes of one layer is sent, in milliseconds: as often as a person can follow. */
const BYTES_EVERY_MS = 100

/** What of a line {@link createLineFilter} looks at. */
export type FilteredLine = Pick<Partial<DockerLine>, 'id' | 'progressDetail'>

/** Creates what decides whether a line is sent: of the bytes of a layer at most one every 100 ms, and always the last. */
export function createLineFilter(now: () => number = () => performance.now()): (line: FilteredLine) => boolean {
  const sentAtMs = new Map<string, number>()
  return ({ id, progressDetail: { current, total } = {} }) => {
    if (id === undefined || current === undefined || current === total) return true
    const nowMs = now()
    if (nowMs - (sentAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < BYTES_EVERY_MS) return false
    sentAtMs.set(id, nowMs)
    return true
  }
}
