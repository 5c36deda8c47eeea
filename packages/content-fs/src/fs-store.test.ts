import { describe, test } from 'vitest'

import { conformance } from './test/conformance.ts'

describe.each(Object.entries(conformance))('%s', (_, cases) => {
  for (const { suite, name, skipped, run } of cases) test.skipIf(skipped !== undefined)(`${suite}: ${name}`, run)
})
