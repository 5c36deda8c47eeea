import { commitRequirements } from './commit-requirements.ts'
import { followRequirements } from './follow-requirements.ts'
import { ingestRequirements } from './ingest-requirements.ts'
import {
  deleteRequirements,
  keepReferrersRequirements,
  listRequirements,
  referrersRequirements,
} from './keep-requirements.ts'
import { resolveRequirements, tagRequirements } from './name-requirements.ts'
import { propertyRequirements } from './property-requirements.ts'
import { fetchRequirements, hasRequirements } from './read-requirements.ts'
import { bindSuite, type ConformanceCase, type Participation } from './requirement.ts'
import { verifyRequirements } from './verify-requirements.ts'
import type {
  DeleteSubject,
  FetchSubject,
  HasSubject,
  HeldContent,
  IngestSubject,
  KeepReferrersSubject,
  ListSubject,
  NamedManifests,
  ReferredManifest,
  ReferrersSubject,
  ResolveSubject,
  TagSubject,
  VerifySubject,
} from './subjects.ts'

/** How a place of content takes part in each suite: what makes its subjects, or why it does not take part. */
export interface ContentParticipations {
  /** Reading: ranges, verification, early ends. */
  readonly fetch: Participation<HeldContent, FetchSubject>
  /** Telling what is stored. */
  readonly has: Participation<HeldContent, HasSubject>
  /** Taking content in: keys, holders, what is kept, commits, resets, aborts. */
  readonly ingest: Participation<object, IngestSubject>
  /** Reading an ingest while it grows. */
  readonly follow: Participation<object, IngestSubject>
  readonly resolve: Participation<NamedManifests, ResolveSubject>
  readonly tag: Participation<HeldContent, TagSubject>
  readonly list: Participation<HeldContent, ListSubject>
  readonly delete: Participation<HeldContent, DeleteSubject>
  /** Noticing content that went bad; by default it shows when it is read. */
  readonly verify?: Participation<HeldContent, VerifySubject>
  /** Listing what refers to a manifest. */
  readonly referrers: Participation<ReferredManifest, ReferrersSubject>
  /** Keeping that list. */
  readonly keepReferrers: Participation<ReferredManifest, KeepReferrersSubject>
}

/** The requirements on all abilities that a place of content may have. */
export function contentCases(participations: ContentParticipations): ConformanceCase[] {
  return [
    ...bindSuite('fetch', fetchRequirements, participations.fetch),
    ...bindSuite('has', hasRequirements, participations.has),
    ...bindSuite(
      'ingest',
      [...commitRequirements, ...ingestRequirements, ...propertyRequirements],
      participations.ingest,
    ),
    ...bindSuite('follow', followRequirements, participations.follow),
    ...bindSuite('resolve', resolveRequirements, participations.resolve),
    ...bindSuite('tag', tagRequirements, participations.tag),
    ...bindSuite('list', listRequirements, participations.list),
    ...bindSuite('delete', deleteRequirements, participations.delete),
    ...bindSuite('verify', verifyRequirements, participations.verify ?? 'damage shows when content is read'),
    ...bindSuite('referrers', referrersRequirements, participations.referrers),
    ...bindSuite('keep referrers', keepReferrersRequirements, participations.keepReferrers),
  ]
}
