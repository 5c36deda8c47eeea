import type { HttpRequest, HttpResponse } from '@drayage/content'
import { expect, test } from 'vitest'

import { createRegistryClient } from '../client.ts'
import type { FoundRepository, SearchOptions } from './search.ts'
import { answer, failureFields } from '../test/image-registry.ts'

interface Search {
  readonly requests: HttpRequest[]
  readonly search: (domain: string, term: string, options?: SearchOptions) => Promise<FoundRepository[]>
}

function searching(respond: () => HttpResponse): Search {
  const requests: HttpRequest[] = []
  const client = createRegistryClient({
    http: async (request) => {
      requests.push(request)
      return respond()
    },
  })
  return { requests, search: client.search }
}

const RESULTS = JSON.stringify({
  results: [
    { name: 'hello', description: 'says so', star_count: 3, is_official: true, is_automated: false },
    { name: 'a/b', star_count: 'many', is_automated: true, constructor: 1 },
    { description: 'without a name' },
    null,
  ],
})

test('search() asks the registry, and Docker Hub at its index', async () => {
  const { requests, search } = searching(() => answer(200, {}, RESULTS))
  expect(await search('registry.example', 'a&b=c /../#', { limit: 2 })).toEqual([
    { name: 'hello', description: 'says so', stars: 3, isOfficial: true, isAutomated: false },
    { name: 'a/b', description: '', stars: 0, isOfficial: false, isAutomated: true },
  ])
  await search('docker.io', 'hello')
  expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'GET https://registry.example/v1/search?q=a%26b%3Dc+%2F..%2F%23&n=2',
    'GET https://index.docker.io/v1/search?q=hello&n=25',
  ])
})

test('search() returns no more results than it asked for', async () => {
  const many = JSON.stringify({ results: Array.from({ length: 500 }, (_, n) => ({ name: `r${n}` })) })
  expect(await searching(() => answer(200, {}, many)).search('registry.example', 'r', { limit: 7 })).toHaveLength(7)
})

test.each(['null', '[]'])('search() takes %s for no results', async (results) => {
  const { search } = searching(() => answer(200, {}, `{"num_results":0,"results":${results}}`))
  expect(await search('registry.example', 'x')).toEqual([])
})

test('search() refuses invalid limits and malformed answers', async () => {
  for (const limit of [0, 101, 1.5, Number.NaN]) {
    await expect(searching(() => answer(200)).search('registry.example', 'x', { limit })).rejects.toThrow(RangeError)
  }
  for (const body of ['<html>', '[]', '{"results":1}']) {
    const failed = searching(() => answer(200, {}, body)).search('registry.example', 'x')
    expect(await failureFields(failed)).toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL' })
  }
  const none = searching(() => answer(404)).search('registry.example', 'x')
  expect(await failureFields(none)).toMatchObject({ code: 'ERR_REGISTRY_NOT_FOUND' })
})
