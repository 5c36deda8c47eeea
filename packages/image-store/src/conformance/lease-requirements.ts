import { strict as assert } from 'node:assert'

import { digestOf } from '@drayage/digest'
import { MEDIA_TYPES, withSignedBytes } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'

import { DEFAULT_LEASE_MS } from '../leases.ts'
import {
  described,
  digests,
  indexOf,
  newImage,
  contentOf,
  putImage,
  recompressed,
  requirement,
  timedRequirement,
  type MetadataRequirement,
} from './subject.ts'

const [a, b] = [digestOf('a'), digestOf('b')]
const nothing = async (): Promise<void> => {}

/** Which content stays, and which may go. */
export const leaseRequirements: readonly MetadataRequirement[] = [
  requirement('sweep() removes what nothing needs, and keeps what is leased', async ({ metadata: { leases } }) => {
    const gone: string[] = []
    await leases.keep('pull-1', [b])
    assert.deepEqual(await leases.sweep([a, b], async (digest) => gone.push(digest)), [a])
    assert.deepEqual(gone, [a])
    await leases.release('pull-1')
    assert.deepEqual(await leases.sweep([a, b], nothing), [a, b])
  }),
  requirement('content that two holders keep stays until both release it', async ({ metadata: { leases } }) => {
    for (const holder of ['pull-1', 'pull-2']) await leases.keep(holder, [a])
    await leases.release('pull-1')
    assert.deepEqual(await leases.sweep([a], nothing), [])
    await leases.release('pull-2')
    assert.deepEqual(await leases.sweep([a], nothing), [a])
  }),
  requirement('sweep() keeps what an image or a name needs', async (subject) => {
    const { images, leases } = subject.metadata
    const image = await newImage(subject.content, 'a')
    const attestation = { manifest: described('attestation'), parts: [described('statement')] }
    const [artifact, index] = [described('artifact'), indexOf('index')]
    await images.tag(artifact, parseReference('artifact:1'))
    await images.put(index, { platforms: [image], others: [attestation] })
    const all = digests([artifact, index, ...contentOf(image), attestation.manifest, ...attestation.parts])
    assert.deepEqual(await leases.sweep(all, nothing), [])
    await images.remove({ names: [parseReference('artifact:1')], targets: [index.digest] })
    assert.deepEqual(await leases.sweep(all, nothing), all)
  }),
  requirement('sweep() keeps all of every manifest that an image has', async (subject) => {
    const { images, leases } = subject.metadata
    const image = await putImage(subject, 'a')
    const again = recompressed(image, 'again')
    await images.put(again.manifest, { platforms: [again] })
    const all = digests([...contentOf(image), ...contentOf(again)])
    assert.deepEqual(await leases.sweep(all, nothing), [])
    await images.remove({ names: [], targets: [image.manifest.digest] })
    const gone = digests([image.manifest, ...image.layers])
    assert.deepEqual(await leases.sweep([...new Set(all)], nothing), gone)
  }),
  requirement('sweep() keeps what is signed of a target and of a name', async (subject) => {
    const { images, leases } = subject.metadata
    const plain = described('schema 1', MEDIA_TYPES.schema1Signed)
    const bytes = ['by one', 'by another'].map((each) => Buffer.from(each))
    for (const [index, each] of bytes.entries()) {
      await images.tag(withSignedBytes(plain, each), parseReference(`app:${index}`))
    }
    const all = [plain.digest, ...bytes.map((each) => digestOf(each))]
    assert.deepEqual(await leases.sweep(all, nothing), [])
    const removed = await images.remove({ names: [parseReference('app:0'), parseReference('app:1')], targets: [] })
    assert.deepEqual(removed.content.toSorted(), all.toSorted())
    assert.deepEqual(await leases.sweep(all, nothing), all)
  }),
  requirement('keep() waits while a sweep removes the content', async ({ metadata: { leases } }) => {
    const order: string[] = []
    const removing = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const remove = async (): Promise<void> => {
      started.resolve()
      await removing.promise
    }
    const sweep = leases.sweep([a], remove).then(() => order.push('swept'))
    await started.promise
    const keep = leases.keep('pull-1', [a]).then(() => order.push('kept'))
    removing.resolve()
    await Promise.all([sweep, keep])
    assert.deepEqual(order, ['swept', 'kept'])
  }),
  timedRequirement('keep() outlives a sweeper that died, once its time is over', async ({ metadata }, clock) => {
    const { leases } = metadata
    const started = Promise.withResolvers<void>()
    void leases.sweep([a], () => {
      started.resolve()
      return new Promise<never>(() => {})
    })
    await started.promise
    const keep = leases.keep('pull-1', [a], { signal: AbortSignal.timeout(60_000) })
    clock.nowMs += 60_000
    await keep
    assert.deepEqual(await leases.sweep([a], nothing), [])
  }),
  timedRequirement('sweep() stops before its time is over', async ({ metadata: { leases } }, clock) => {
    const removed = await leases.sweep([a, b], async () => {
      clock.nowMs += 55_000
    })
    assert.deepEqual(removed, [a])
  }),
  timedRequirement('a lease ends after a day', async ({ metadata: { leases } }, clock) => {
    await leases.keep('killed', [a])
    assert.deepEqual(await leases.sweep([a], nothing), [])
    clock.nowMs += DEFAULT_LEASE_MS
    assert.deepEqual(await leases.sweep([a], nothing), [a])
  }),
  requirement('keep() rejects with the reason of its signal', async ({ metadata: { leases } }) => {
    const signal = AbortSignal.abort(new Error('enough'))
    await assert.rejects(leases.keep('pull-1', [a], { signal }), (error) => error === signal.reason)
  }),
]
