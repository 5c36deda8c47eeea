import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'
import { describe, expect, it } from 'vitest'

import { createRegistryClient } from '../client.ts'
import { answer, failureFields, listOf, refusal } from '../test/image-registry.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

function lister(respond: (url: URL, count: number) => HttpResponse): {
  tags: () => Promise<string[]>
  requests: HttpRequest[]
} {
  const requests: HttpRequest[] = []
  const http: HttpClient = async (request) => {
    requests.push(request)
    return respond(new URL(request.url), requests.length)
  }
  const repository = createRegistryClient({ http }).repository('registry.example/repo')
  return { tags: () => listOf(repository.tags()), requests }
}

const page = (tags: unknown, link?: string): HttpResponse =>
  answer(
    200,
    { ...JSON_TYPE, ...(link !== undefined && { link: `<${link}>; rel="next"` }) },
    JSON.stringify({ name: 'repo', tags }),
  )

describe('tags()', () => {
  it('follows the pages, and repeats nothing of the page before', async () => {
    const { tags, requests } = lister((url) => {
      const last = url.searchParams.get('last')
      if (last === null) return page(['a', 'b'], '/v2/repo/tags/list?last=b&n=2')
      if (last === 'b') return page(['b', 'c'], 'http://registry.example/v2/repo/tags/list?last=c')
      return page(['d'])
    })
    expect(await tags()).toEqual(['a', 'b', 'c', 'd'])
    expect(requests.map(({ url }) => new URL(url).search)).toEqual(['', '?last=b&n=2', '?last=c'])
    expect(requests.every(({ url }) => url.startsWith('https://registry.example/'))).toBe(true)
  })

  it.each([
    ['without brackets', '/v2/repo/tags/list?last=1; rel="next"'],
    ['without quotes', '</v2/repo/tags/list?last=1>;rel=next'],
    ['without a relation', '</v2/repo/tags/list?last=1>'],
    [
      'among others',
      '</v2/repo/tags/list>; rel="first", <https://registry.example/v2/repo/tags/list?last=1>; rel="next"',
    ],
    ['relative to the list', '<?last=1>; rel="next"'],
  ])('follows a link %s', async (_, link) => {
    const { tags } = lister((url) =>
      url.searchParams.get('last') === null ? { ...page(['a']), headers: { ...JSON_TYPE, link } } : page(['b']),
    )
    expect(await tags()).toEqual(['a', 'b'])
  })

  it.each([
    ['more at page 2', 'ERR_REGISTRY_PROTOCOL'],
    ['<>; rel="next"', 'ERR_REGISTRY_PROTOCOL'],
    ['http://; rel="next"', 'ERR_URL_REFUSED'],
    ['https://other.example/v2/repo/tags/list?last=1; rel="next"', 'ERR_URL_REFUSED'],
    ['<https://other.example/v2/repo/tags/list?last=1>', 'ERR_URL_REFUSED'],
  ])('loses no pages in silence: %s', async (link, code) => {
    const { tags } = lister(() => ({ ...page(['a']), headers: { ...JSON_TYPE, link } }))
    expect(await failureFields(tags())).toMatchObject({ code })
  })

  it('fetches pages while they are read', async () => {
    const { requests } = lister(() => page([]))
    const http: HttpClient = async (request) => {
      requests.push(request)
      return page(['a'], `/v2/repo/tags/list?last=${requests.length}`)
    }
    for await (const _ of createRegistryClient({ http }).repository('registry.example/repo').tags()) break
    expect(requests).toHaveLength(1)
  })

  it.each([[null], [[]], [undefined]])('takes %j for none', async (value) => {
    const { tags } = lister(() => answer(200, JSON_TYPE, JSON.stringify({ tags: value ?? null })))
    expect(await tags()).toEqual([])
  })

  it('leaves out entries that are not tags', async () => {
    const { tags } = lister(() => page(['ok', `sha256:${'a'.repeat(64)}`, '\u001b[2J', 5, '', null, 'x'.repeat(129)]))
    expect(await tags()).toEqual(['ok'])
  })

  it.each(['http://169.254.169.254/latest/', 'https://evil.example/v2/repo/tags/list', 'file:///etc/passwd'])(
    'does not follow %s',
    async (link) => {
      const { tags, requests } = lister(() => page(['a'], link))
      expect(await failureFields(tags())).toMatchObject({ code: 'ERR_URL_REFUSED' })
      expect(requests).toHaveLength(1)
    },
  )

  it('stops at a page that names itself', async () => {
    const { tags, requests } = lister(() => page(['a'], '/v2/repo/tags/list'))
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY_LISTING', reason: 'cycle' })
    expect(requests).toHaveLength(1)
  })

  it('stops at a page that repeats under another URL', async () => {
    const { tags, requests } = lister((_, count) => page(['a'], `/v2/repo/tags/list?last=${count}`))
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY_LISTING', reason: 'cycle' })
    expect(requests).toHaveLength(2)
  })

  it('stops after 1 000 pages', async () => {
    const { tags, requests } = lister((_, count) => page([`t${count}`], `/v2/repo/tags/list?last=${count}`))
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY_LISTING', reason: 'pages' })
    expect(requests).toHaveLength(1000)
  })

  it('stops after 1 000 000 tags', async () => {
    const { tags, requests } = lister((_, count) =>
      page(
        Array.from({ length: 400_000 }, (__, index) => `t${count}-${index}`),
        `/v2/repo/tags/list?last=${count}`,
      ),
    )
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY_LISTING', reason: 'tags' })
    expect(requests).toHaveLength(3)
  })

  it('reads no more than 16 MiB a page', async () => {
    const { tags } = lister(() => answer(200, JSON_TYPE, new Uint8Array(16 * 1024 * 1024 + 1)))
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL' })
  })

  it.each([
    ['a web page', answer(200, { 'content-type': 'text/html' }, '<html>')],
    ['no JSON', answer(200, JSON_TYPE, 'x')],
    ['an array', answer(200, JSON_TYPE, '[]')],
    ['a number of tags', answer(200, JSON_TYPE, '{"tags":5}')],
    ['nothing about tags', answer(200, JSON_TYPE, '{}')],
  ])('refuses %s', async (_, response) => {
    const { tags } = lister(() => response)
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL' })
  })

  it('throws when the repository is not there', async () => {
    const { tags } = lister(() => refusal(404, 'NAME_UNKNOWN'))
    expect(await failureFields(tags())).toMatchObject({ code: 'ERR_REGISTRY_NOT_FOUND', codes: ['NAME_UNKNOWN'] })
  })
})
