/**
 * The suites that the metadata of a store must pass, for any test runner.
 *
 * @packageDocumentation
 */
export type { MetadataGiven, MetadataSubject } from './conformance/subject.ts'

export { metadataCases } from './conformance/metadata-cases.ts'
