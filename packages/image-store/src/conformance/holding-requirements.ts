import { strict as assert } from 'node:assert'

import { digestOf } from '@drayage/digest'
import { parseReference } from '@drayage/reference'

import { HOLDING_GRACE_MS } from '../ports.ts'
import {
  described,
  digests,
  indexOf,
  namesOf,
  newImage,
  contentOf,
  putImage,
  putIndex,
  requirement,
  timedRequirement,
  type MetadataRequirement,
} from './subject.ts'

const repository = { domain: 'docker.io', path: 'team/app' }
const other = { domain: 'docker.io', path: 'team/other' }
const all = { limit: 9 }

/** What repositories of a registry hold. */
export const holdingRequirements: readonly MetadataRequirement[] = [
  requirement('a repository holds what was put into it, until it is dropped', async ({ metadata: { holdings } }) => {
    const blob = described('blob')
    await holdings.hold('blob', repository, blob)
    assert.deepEqual(await holdings.find('blob', repository, blob.digest), blob)
    assert.equal(await holdings.find('manifest', repository, blob.digest), undefined)
    assert.equal(await holdings.find('blob', other, blob.digest), undefined)
    assert.equal(await holdings.drop('blob', repository, blob.digest), true)
    assert.equal(await holdings.drop('blob', repository, blob.digest), false)
    assert.equal(await holdings.find('blob', repository, blob.digest), undefined)
  }),
  requirement('a repository holds and needs the parts of images with a name in it', async (subject) => {
    const { images, holdings } = subject.metadata
    const image = await putImage(subject, 'a')
    const { manifest, config, layers } = image
    await images.setNames(namesOf(manifest, 'team/app:1'))
    for (const part of [config, ...layers]) {
      assert.deepEqual(await holdings.find('blob', repository, part.digest), part)
      assert.equal(await holdings.isNeeded('blob', repository, part.digest), true)
      assert.equal(await holdings.find('blob', other, part.digest), undefined)
    }
    assert.deepEqual(await holdings.find('manifest', repository, manifest.digest), manifest)
    assert.equal(await holdings.isNeeded('manifest', repository, manifest.digest), false)
  }),
  requirement('a repository needs the images of an index with a name in it', async (subject) => {
    const { holdings } = subject.metadata
    const image = await newImage(subject.content, 'a')
    const index = await putIndex(subject, 'index', [image], 'team/app:1')
    assert.equal(await holdings.isNeeded('manifest', repository, image.manifest.digest), true)
    assert.equal(await holdings.isNeeded('blob', repository, image.config.digest), true)
    assert.equal(await holdings.isNeeded('manifest', repository, index.digest), false)
    assert.equal(await holdings.isNeeded('manifest', other, image.manifest.digest), false)
  }),
  timedRequirement('an image that was taken out of a pushed index goes after a day', async (subject, clock) => {
    const { images, holdings, leases } = subject.metadata
    const [a, b] = [await newImage(subject.content, 'a'), await newImage(subject.content, 'b')]
    const [index, inner] = [indexOf('index'), indexOf('inner')]
    for (const { manifest, config, layers } of [a, b]) {
      await holdings.hold('manifest', repository, manifest, { parts: digests([config, ...layers]) })
    }
    await holdings.hold('manifest', repository, inner, { parts: digests([a.manifest, b.manifest]) })
    await holdings.hold('manifest', repository, index, { parts: digests([inner, a.manifest]) })
    const names = [{ name: parseReference('team/app:1') }]
    await images.put(index, { platforms: [a, b], others: [{ manifest: inner, parts: [] }] }, { names })
    clock.nowMs += HOLDING_GRACE_MS
    await images.removeContent(index.digest, [a.manifest.digest])
    const all = digests([index, inner, ...contentOf(a), ...contentOf(b)])
    assert.deepEqual(await leases.sweep(all, () => {}), digests(contentOf(a)))
  }),
  timedRequirement('what is held stays for a day, with its parts and referrers', async ({ metadata }, clock) => {
    const { holdings, leases } = metadata
    const [manifest, blob, signature, alone] = ['manifest', 'blob', 'signature', 'alone'].map((each) => described(each))
    assert.ok(manifest && blob && signature && alone)
    await holdings.hold('manifest', repository, manifest, { parts: [blob.digest] })
    await holdings.refer(repository, manifest.digest, signature)
    const candidates = digests([manifest, blob, signature, alone])
    assert.deepEqual(await leases.sweep(candidates, () => {}), [alone.digest])
    clock.nowMs += HOLDING_GRACE_MS
    assert.deepEqual(await leases.sweep(candidates, () => {}), candidates)
    assert.equal(await holdings.find('manifest', repository, manifest.digest), undefined)
    assert.deepEqual(await holdings.referrers(repository, manifest.digest, all), [])
  }),
  requirement('repositories come in pages, sorted, also those with a name only', async ({ metadata }) => {
    const { images, holdings } = metadata
    for (const each of [other, repository]) await holdings.hold('blob', each, described('b'))
    await images.tag(described('artifact'), parseReference('ghcr.io/org/app:1'))
    assert.deepEqual(await holdings.repositories({ limit: 1 }), ['docker.io/team/app'])
    assert.deepEqual(await holdings.repositories({ ...all, after: 'docker.io/team/app' }), [
      'docker.io/team/other',
      'ghcr.io/org/app',
    ])
  }),
  requirement('tags come in pages, sorted; a repository without any has none', async ({ metadata }) => {
    const { images, holdings } = metadata
    await holdings.hold('blob', other, described('b'))
    const target = described('artifact')
    for (const tag of ['b', 'a', 'c']) await images.tag(target, parseReference(`team/app:${tag}`))
    await images.tag(target, parseReference(`team/app@${target.digest}`))
    assert.deepEqual(await holdings.tags(repository, { limit: 2 }), ['a', 'b'])
    assert.deepEqual(await holdings.tags(repository, { limit: 2, after: 'b' }), ['c'])
    assert.deepEqual(await holdings.tags(other, all), [])
    assert.equal(await holdings.tags({ domain: 'docker.io', path: 'none' }, all), undefined)
  }),
  requirement('referrers come in pages, in the order of their digests', async ({ metadata: { holdings } }) => {
    const subject = digestOf('subject')
    const referrers = ['a', 'b', 'c'].map((each) => described(each)).sort((a, b) => (a.digest < b.digest ? -1 : 1))
    for (const each of referrers.toReversed()) await holdings.refer(repository, subject, each)
    const [first, ...rest] = referrers
    assert.deepEqual(await holdings.referrers(repository, subject, { limit: 1 }), [first])
    assert.deepEqual(await holdings.referrers(repository, subject, { ...all, after: first?.digest }), rest)
    assert.deepEqual(await holdings.referrers(other, subject, all), [])
    await holdings.unrefer(repository, subject, rest[0]?.digest ?? subject)
    assert.equal((await holdings.referrers(repository, subject, all)).length, 2)
  }),
]

/** Uploads that have begun. */
export const uploadRequirements: readonly MetadataRequirement[] = [
  requirement('uploads are found until they are closed, the oldest first', async ({ metadata: { uploads } }) => {
    const upload = { id: 'a'.repeat(32), repository: 'team/app', startedAtMs: 5 }
    const older = { id: 'b'.repeat(32), repository: 'team/app', startedAtMs: 4 }
    for (const each of [upload, older]) await uploads.open(each)
    assert.deepEqual(await uploads.find(upload.id), upload)
    assert.deepEqual(await uploads.list(), [older, upload])
    await uploads.close(upload.id)
    await uploads.close(upload.id)
    assert.equal(await uploads.find(upload.id), undefined)
    assert.deepEqual(await uploads.list(), [older])
  }),
]
