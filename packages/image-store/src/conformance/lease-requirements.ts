import { strict as assert } from 'node:assert'

import { digestOf } from '@drayage/digest'
import { MEDIA_TYPES, withSignedBytes } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'

import { DEFAULT_LEASE_MS } from '../leases.ts'
import {
  assertCode,
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
const YEAR_MS = 365 * 24 * 60 * 60 * 1000
const nothing = (): void => {}

/** Which content stays, and which may go. */
export const leaseRequirements: readonly MetadataRequirement[] = [
  requirement('sweep() removes what nothing needs, and keeps what is leased', async ({ metadata: { leases } }) => {
    const gone: string[] = []
    await leases.keep('pull-1', [b])
    assert.deepEqual(await leases.sweep([a, b], (digest) => gone.push(digest)), [a])
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
  requirement('a holder can release some of what it keeps', async ({ metadata: { leases } }) => {
    await leases.keep('pull-1', [a, b])
    await leases.release('pull-1', [a])
    assert.deepEqual(await leases.sweep([a, b], nothing), [a])
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
  requirement('sweep() undoes what it decided when content cannot be taken', async (subject) => {
    const { holdings, leases } = subject.metadata
    const [kept, failing] = [described('kept'), digestOf('failing')]
    await leases.keep('pull-1', [kept.digest])
    const fail = (): void => {
      throw new Error('the disk')
    }
    await assert.rejects(leases.sweep([failing], fail), /the disk/)
    await holdings.hold('blob', { domain: 'docker.io', path: 'team/app' }, kept)
    assert.deepEqual(await leases.sweep([failing, kept.digest], nothing), [failing])
  }),
  timedRequirement('a lease does not end while its holder lives', async ({ metadata: { leases } }, clock) => {
    await leases.keep('pull-1', [a])
    for (const jump of [YEAR_MS, -2 * YEAR_MS, 3 * YEAR_MS]) {
      clock.nowMs += jump
      assert.deepEqual(await leases.sweep([a], nothing, { graceMs: 0 }), [])
      assert.equal(await leases.isKept(a), true)
    }
  }),
  timedRequirement('what a holder kept that has left stays for a day', async ({ metadata: { leases } }, clock) => {
    await leases.keep('failed', [a])
    clock.nowMs += YEAR_MS
    await leases.leave('failed')
    assert.equal(await leases.isKept(a), false)
    assert.deepEqual(await leases.sweep([a], nothing), [])
    clock.nowMs += DEFAULT_LEASE_MS
    assert.deepEqual(await leases.sweep([a], nothing), [a])
  }),
  timedRequirement('a day begins anew when the clock went back', async ({ metadata: { leases } }, clock) => {
    clock.nowMs += YEAR_MS
    await leases.keep('failed', [a])
    await leases.leave('failed')
    clock.nowMs -= YEAR_MS
    assert.deepEqual(await leases.sweep([a], nothing), [])
    clock.nowMs += DEFAULT_LEASE_MS
    assert.deepEqual(await leases.sweep([a], nothing), [a])
  }),
  requirement(
    'sweep() takes at once what nobody keeps any more, when it is told so',
    async ({ metadata: { leases } }) => {
      await leases.keep('failed', [a])
      await leases.leave('failed')
      await leases.keep('failed', [b])
      await leases.leave('failed')
      assert.deepEqual(await leases.sweep([a], nothing), [])
      assert.deepEqual(await leases.sweep([a, b], nothing, { graceMs: 0 }), [a, b])
    },
  ),
  requirement('unneeded() tells what such a sweep would take, and takes nothing', async (subject) => {
    const { leases } = subject.metadata
    const image = await putImage(subject, 'image')
    await leases.keep('running', [a])
    await leases.keep('failed', [b])
    await leases.leave('failed')
    const all = [a, b, ...digests(contentOf(image))]
    assert.deepEqual(await leases.unneeded(all), [b])
    assert.deepEqual(await leases.sweep(all, nothing, { graceMs: 0 }), [b])
  }),
  requirement('a holder that left and keeps again lives', async ({ metadata: { leases } }) => {
    await leases.keep('pull-1', [a])
    await leases.leave('pull-1')
    await leases.keep('pull-1', [b])
    assert.deepEqual(await leases.sweep([a, b], nothing, { graceMs: 0 }), [])
  }),
  requirement('put() adds what its holder keeps, and nothing that may be gone', async (subject) => {
    const { images, leases } = subject.metadata
    const image = await newImage(subject.content, 'a')
    const all = digests(contentOf(image))
    const put = (keptBy: string): Promise<void> =>
      images.put(image.manifest, { platforms: [image] }, { keptBy, names: [{ name: parseReference('app:1') }] })
    await leases.keep('pull-1', all.slice(1))
    await leases.keep('pull-2', all)
    await assertCode(put('pull-1'), 'ERR_LEASE_LOST')
    assert.deepEqual([await images.list(), await images.listNames()], [[], []])
    await leases.release('pull-1')
    await put('pull-2')
    await leases.release('pull-2')
    // What something in the store needs cannot be swept.
    await put('pull-3')
    assert.deepEqual(await leases.sweep(all, nothing), [])
  }),
  requirement('keep() rejects with the reason of its signal', async ({ metadata: { leases } }) => {
    const signal = AbortSignal.abort(new Error('enough'))
    await assert.rejects(leases.keep('pull-1', [a], { signal }), (error) => error === signal.reason)
  }),
]
