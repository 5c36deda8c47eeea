import { digestOf } from '@drayage/digest'
import { MEDIA_TYPES } from '@drayage/manifest'
import { expect, test } from 'vitest'

import { createRegistryClient } from '../client.ts'
import { answer, listOf } from '../test/image-registry.ts'

const SUBJECT = digestOf('subject')
const EMPTY = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: null, annotations: null })
const INDEX_TYPE = { 'content-type': MEDIA_TYPES.ociIndex }

test('referrers() reads null for none, from the registry and under the tag that clients keep', async () => {
  const served = createRegistryClient({ http: async () => answer(200, INDEX_TYPE, EMPTY) })
  expect(await listOf(served.repository('registry.example/a').referrers(SUBJECT))).toEqual([])
  const paths: string[] = []
  const kept = createRegistryClient({
    http: async ({ url }) => {
      paths.push(new URL(url).pathname)
      return url.includes('/referrers/') ? answer(404) : answer(200, INDEX_TYPE, EMPTY)
    },
  })
  expect(await listOf(kept.repository('registry.example/a').referrers(SUBJECT))).toEqual([])
  expect(paths).toEqual([`/v2/a/referrers/${SUBJECT}`, `/v2/a/manifests/${SUBJECT.replace(':', '-')}`])
})

test.each(['{"repositories":null}', '{"repositories":[]}'])('catalog() takes %s for none', async (body) => {
  const client = createRegistryClient({ http: async () => answer(200, { 'content-type': 'application/json' }, body) })
  expect(await listOf(client.catalog('registry.example'))).toEqual([])
})
