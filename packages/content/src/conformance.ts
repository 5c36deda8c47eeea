/**
 * The suite that every content store must pass, for any test runner.
 *
 * @packageDocumentation
 */
export type { ConformanceCase, ContentStoreHarness } from './conformance/harness.ts'

export { contentStoreCases } from './conformance/content-store-cases.ts'
