import { digestOf } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'
import { describe, expect, test } from 'vitest'

import { contentStoreCases } from './conformance.ts'
import { createMemoryStore } from './memory-store.ts'

describe('createMemoryStore()', () => {
  const cases = contentStoreCases(async () => {
    const store = createMemoryStore()
    return { store, close: async () => {}, reopen: async () => store }
  })
  test.each(cases)('$name', ({ run }) => run())
})

const what: Descriptor = { mediaType: 'application/octet-stream', digest: digestOf('a'), size: 1 }
const name: Reference = { domain: 'docker.io', path: 'library/alpine', tag: '3' }

test('createMemoryStore() resolves a name to what it was tagged with last', async () => {
  const store = createMemoryStore()
  const other: Descriptor = { ...what, digest: digestOf('b') }
  await store.tag(what, name)
  await store.tag(other, name)
  await store.tag(what, { ...name, digest: what.digest })
  expect(await store.resolve(name)).toEqual(other)
  expect(await store.resolve({ ...name, digest: what.digest })).toEqual(what)
})

test('createMemoryStore() tells which names are not there', async () => {
  const store = createMemoryStore()
  await expect(store.resolve(name)).rejects.toMatchObject({
    code: 'ERR_NAME_NOT_FOUND',
    reference: 'docker.io/library/alpine:3',
  })
  await store.tag(what, name)
  expect(await store.untag(name)).toBe(true)
  expect(await store.untag(name)).toBe(false)
  await expect(store.resolve(name)).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
})
