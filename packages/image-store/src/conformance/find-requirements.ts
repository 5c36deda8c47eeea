import { strict as assert } from 'node:assert'

import { digestHex, digestOf, type Digest } from '@drayage/digest'
import { parseReference } from '@drayage/reference'

import {
  assertCode,
  described,
  indexOf,
  newImage,
  putImage,
  putIndex,
  requirement,
  type MetadataRequirement,
  type MetadataSubject,
} from './subject.ts'

/** The targets that a text finds. */
async function found({ metadata }: MetadataSubject, text: string): Promise<Digest[]> {
  return (await metadata.images.find(text)).images.map(({ target }) => target.digest)
}

/** Content whose digest starts with these digits. */
function startingWith(start: string, text: string): ReturnType<typeof described> {
  for (let seed = 0; ; seed++) {
    const what = described(`${text} ${seed}`)
    if (digestHex(what.digest).startsWith(start)) return what
  }
}

/** Finding images by what users type. */
export const findRequirements: readonly MetadataRequirement[] = [
  requirement('find() takes a name in any form, and gives it', async (subject) => {
    const { images } = subject.metadata
    const { manifest } = await putImage(subject, 'a', { names: ['alpine'] })
    await putImage(subject, 'b', { names: ['alpine:3'] })
    for (const text of ['alpine', 'alpine:latest', 'docker.io/library/alpine:latest']) {
      const { images: all, name, digest } = await images.find(text)
      assert.deepEqual([all.length, all[0].target, digest], [1, manifest, undefined])
      assert.deepEqual(name, all[0].names[0])
    }
  }),
  requirement('find() takes the digest of a target, a manifest or a config, and starts of them', async (subject) => {
    const [a, b] = [await newImage(subject.content, 'a'), await newImage(subject.content, 'b')]
    const index = await putIndex(subject, 'both', [a, b], 'app:1')
    await putImage(subject, 'c')
    for (const digest of [index.digest, a.manifest.digest, a.config.digest, b.manifest.digest, b.config.digest]) {
      const hex = digestHex(digest)
      for (const text of [digest, hex, hex.slice(0, 12), `sha256:${hex.slice(0, 12)}`]) {
        const { images, name, digest: meant } = await subject.metadata.images.find(text)
        assert.deepEqual([images.length, images[0].target], [1, index])
        assert.deepEqual([name, meant], [undefined, digest])
      }
    }
  }),
  requirement('find() gives every target that has the digest', async (subject) => {
    const image = await putImage(subject, 'a')
    const index = await putIndex(subject, 'index', [image])
    const again = { ...image, manifest: described('recompressed') }
    await subject.metadata.images.put(again.manifest, { platforms: [again] })
    const holders = [image.manifest.digest, index.digest]
    assert.deepEqual((await found(subject, image.manifest.digest)).toSorted(), holders.toSorted())
    assert.deepEqual((await found(subject, image.id)).toSorted(), [...holders, again.manifest.digest].toSorted())
    assert.deepEqual(await found(subject, index.digest), [index.digest])
    assert.deepEqual(await found(subject, again.manifest.digest), [again.manifest.digest])
  }),
  requirement('find() takes digests of SHA-512 and starts of them', async (subject) => {
    const { images } = subject.metadata
    const image = await newImage(subject.content, 'a')
    const long = { ...indexOf('long'), digest: digestOf('long', 'sha512') }
    await images.put(long, { platforms: [image] })
    const hex = digestHex(long.digest)
    for (const text of [long.digest, hex, hex.slice(0, 12), hex.slice(0, 80), `sha512:${hex.slice(0, 12)}`]) {
      assert.deepEqual(await found(subject, text), [long.digest])
    }
    await assertCode(images.find(`sha256:${hex.slice(0, 12)}`), 'ERR_IMAGE_NOT_FOUND')
  }),
  requirement('find() prefers a name to the start of a digest', async (subject) => {
    const start = digestHex((await putImage(subject, 'a')).id).slice(0, 12)
    const other = await putImage(subject, 'b', { names: [start] })
    assert.deepEqual(await found(subject, start), [other.manifest.digest])
  }),
  requirement('find() finds artifacts, and nothing else that is no image', async (subject) => {
    const { images } = subject.metadata
    const artifact = described('artifact')
    await images.tag(artifact, parseReference('artifact:1'))
    const attestation = { manifest: described('attestation'), parts: [described('statement')] }
    await images.put(indexOf('index'), { platforms: [await newImage(subject.content, 'a')], others: [attestation] })
    for (const text of ['artifact:1', artifact.digest]) assert.deepEqual(await found(subject, text), [artifact.digest])
    const unknown = ['nothing/here', '', 'A', 'sha256:', `sha256:${'0'.repeat(64)}`, '0'.repeat(64), '0'.repeat(65)]
    for (const text of [...unknown, attestation.manifest.digest, digestOf('statement')]) {
      await assertCode(images.find(text), 'ERR_IMAGE_NOT_FOUND')
    }
  }),
  requirement('find() refuses the start of different images', async (subject) => {
    const { images } = subject.metadata
    const artifact = startingWith('a', 'one')
    const other = startingWith(digestHex(artifact.digest).slice(0, 2), 'another')
    await images.tag(artifact, parseReference('artifact:1'))
    await images.tag(other, parseReference('artifact:2'))
    await assertCode(images.find(digestHex(artifact.digest).slice(0, 2)), 'ERR_IMAGE_AMBIGUOUS')
    assert.deepEqual(await found(subject, digestHex(artifact.digest).slice(0, 12)), [artifact.digest])
  }),
  requirement('find() takes what a manifest and its config start with alike', async (subject) => {
    const image = await newImage(subject.content, 'a')
    const start = digestHex(image.id).slice(0, 2)
    const manifest = startingWith(start, 'manifest')
    await subject.metadata.images.put(manifest, { platforms: [{ ...image, manifest }] })
    const { images, digest } = await subject.metadata.images.find(start)
    assert.deepEqual([images.length, images[0].target, digest], [1, manifest, manifest.digest])
  }),
  requirement('find() refuses what two images of one index start with alike', async (subject) => {
    const [a, b] = [await newImage(subject.content, 'a'), await newImage(subject.content, 'b')]
    const start = digestHex(a.id).slice(0, 2)
    const manifest = startingWith(start, 'manifest')
    const index = await putIndex(subject, 'both', [a, { ...b, manifest }])
    await assertCode(subject.metadata.images.find(start), 'ERR_IMAGE_AMBIGUOUS')
    assert.deepEqual(await found(subject, digestHex(a.id)), [index.digest])
  }),
]
