/**
 * Suites by ability that every implementer of a port of content must pass, for any test runner.
 *
 * @packageDocumentation
 */
export type { ConformanceCase, Harness, Participation, Requirement } from './conformance/requirement.ts'
export type { ContentParticipations } from './conformance/content-suites.ts'
export type { Sample } from './conformance/samples.ts'
export type {
  DeleteSubject,
  FetchSubject,
  HandleCounter,
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
} from './conformance/subjects.ts'

export { bindSuite } from './conformance/requirement.ts'
export { contentCases } from './conformance/content-suites.ts'
