import { strict as assert } from 'node:assert'

import { parseReference } from '@drayage/reference'

import type { Removal } from '../image-ports.ts'
import {
  allNames,
  described,
  digests,
  indexOf,
  newImage,
  contentOf,
  putImage,
  putIndex,
  recompressed,
  requirement,
  type MetadataRequirement,
} from './subject.ts'

const nothing: Removal = { names: [], targets: [] }
const APP = parseReference('app:1')

/** Removing names, targets and what is in them. */
export const removalRequirements: readonly MetadataRequirement[] = [
  requirement('remove() takes names, and leaves the images without any', async (subject) => {
    const { images } = subject.metadata
    const image = await putImage(subject, 'a', { names: ['app:1', 'app:2'] })
    const removed = await images.remove({ ...nothing, names: [APP, parseReference('never:given')] })
    assert.deepEqual([removed.targets, removed.images, removed.ids], [[], [], []])
    assert.deepEqual(await allNames(subject), ['docker.io/library/app:2'])
    await images.remove({ ...nothing, names: [parseReference('app:2')] })
    assert.deepEqual((await images.get(image.manifest))?.names, [])
  }),
  requirement('remove() takes targets with all that only they have', async (subject) => {
    const { images } = subject.metadata
    const image = await newImage(subject.content, 'a')
    const attestation = { manifest: described('attestation'), parts: [described('statement')] }
    const index = indexOf('index')
    await images.put(index, { platforms: [image], others: [attestation] }, { names: [{ name: APP }] })
    const removed = await images.remove({ names: [APP], targets: [index.digest] })
    assert.deepEqual([removed.targets, removed.images, removed.ids], [[index], [image], [image.id]])
    const content = digests([index, ...contentOf(image), attestation.manifest, ...attestation.parts])
    assert.deepEqual(removed.content.toSorted(), content.toSorted())
    assert.deepEqual([await images.list(), await images.findImage(image.manifest)], [[], undefined])
  }),
  requirement('remove() keeps a target that has another name', async (subject) => {
    const { images } = subject.metadata
    const { manifest } = await putImage(subject, 'a', { names: ['app:1', 'app:2'] })
    const removed = await images.remove({ names: [APP], targets: [manifest.digest] })
    assert.deepEqual([removed.targets, removed.images], [[], []])
    assert.equal((await images.get(manifest))?.names.length, 1)
  }),
  requirement('remove() takes an artifact with its last name', async (subject) => {
    const { images } = subject.metadata
    const artifact = described('artifact')
    const content = [{ manifest: artifact, parts: [described('blob')] }]
    await images.put(artifact, { others: content }, { names: [{ name: APP }, { name: parseReference('app:2') }] })
    assert.deepEqual((await images.remove({ ...nothing, names: [APP] })).targets, [])
    const removed = await images.remove({ ...nothing, names: [parseReference('app:2')] })
    assert.deepEqual(removed.targets, [artifact])
    assert.deepEqual(removed.content.toSorted(), digests([artifact, described('blob')]).toSorted())
    assert.deepEqual(await images.list(), [])
  }),
  requirement('remove() gives the images that no target has, and the IDs that no manifest has', async (subject) => {
    const { images } = subject.metadata
    const image = await putImage(subject, 'a')
    const again = recompressed(image, 'again')
    const index = await putIndex(subject, 'index', [image, again])
    const first = await images.remove({ ...nothing, targets: [index.digest] })
    assert.deepEqual([first.targets, first.images, first.ids], [[index], [again], []])
    const last = await images.remove({ ...nothing, targets: [image.manifest.digest] })
    assert.deepEqual([last.images, last.ids], [[image], [image.id]])
  }),
  requirement('remove() of what is not there removes nothing', async (subject) => {
    const { images } = subject.metadata
    const image = await newImage(subject.content, 'a')
    const removed = await images.remove({ names: [APP], targets: [image.manifest.digest] })
    assert.deepEqual(removed, { targets: [], images: [], ids: [], content: [] })
    const shed = await images.removeContent(image.manifest.digest, [image.manifest.digest])
    assert.deepEqual([shed.targets, shed.images, shed.ids, await images.list()], [[], [], [], []])
  }),
  requirement('removeContent() takes an image out of one target, which keeps its names', async (subject) => {
    const { images } = subject.metadata
    const [a, b] = [await newImage(subject.content, 'a'), await newImage(subject.content, 'b')]
    const one = await putIndex(subject, 'one', [a, b], 'one:1')
    const two = await putIndex(subject, 'two', [a], 'two:1')
    const shared = await images.removeContent(one.digest, [a.manifest.digest])
    assert.deepEqual([shared.targets, shared.images, shared.ids], [[], [], []])
    assert.deepEqual((await images.get(one))?.platforms, [b])
    assert.deepEqual((await images.get(two))?.platforms, [a])
    assert.deepEqual(await allNames(subject), ['docker.io/library/one:1', 'docker.io/library/two:1'])
    const last = await images.removeContent(two.digest, [a.manifest.digest])
    assert.deepEqual([last.targets, last.images, last.ids], [[], [a], [a.id]])
    assert.deepEqual(last.content.toSorted(), digests(contentOf(a)).toSorted())
    assert.deepEqual((await images.get(two))?.platforms, [])
    assert.deepEqual((await images.find('two:1')).images[0].target, two)
  }),
  requirement('removeContent() of the last image takes a target that has no name', async (subject) => {
    const { images } = subject.metadata
    const image = await newImage(subject.content, 'a')
    const attestation = { manifest: described('attestation'), parts: [described('statement')] }
    const index = indexOf('index')
    await images.put(index, { platforms: [image], others: [attestation] })
    const removed = await images.removeContent(index.digest, [image.manifest.digest])
    assert.deepEqual([removed.targets, removed.images], [[index], [image]])
    const content = digests([index, ...contentOf(image), attestation.manifest, ...attestation.parts])
    assert.deepEqual(removed.content.toSorted(), content.toSorted())
    assert.deepEqual(await images.list(), [])
  }),
]
