import { strict as assert } from 'node:assert'

import { digestOf } from '@drayage/digest'
import { MEDIA_TYPES, withSignedBytes, type Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'

import {
  allNames,
  assertCode,
  described,
  indexOf,
  namesOf,
  newImage,
  putImage,
  putIndex,
  requirement,
  type MetadataRequirement,
} from './subject.ts'

const APP = parseReference('app:1')

/** Giving, reading and taking away names. */
export const nameRequirements: readonly MetadataRequirement[] = [
  requirement('resolve() gives what a name stands for, `latest` by default, and fails for others', async (subject) => {
    const { images } = subject.metadata
    const { manifest } = await putImage(subject, 'a', { names: ['alpine:latest'] })
    assert.deepEqual(await images.resolve(parseReference('alpine')), manifest)
    assert.deepEqual(await images.targetOf(parseReference('alpine')), manifest)
    await assertCode(images.resolve(parseReference('alpine:3')), 'ERR_NAME_NOT_FOUND')
    assert.equal(await images.targetOf(parseReference('alpine:3')), undefined)
  }),
  requirement('tag() makes a target of what was none', async (subject) => {
    const { images } = subject.metadata
    const [artifact, index] = [described('artifact'), indexOf('index')]
    await images.tag(artifact, APP)
    await images.tag(index, parseReference('app:2'))
    for (const target of [artifact, index]) {
      const stored = (await images.get(target)) ?? assert.fail()
      assert.deepEqual([stored.target, stored.names.length, stored.platforms], [target, 1, []])
    }
  }),
  requirement('a tag that moves leaves an image without a name', async (subject) => {
    const { images } = subject.metadata
    const first = await putImage(subject, 'a', { names: ['app:1'] })
    const second = await putImage(subject, 'b')
    await images.tag(second.manifest, APP)
    assert.deepEqual(await images.resolve(APP), second.manifest)
    assert.deepEqual((await images.get(first.manifest))?.names, [])
    const index = await putIndex(subject, 'index', [first], 'app:1')
    assert.deepEqual(await images.resolve(APP), index)
    assert.deepEqual((await images.get(second.manifest))?.platforms, [second])
    assert.deepEqual(await allNames(subject), ['docker.io/library/app:1'])
  }),
  requirement('a tag that moves takes away an artifact that has no other name', async (subject) => {
    const { images } = subject.metadata
    const [one, two, three] = ['one', 'two', 'three'].map((each) => described(each))
    assert.ok(one && two && three)
    for (const text of ['app:1', 'app:2']) await images.tag(one, parseReference(text))
    await images.tag(two, APP)
    assert.deepEqual((await images.get(one))?.names.length, 1)
    await images.put(three, { others: [{ manifest: three, parts: [] }] }, { names: [{ name: APP }] })
    assert.equal(await images.get(two), undefined)
    await images.setNames(namesOf(three, 'app:2'))
    assert.equal(await images.get(one), undefined)
    assert.equal((await images.get(three))?.names.length, 2)
  }),
  requirement('setNames() can exchange two names', async (subject) => {
    const { images } = subject.metadata
    const [one, two] = [described('one'), described('two')]
    await images.tag(one, parseReference('app:1'))
    await images.tag(two, parseReference('app:2'))
    await images.setNames([...namesOf(two, 'app:1'), ...namesOf(one, 'app:2')])
    assert.deepEqual(await images.resolve(parseReference('app:1')), two)
    assert.deepEqual(await images.resolve(parseReference('app:2')), one)
  }),
  requirement('a name with a digest loses its tag, and stands for that content only', async (subject) => {
    const { images } = subject.metadata
    const { manifest } = await putImage(subject, 'a')
    await images.tag(manifest, parseReference(`app:1@${manifest.digest}`))
    assert.deepEqual(await allNames(subject), [`docker.io/library/app@${manifest.digest}`])
    await assertCode(images.tag(manifest, parseReference(`app@${digestOf('other')}`)), 'ERR_NAME_REFUSED')
  }),
  requirement('tag() refuses names that look like a digest', async (subject) => {
    const { manifest } = await putImage(subject, 'a')
    for (const text of ['sha256', 'sha256:latest', 'docker.io/library/sha256:1']) {
      await assertCode(subject.metadata.images.tag(manifest, parseReference(text)), 'ERR_NAME_REFUSED')
    }
  }),
  requirement('setNames() gives all names or none', async (subject) => {
    const { images } = subject.metadata
    const { manifest } = await putImage(subject, 'a')
    const never = await newImage(subject.content, 'never put')
    await assertCode(images.setNames(namesOf(manifest, 'app:1', 'sha256:1')), 'ERR_NAME_REFUSED')
    const unknown = [...namesOf(manifest, 'app:1'), ...namesOf(never.manifest, 'b')]
    await assertCode(images.setNames(unknown), 'ERR_IMAGE_NOT_FOUND')
    assert.deepEqual(await allNames(subject), [])
  }),
  requirement('setNames() leaves a name alone that stands for this already', async (subject) => {
    const { images } = subject.metadata
    const { manifest } = await putImage(subject, 'a', { names: ['app:1'] })
    const before = await images.listNames()
    await images.setNames(namesOf(manifest, 'app:1'))
    assert.deepEqual(await images.listNames(), before)
  }),
  requirement('a digest that was asked for is pinned, and stays so', async (subject) => {
    const { images } = subject.metadata
    const { manifest } = await putImage(subject, 'a', { names: ['app:1'] })
    const byDigest = { name: parseReference(`app@${manifest.digest}`), target: manifest }
    const pins = async (): Promise<boolean[]> => (await images.listNames()).map(({ isPinned }) => isPinned)
    await images.setNames([byDigest])
    assert.deepEqual(await pins(), [false, false])
    await images.put(manifest, {}, { names: [{ name: byDigest.name, isPinned: true }] })
    assert.deepEqual(await pins(), [false, true])
    await images.setNames([byDigest, { name: APP, target: manifest, isPinned: true }])
    assert.deepEqual(await pins(), [false, true])
  }),
  requirement('a name learns where the signed bytes of its target are', async (subject) => {
    const { images } = subject.metadata
    const plain: Descriptor = described('schema 1', MEDIA_TYPES.schema1Signed)
    const signed = withSignedBytes(plain, Buffer.from('with signatures'))
    await images.tag(plain, APP)
    await images.tag(signed, APP)
    assert.deepEqual(await images.resolve(APP), signed)
    assert.deepEqual((await images.get(plain))?.target, signed)
    await images.tag(plain, parseReference('app:2'))
    assert.deepEqual((await images.get(plain))?.target, signed)
  }),
  requirement('untag() removes a name once, and keeps the image', async (subject) => {
    const { images } = subject.metadata
    const { manifest } = await putImage(subject, 'a', { names: ['app:1'] })
    assert.equal(await images.untag(APP), true)
    assert.equal(await images.untag(APP), false)
    assert.notEqual(await images.get(manifest), undefined)
  }),
  requirement('untag() takes an artifact with its last name', async (subject) => {
    const { images } = subject.metadata
    const artifact = described('artifact')
    for (const text of ['app:1', 'app:2']) await images.tag(artifact, parseReference(text))
    await images.untag(APP)
    assert.notEqual(await images.get(artifact), undefined)
    await images.untag(parseReference('app:2'))
    assert.equal(await images.get(artifact), undefined)
  }),
  requirement('listNames() gives all names with their parts and targets, sorted', async (subject) => {
    const { images } = subject.metadata
    const { manifest } = await putImage(subject, 'a')
    await images.setNames(namesOf(manifest, 'b:1', 'a:1', `a@${manifest.digest}`))
    await images.tag(described('artifact'), parseReference('registry.test:5000/x/y:1'))
    const names = await images.listNames()
    const library = { domain: 'docker.io', path: 'library/a' }
    assert.deepEqual(names[0], {
      reference: 'docker.io/library/a:1',
      name: { ...library, tag: '1' },
      target: manifest,
      isPinned: false,
      namedAtMs: names[0]?.namedAtMs,
    })
    assert.deepEqual(names[1]?.name, { ...library, digest: manifest.digest })
    assert.deepEqual(
      names.slice(2).map(({ reference }) => reference),
      ['docker.io/library/b:1', 'registry.test:5000/x/y:1'],
    )
  }),
]
