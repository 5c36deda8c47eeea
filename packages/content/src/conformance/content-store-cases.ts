import { commitCases } from './commit-cases.ts'
import { fetchCases } from './fetch-cases.ts'
import { followCases } from './follow-cases.ts'
import type { ConformanceCase, ContentStoreHarness } from './harness.ts'
import { ingestCases } from './ingest-cases.ts'
import { propertyCases } from './property-cases.ts'

/**
 * The requirements on a content store as cases for any test runner. Each creates a store of its own and closes it. A case
 * that needs what the harness does not offer passes without a check.
 */
export function contentStoreCases(create: () => Promise<ContentStoreHarness>): ConformanceCase[] {
  return [...commitCases, ...fetchCases, ...ingestCases, ...followCases, ...propertyCases].map(
    ({ name, needs, check }) => ({
      name,
      async run() {
        const harness = await create()
        try {
          if (needs === undefined || harness[needs] !== undefined) await check(harness)
        } finally {
          await harness.close()
        }
      },
    }),
  )
}
