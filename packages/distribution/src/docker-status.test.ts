import { digestOf } from '@drayage/digest'
import { expect, test } from 'vitest'

import { dockerStatus, type DistributionEvent, type DockerStatus, type LayerState } from './index.ts'

const digest = digestOf('layer')
const id = digest.slice(7, 19)
const error = new Error('x')

test.each<[LayerState, string]>([
  [{ state: 'exists' }, 'Already exists'],
  [{ state: 'queued' }, 'Pulling fs layer'],
  [{ state: 'waiting' }, 'Waiting'],
  [{ state: 'retrying', secondsLeft: 5, retry: 1, error }, 'Retrying in 5 seconds'],
  [{ state: 'retrying', secondsLeft: 1, retry: 1, error }, 'Retrying in 1 second'],
  [{ state: 'recompressed' }, 'Recompressed'],
  [{ state: 'verifying' }, 'Verifying Checksum'],
  [{ state: 'downloaded' }, 'Download complete'],
  [{ state: 'registering' }, 'Extracting'],
  [{ state: 'complete' }, 'Pull complete'],
])('dockerStatus() of a layer: %j', (layer, status) => {
  expect(dockerStatus({ type: 'layer', digest, layer })).toEqual({ id, status })
})

test.each<[DistributionEvent, DockerStatus]>([
  [
    { type: 'layer', digest, layer: { state: 'downloading', current: 1, total: 2 } },
    { id, status: 'Downloading', progress: { current: 1, total: 2 } },
  ],
  [
    { type: 'layer', digest, layer: { state: 'recompressing', current: 1, total: 2 } },
    { id, status: 'Recompressing', progress: { current: 1, total: 2 } },
  ],
  [
    { type: 'pulling', id: '3', path: 'library/alpine' },
    { id: '3', status: 'Pulling from library/alpine' },
  ],
  [{ type: 'digest', digest }, { status: `Digest: ${digest}` }],
  [{ type: 'status', upToDate: true, reference: 'alpine:3' }, { status: 'Status: Image is up to date for alpine:3' }],
  [
    { type: 'status', upToDate: false, reference: 'alpine:3' },
    { status: 'Status: Downloaded newer image for alpine:3' },
  ],
  [{ type: 'retrying', what: '"alpine:3"', secondsLeft: 10, error }, { status: 'Retrying in 10 seconds: "alpine:3"' }],
  [{ type: 'warning', message: 'careful' }, { status: 'WARNING: careful' }],
])('dockerStatus() of %j', (event, status) => {
  expect(dockerStatus(event)).toEqual(status)
})
