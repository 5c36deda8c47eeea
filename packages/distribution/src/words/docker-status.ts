import { saidOf } from '@drayage/content'
import { shortHex } from '@drayage/digest'

import type { DistributionEvent, LayerState } from '../events.ts'

/** One line of Docker Engine's progress stream, before it is rendered. */
export interface DockerStatus {
  /** What the line is about, such as a layer's first 12 hex digits. */
  readonly id?: string
  readonly status: string
  /** Bytes that are there and bytes in all, while a bar is shown. */
  readonly progress?: { readonly current: number; readonly total: number }
}

/** Whose words are used: those of `docker pull` or those of `docker push`. */
export type ProgressVerb = 'pull' | 'push'

const INSTEAD_OF_INDEX =
  'Not all multiplatform-content is present and only the available single-platform image was pushed'

/** An event of a pull or push in Docker Engine's words, which users and programs know. */
export function dockerStatus(event: DistributionEvent, verb: ProgressVerb = 'pull'): DockerStatus {
  switch (event.type) {
    case 'pulling':
      return { id: event.id, status: `Pulling from ${event.path}` }
    case 'layer': {
      const { layer } = event
      const line = { id: shortHex(event.digest), status: verb === 'pull' ? pullStatus(layer) : pushStatus(layer) }
      if (layer.state !== 'downloading' && layer.state !== 'recompressing') return line
      return { ...line, progress: { current: layer.current, total: layer.total } }
    }
    case 'pushing':
      return { status: `The push refers to repository [${event.repository}]` }
    case 'pushed':
      return { status: `${event.tag}: digest: ${event.digest} size: ${event.size}` }
    case 'instead-of-index':
      return { status: `${INSTEAD_OF_INDEX}: ${event.index.digest} -> ${event.manifest.digest}` }
    case 'digest':
      return { status: `Digest: ${event.digest}` }
    case 'status':
      return {
        status: event.upToDate
          ? `Status: Image is up to date for ${event.reference}`
          : `Status: Downloaded newer image for ${event.reference}`,
      }
    case 'retrying':
      return { status: retryText(event.secondsLeft, event.what, saidOf(event.error)) }
    case 'warning':
      return { status: `WARNING: ${event.message}` }
    case 'notice':
      return { status: event.message }
  }
}

function pullStatus(layer: LayerState): string {
  switch (layer.state) {
    case 'exists':
      return 'Already exists'
    case 'skipped':
      return 'Skipped foreign layer'
    case 'mounted':
      return `Mounted from ${layer.from}`
    case 'queued':
      return 'Pulling fs layer'
    case 'waiting':
      return 'Waiting'
    case 'downloading':
      return 'Downloading'
    case 'retrying':
      return retryText(layer.secondsLeft, saidOf(layer.error))
    case 'recompressing':
      return 'Recompressing'
    case 'recompressed':
      return 'Recompressed'
    case 'verifying':
      return 'Verifying Checksum'
    case 'downloaded':
      return 'Download complete'
    case 'registering':
      return 'Extracting'
    case 'complete':
      return 'Pull complete'
  }
}

/** Docker's words, and after them what is waited for and why, as far as that is known. */
function retryText(secondsLeft: number, ...about: readonly (string | undefined)[]): string {
  const wait = `Retrying in ${secondsLeft} ${secondsLeft === 1 ? 'second' : 'seconds'}`
  return [wait, ...about.filter((text) => text !== undefined)].join(': ')
}

function pushStatus(layer: LayerState): string {
  switch (layer.state) {
    case 'exists':
      return 'Layer already exists'
    case 'queued':
      return 'Preparing'
    case 'downloading':
    case 'verifying':
      return 'Pushing'
    case 'downloaded':
    case 'registering':
    case 'complete':
      return 'Pushed'
    case 'skipped':
    case 'mounted':
    case 'waiting':
    case 'retrying':
    case 'recompressing':
    case 'recompressed':
      return pullStatus(layer)
  }
}
