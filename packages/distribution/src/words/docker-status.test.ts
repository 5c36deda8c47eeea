import { digestOf } from '@drayage/digest'
import { expect, test } from 'vitest'

import { createWaitFilter, dockerStatus, type DistributionEvent, type DockerStatus, type LayerState } from '../index.ts'

const digest = digestOf('layer')
const id = digest.slice(7, 19)
const error = new Error('x')
const limited = new Error('x', { cause: Object.assign(new Error('y'), { said: 'You have reached your limit' }) })

/** Every state of a layer, with the words of a pull and those of a push. */
const LAYERS: readonly (readonly [layer: LayerState, pull: string, push: string])[] = [
  [{ state: 'exists' }, 'Already exists', 'Layer already exists'],
  [{ state: 'mounted', from: 'team/base' }, 'Mounted from team/base', 'Mounted from team/base'],
  [{ state: 'queued' }, 'Pulling fs layer', 'Preparing'],
  [{ state: 'waiting' }, 'Waiting', 'Waiting'],
  [{ state: 'downloading', current: 1, total: 2 }, 'Downloading', 'Pushing'],
  [{ state: 'retrying', secondsLeft: 5, retry: 1, error }, 'Retrying in 5 seconds', 'Retrying in 5 seconds'],
  [{ state: 'retrying', secondsLeft: 1, retry: 1, error }, 'Retrying in 1 second', 'Retrying in 1 second'],
  [
    { state: 'retrying', secondsLeft: 9, retry: 1, error: limited },
    'Retrying in 9 seconds: You have reached your limit',
    'Retrying in 9 seconds: You have reached your limit',
  ],
  [{ state: 'recompressing', current: 1, total: 2 }, 'Recompressing', 'Recompressing'],
  [{ state: 'recompressed' }, 'Recompressed', 'Recompressed'],
  [{ state: 'verifying' }, 'Verifying Checksum', 'Pushing'],
  [{ state: 'downloaded' }, 'Download complete', 'Pushed'],
  [{ state: 'registering' }, 'Extracting', 'Pushed'],
  [{ state: 'complete' }, 'Pull complete', 'Pushed'],
]

test.each(LAYERS)('dockerStatus() of a layer: %j is %j in a pull and %j in a push', (layer, pull, push) => {
  const progress = 'total' in layer ? { progress: { current: layer.current, total: layer.total } } : {}
  const event: DistributionEvent = { type: 'layer', digest, layer }
  expect(dockerStatus(event, 'pull')).toEqual({ id, status: pull, ...progress })
  expect(dockerStatus(event, 'push')).toEqual({ id, status: push, ...progress })
  expect(dockerStatus(event)).toEqual(dockerStatus(event, 'pull'))
})

test.each<[DistributionEvent, DockerStatus]>([
  [
    { type: 'pulling', id: '3', path: 'library/alpine' },
    { id: '3', status: 'Pulling from library/alpine' },
  ],
  [
    { type: 'pushing', repository: 'docker.io/team/app' },
    { status: 'The push refers to repository [docker.io/team/app]' },
  ],
  [{ type: 'pushed', tag: '1', digest, size: 528 }, { status: `1: digest: ${digest} size: 528` }],
  [{ type: 'digest', digest }, { status: `Digest: ${digest}` }],
  [{ type: 'status', upToDate: true, reference: 'alpine:3' }, { status: 'Status: Image is up to date for alpine:3' }],
  [
    { type: 'status', upToDate: false, reference: 'alpine:3' },
    { status: 'Status: Downloaded newer image for alpine:3' },
  ],
  [{ type: 'retrying', what: '"alpine:3"', secondsLeft: 10, error }, { status: 'Retrying in 10 seconds: "alpine:3"' }],
  [
    { type: 'retrying', what: '"alpine:3"', secondsLeft: 1, error: limited },
    { status: 'Retrying in 1 second: "alpine:3": You have reached your limit' },
  ],
  [{ type: 'warning', message: 'careful' }, { status: 'WARNING: careful' }],
  [
    {
      type: 'instead-of-index',
      index: { mediaType: 'index', digest, size: 2 },
      manifest: { mediaType: 'manifest', digest, size: 1 },
    },
    {
      status: `Not all multiplatform-content is present and only the available single-platform image was pushed: ${digest} -> ${digest}`,
    },
  ],
])('dockerStatus() of %j', (event, status) => {
  expect(dockerStatus(event)).toEqual(status)
})

test('createWaitFilter() leaves one line of each wait', () => {
  const isShown = createWaitFilter()
  const asking = (what: string, secondsLeft: number): DistributionEvent => ({
    type: 'retrying',
    what,
    secondsLeft,
    error,
  })
  const layer = (secondsLeft: number): DistributionEvent => ({
    type: 'layer',
    digest,
    layer: { state: 'retrying', secondsLeft, retry: 1, error },
  })
  const events = [asking('a', 2), asking('b', 1), asking('a', 1), asking('a', 1), layer(2), layer(1), asking('a', 5)]
  expect(events.filter(isShown)).toEqual([asking('a', 2), asking('b', 1), asking('a', 1), layer(2), asking('a', 5)])
  const downloading: DistributionEvent = {
    type: 'layer',
    digest,
    layer: { state: 'downloading', current: 1, total: 2 },
  }
  expect([downloading, downloading, layer(1)].map(isShown)).toEqual([true, true, true])
})
