import { strict as assert } from 'node:assert'

import { parseReference, parseRepository } from '@drayage/reference'

import { USE_PRECISION_MS } from '../image-ports.ts'
import type { OtherContent } from '../stored-image.ts'
import {
  allNames,
  assertCode,
  described,
  indexOf,
  newImage,
  putImage,
  putIndex,
  recompressed,
  requirement,
  timedRequirement,
  type MetadataRequirement,
} from './subject.ts'

const APP = { name: parseReference('app:1') }

/** Adding, reading and listing images. */
export const imageRequirements: readonly MetadataRequirement[] = [
  requirement('put() makes what came visible together with its names, or not at all', async (subject) => {
    const { images } = subject.metadata
    const image = await newImage(subject.content, 'a')
    const target = indexOf('an index')
    const names = ['app:1', `app@${target.digest}`].map((text) => ({ name: parseReference(text) }))
    const refused = { name: parseReference('sha256:1') }
    const put = images.put(target, { platforms: [image] }, { names: [...names, refused] })
    await assertCode(put, 'ERR_NAME_REFUSED')
    assert.deepEqual(await images.list(), [])
    assert.deepEqual(await allNames(subject), [])
    await images.put(target, { platforms: [image] }, { names })
    const stored = (await images.get(target)) ?? assert.fail()
    assert.deepEqual([stored.target, stored.platforms, stored.others], [target, [image], []])
    assert.deepEqual(
      stored.names.map(({ reference }) => reference),
      ['docker.io/library/app:1', `docker.io/library/app@${target.digest}`],
    )
  }),
  requirement('get() gives what came as it was put, by its own digest only', async (subject) => {
    const { images } = subject.metadata
    const image = await newImage(subject.content, 'a', '2024-01-01T00:00:00Z')
    const attestation: OtherContent = { manifest: described('attestation'), parts: [described('statement')] }
    const index = indexOf('an index')
    await images.put(index, { platforms: [image], others: [attestation] })
    const { addedAtMs, usedAtMs, ...stored } = (await images.get(index)) ?? assert.fail()
    assert.deepEqual(stored, { target: index, names: [], platforms: [image], others: [attestation] })
    assert.equal(typeof addedAtMs, 'number')
    assert.equal(usedAtMs, addedAtMs)
    assert.equal(await images.get(image.manifest), undefined)
    assert.deepEqual(await images.findImage(image.manifest), image)
    for (const other of [index, attestation.manifest, image.config]) {
      assert.equal(await images.findImage(other), undefined)
    }
  }),
  timedRequirement(
    'recordUse() remembers the last use to the minute, of all that has a manifest',
    async (subject, clock) => {
      const { images } = subject.metadata
      const image = await newImage(subject.content, 'a')
      const [index, other] = [await putIndex(subject, 'index', [image], 'app:1'), await putIndex(subject, 'other', [])]
      const cameMs = clock.nowMs
      const usedAt = (): Promise<(number | undefined)[]> =>
        Promise.all([index, other].map(async (each) => (await images.get(each))?.usedAtMs))
      assert.deepEqual(await usedAt(), [cameMs, cameMs])
      clock.nowMs += USE_PRECISION_MS - 1
      await images.recordUse(index)
      assert.deepEqual(await usedAt(), [cameMs, cameMs])
      clock.nowMs += 1
      await images.recordUse(image.manifest)
      assert.deepEqual(await usedAt(), [clock.nowMs, cameMs])
      clock.nowMs += 10 * USE_PRECISION_MS
      await images.setNames([{ name: parseReference('app:2'), target: index }])
      assert.deepEqual(await usedAt(), [clock.nowMs, cameMs])
      await images.recordUse(described('what is not here'))
      assert.equal((await images.list()).length, 2)
    },
  ),
  requirement('images that come one by one belong to one target, which keeps its names', async (subject) => {
    const { images } = subject.metadata
    const [first, second] = [await newImage(subject.content, 'a'), await newImage(subject.content, 'b')]
    const index = await putIndex(subject, 'both', [first], 'app:1', 'app:2')
    const before = (await images.get(index)) ?? assert.fail()
    await images.put(index, { platforms: [second] }, { names: [APP] })
    assert.deepEqual(await images.get(index), { ...before, platforms: [first, second] })
    await images.put(index, { platforms: [first] })
    assert.deepEqual(await images.list(), [{ ...before, platforms: [first, second] }])
  }),
  requirement('present content of another target belongs to this one too', async (subject) => {
    const { images } = subject.metadata
    const image = await putImage(subject, 'a')
    const other: OtherContent = { manifest: described('attestation'), parts: [described('statement')] }
    await images.put(indexOf('one'), { platforms: [image], others: [other] })
    const two = indexOf('two')
    await images.put(two, { present: [image.manifest, { digest: other.manifest.digest }] }, { names: [APP] })
    const stored = (await images.get(two)) ?? assert.fail()
    assert.deepEqual([stored.platforms, stored.others], [[image], [other]])
  }),
  requirement('put() refuses present content that is gone, and changes nothing', async (subject) => {
    const { images } = subject.metadata
    const [gone, added] = [await putImage(subject, 'a'), await newImage(subject.content, 'b')]
    const kept = await putImage(subject, 'c', { names: ['app:1'] })
    await images.remove({ names: [], targets: [gone.manifest.digest] })
    const before = await images.list()
    const index = indexOf('both')
    const put = images.put(index, { platforms: [added], present: [kept.manifest, gone.manifest] }, { names: [APP] })
    await assertCode(put, 'ERR_IMAGE_NOT_FOUND')
    assert.deepEqual(await images.list(), before)
    assert.equal(await images.findImage(added.manifest), undefined)
  }),
  requirement('an image can have several manifests, each of which stays its own', async (subject) => {
    const { images } = subject.metadata
    const image = await putImage(subject, 'a')
    const again = recompressed(image, 'a, recompressed')
    await images.put(again.manifest, { platforms: [again] })
    assert.deepEqual(await images.findImage(image.manifest), image)
    assert.deepEqual(await images.findImage(again.manifest), again)
    assert.equal((await images.list()).length, 2)
  }),
  requirement('what came as mere content becomes an image once it is put as one', async (subject) => {
    const { images } = subject.metadata
    const image = await newImage(subject.content, 'a')
    const index = indexOf('an index')
    await images.put(index, { others: [{ manifest: image.manifest, parts: [] }] }, { names: [APP] })
    await images.put(index, { platforms: [image] })
    const stored = (await images.get(index)) ?? assert.fail()
    assert.deepEqual([stored.platforms, stored.others], [[image], []])
    await images.put(index, { others: [{ manifest: image.manifest, parts: [] }] })
    assert.deepEqual(await images.findImage(image.manifest), image)
  }),
  requirement('list() gives all that get() gives', async (subject) => {
    const { images } = subject.metadata
    const [a, b] = [await putImage(subject, 'a', { names: ['a:1', 'a:2'] }), await putImage(subject, 'b')]
    const index = await putIndex(subject, 'both', [a, b], 'both:1')
    await images.tag(described('artifact'), parseReference('artifact:1'))
    const listed = await images.list()
    assert.equal(listed.length, 4)
    for (const each of listed) assert.deepEqual(await images.get(each.target), each)
    assert.deepEqual(listed.find(({ target }) => target.digest === index.digest)?.platforms, [a, b])
  }),
  requirement('readConfig() gives the verified config, or says that the image is gone', async (subject) => {
    const { images } = subject.metadata
    const image = await putImage(subject, 'a')
    assert.equal((await images.readConfig(image)).value.author, 'a')
    const lost = await putImage(subject, 'b')
    await subject.content.delete(lost.config.digest)
    await assertCode(images.readConfig(lost), 'ERR_CONTENT_NOT_FOUND')
    await images.remove({ names: [], targets: [lost.manifest.digest] })
    await assertCode(images.readConfig(lost), 'ERR_IMAGE_NOT_FOUND')
  }),
  requirement('every call rejects with the reason of its signal', async (subject) => {
    const { images } = subject.metadata
    const signal = AbortSignal.abort(new Error('enough'))
    const image = await putImage(subject, 'a')
    const { manifest } = image
    const calls = [
      images.resolve(parseReference('a'), { signal }),
      images.targetOf(parseReference('a'), { signal }),
      images.tag(manifest, parseReference('a'), { signal }),
      images.setNames([], { signal }),
      images.untag(parseReference('a'), { signal }),
      images.listNames({ signal }),
      images.put(manifest, { platforms: [image] }, { signal }),
      images.get(manifest, { signal }),
      images.findImage(manifest, { signal }),
      images.list({ signal }),
      images.find('a', { signal }),
      images.remove({ names: [], targets: [] }, { signal }),
      images.removeContent(manifest.digest, [], { signal }),
      images.readConfig(image, { signal }),
      images.recordSources([manifest], parseRepository('a'), { signal }),
      images.forgetSource(manifest.digest, parseRepository('a'), { signal }),
      images.sourcesOf(manifest.digest, { signal }),
    ]
    for (const call of calls) await assert.rejects(call, (error) => error === signal.reason)
  }),
]
