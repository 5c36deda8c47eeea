import type { Digest } from '@drayage/digest'

import type { Lister, ReferrerLister } from '../ports.ts'
import { expectCode, expectReason, expectSame } from './expect.ts'
import type { Requirement } from './requirement.ts'
import { EMPTY, manifestSample, put, read, referrerSample, sample } from './samples.ts'
import type {
  DeleteSubject,
  HeldContent,
  KeepReferrersSubject,
  ListSubject,
  ReferredManifest,
  ReferrersSubject,
} from './subjects.ts'

const contents = [1, 100, 70_000].map((size) => sample(size))
const [first = sample(1)] = contents

async function listed(store: Lister): Promise<string> {
  const found: string[] = []
  for await (const { digest, size } of store.list()) found.push(`${digest} ${size}`)
  return found.toSorted().join()
}

/** Listing what is stored. */
export const listRequirements: readonly Requirement<HeldContent, ListSubject>[] = [
  {
    name: 'list gives every digest with its size, and nothing where nothing is stored',
    given: { contents },
    async check({ store }) {
      const wanted = contents.map(({ what }) => `${what.digest} ${what.size}`)
      expectSame('list()', await listed(store), wanted.toSorted().join())
    },
  },
  {
    name: 'list of an empty store gives nothing',
    given: { contents: [] },
    async check({ store }) {
      expectSame('list()', await listed(store), '')
    },
  },
  {
    name: 'list rejects with the reason of its signal',
    given: { contents },
    async check({ store }) {
      const reason = new Error('enough')
      const listing = (async () => {
        for await (const _ of store.list({ signal: AbortSignal.abort(reason) }));
      })()
      await expectReason('list()', listing, reason)
    },
  },
]

/** Removing what is stored. */
export const deleteRequirements: readonly Requirement<HeldContent, DeleteSubject>[] = [
  {
    name: 'delete removes content and returns whether it was stored',
    given: { contents },
    async check({ store }) {
      expectSame('the first delete', await store.delete(first.what.digest), true)
      expectSame('the second delete', await store.delete(first.what.digest), false)
      expectSame('has()', await store.has(first.what), false)
      await expectCode('fetch()', read(store, first.what), 'ERR_CONTENT_NOT_FOUND')
      for (const { what } of contents.slice(1)) expectSame('has() of other content', await store.has(what), true)
    },
  },
  {
    name: 'content that was deleted can be stored again',
    given: { contents: [first] },
    async check({ store }) {
      await store.delete(first.what.digest)
      expectSame('the outcome of commit', await put(store, first), 'committed')
      expectSame('has()', await store.has(first.what), true)
    },
  },
  {
    name: 'take removes content before it returns, and gives its size',
    needs: ['take'],
    given: { contents },
    async check({ store }) {
      expectSame('the first take', store.take?.(first.what.digest), first.what.size)
      const has = store.has(first.what)
      expectSame('the second take', store.take?.(first.what.digest), undefined)
      expectSame('has()', await has, false)
      for (const { what } of contents.slice(1))
        expectSame('take() of other content', store.take?.(what.digest), what.size)
      await store.freeTaken?.()
      for (const each of contents) expectSame('the outcome of commit', await put(store, each), 'committed')
      await store.freeTaken?.()
      for (const { what } of contents) expectSame('has()', await store.has(what), true)
    },
  },
  {
    name: 'delete rejects with the reason of its signal and removes nothing',
    given: { contents: [first] },
    async check({ store }) {
      const reason = new Error('enough')
      await expectReason('delete()', store.delete(first.what.digest, { signal: AbortSignal.abort(reason) }), reason)
      expectSame('has()', await store.has(first.what), true)
    },
  },
]

const subject = manifestSample('subject')
const [signature, bill] = ['application/x.signature', 'application/x.sbom'].map((type) =>
  referrerSample(subject.what, type),
) as [ReturnType<typeof referrerSample>, ReturnType<typeof referrerSample>]
const referred: ReferredManifest = { subject, referrers: [signature, bill], parts: [EMPTY] }
const alone: ReferredManifest = { ...referred, referrers: [] }

async function referrersOf(source: ReferrerLister, digest: Digest, artifactType?: string): Promise<string> {
  const found: string[] = []
  for await (const each of source.referrers(digest, { artifactType })) found.push(`${each.digest} ${each.artifactType}`)
  return found.toSorted().join()
}

function digestsOf(...referrers: readonly (typeof signature)[]): string {
  return referrers
    .map(({ what }) => `${what.digest} ${what.artifactType}`)
    .toSorted()
    .join()
}

/** Listing what refers to a manifest. */
export const referrersRequirements: readonly Requirement<ReferredManifest, ReferrersSubject>[] = [
  {
    name: 'referrers gives the manifests with this subject, each with its type',
    given: referred,
    async check({ source }) {
      expectSame('referrers()', await referrersOf(source, subject.what.digest), digestsOf(signature, bill))
    },
  },
  {
    name: 'referrers gives only those of a type when asked to',
    given: referred,
    async check({ source }) {
      const found = await referrersOf(source, subject.what.digest, 'application/x.sbom')
      expectSame('referrers() of a type', found, digestsOf(bill))
      expectSame('of another type', await referrersOf(source, subject.what.digest, 'application/x.other'), '')
    },
  },
  {
    name: 'referrers gives nothing for content without any',
    given: alone,
    async check({ source }) {
      expectSame('referrers()', await referrersOf(source, subject.what.digest), '')
      expectSame('of unknown content', await referrersOf(source, sample(7).what.digest), '')
    },
  },
]

/** Keeping the list of what refers to a manifest. */
export const keepReferrersRequirements: readonly Requirement<ReferredManifest, KeepReferrersSubject>[] = [
  {
    name: 'keepReferrers adds to the list, and keeps what is in it',
    given: referred,
    async check({ store }) {
      for (const { what } of [signature, bill, bill]) await store.keepReferrers(subject.what.digest, [what])
      expectSame('referrers()', await referrersOf(store, subject.what.digest), digestsOf(signature, bill))
    },
  },
]
