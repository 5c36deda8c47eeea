import { parseReference, type Reference } from '@drayage/reference'

import type { Resolver } from '../ports.ts'
import { expectCode, expectReason, expectSame } from './expect.ts'
import type { Requirement } from './requirement.ts'
import { manifestSample, type Sample } from './samples.ts'
import type { HeldContent, NamedManifests, ResolveSubject, TagSubject } from './subjects.ts'

const REPOSITORY = 'registry.test/team/app'
const [one, two] = [manifestSample('one'), manifestSample('two')]
const named = (tag: string): Reference => parseReference(`${REPOSITORY}:${tag}`)
const tagged: NamedManifests = {
  names: [
    { name: named('1'), manifest: one },
    { name: named('2'), manifest: two },
    { name: named('latest'), manifest: two },
  ],
}

async function expectResolved(source: Resolver, name: Reference, { what }: Sample): Promise<void> {
  const { mediaType, digest, size } = await source.resolve(name)
  expectSame(
    'what the name stands for',
    `${mediaType} ${digest} ${size}`,
    `${what.mediaType} ${what.digest} ${what.size}`,
  )
}

/** Turning names into descriptors. */
export const resolveRequirements: readonly Requirement<NamedManifests, ResolveSubject>[] = [
  {
    name: 'resolve gives the descriptor of each name',
    given: tagged,
    async check({ source }) {
      for (const { name, manifest } of tagged.names) await expectResolved(source, name, manifest)
    },
  },
  {
    name: 'resolve of an unknown name is ERR_NAME_NOT_FOUND',
    given: tagged,
    check: ({ source }) => expectCode('resolve()', source.resolve(named('3')), 'ERR_NAME_NOT_FOUND'),
  },
  {
    name: 'resolve takes a digest instead of a tag',
    needs: ['digest-names'],
    given: tagged,
    async check({ source }) {
      await expectResolved(source, parseReference(`${REPOSITORY}@${one.what.digest}`), one)
      const unknown = parseReference(`${REPOSITORY}@${manifestSample('three').what.digest}`)
      await expectCode('resolve() of an unknown digest', source.resolve(unknown), 'ERR_NAME_NOT_FOUND')
    },
  },
  {
    name: 'resolve rejects with the reason of its signal',
    given: tagged,
    async check({ source }) {
      const reason = new Error('enough')
      await expectReason('resolve()', source.resolve(named('1'), { signal: AbortSignal.abort(reason) }), reason)
    },
  },
]

/** Giving names, and taking them away. */
export const tagRequirements: readonly Requirement<HeldContent, TagSubject>[] = [
  {
    name: 'tag makes names stand for content',
    given: { contents: [one, two] },
    async check({ store }) {
      await expectCode('resolve() before', store.resolve(named('1')), 'ERR_NAME_NOT_FOUND')
      await store.tag(one.what, named('1'))
      await store.tag(two.what, named('2'))
      await expectResolved(store, named('1'), one)
      await expectResolved(store, named('2'), two)
    },
  },
  {
    name: 'tag moves a name, and may be repeated',
    given: { contents: [one, two] },
    async check({ store }) {
      for (const manifest of [one, one, two]) {
        await store.tag(manifest.what, named('1'))
        await expectResolved(store, named('1'), manifest)
      }
    },
  },
  {
    name: 'tag gives one manifest several names',
    given: { contents: [one] },
    async check({ store }) {
      for (const tag of ['1', '2']) await store.tag(one.what, named(tag))
      for (const tag of ['1', '2']) await expectResolved(store, named(tag), one)
    },
  },
  {
    name: 'untag takes one name away',
    needs: ['untag'],
    given: { contents: [one] },
    async check({ store }) {
      for (const tag of ['1', '2']) await store.tag(one.what, named(tag))
      expectSame('untag()', await store.untag?.(named('1')), true)
      expectSame('untag() again', await store.untag?.(named('1')), false)
      await expectCode('resolve()', store.resolve(named('1')), 'ERR_NAME_NOT_FOUND')
      await expectResolved(store, named('2'), one)
    },
  },
  {
    name: 'tag rejects with the reason of its signal',
    given: { contents: [one] },
    async check({ store }) {
      const reason = new Error('enough')
      await expectReason('tag()', store.tag(one.what, named('1'), { signal: AbortSignal.abort(reason) }), reason)
      await expectCode('resolve()', store.resolve(named('1')), 'ERR_NAME_NOT_FOUND')
    },
  },
]
