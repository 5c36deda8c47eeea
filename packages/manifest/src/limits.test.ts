import { expect, test } from 'vitest'

import * as limits from './limits.ts'
import { MAX_SIGNATURES } from './schema1/schema1.ts'

test('the limits are those of the README', () => {
  expect({ ...limits, MAX_SIGNATURES }).toEqual({
    MAX_MANIFEST_BYTES: 4_194_304,
    MAX_LAYERS: 10_000,
    MAX_MANIFESTS: 10_000,
    MAX_HISTORY: 50_000,
    MAX_JSON_DEPTH: 100,
    MAX_RUNNABLE_LAYERS: 125,
    MAX_SIGNATURES: 1000,
  })
})
