import type { HttpRequest, HttpResponse } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { parseReference } from '@drayage/reference'
import { describe, expect, it } from 'vitest'

import { createRegistryClient } from '../client.ts'
import { registryItself } from '../endpoints/registry-endpoint.ts'
import type { RepositoryClient } from '../repository-client.ts'
import { answer, bytesOf, failureFields, imageRegistry, refusal, serveImage } from '../test/image-registry.ts'

const { image } = await imageRegistry()
const layer = image.layers[0]?.descriptor ?? image.config
const STORE = 'http://store.example'
const tag = parseReference('registry.example/repo:v1')

/** An https registry that sends `kind` requests to an http store, and asks for a login itself. */
function scene(
  allowsHttpBlobs: boolean,
  kind: 'blobs' | 'manifests',
  store: (request: HttpRequest) => HttpResponse = (request) => serveImage(image, request),
): { readonly repository: RepositoryClient; readonly away: HttpRequest[] } {
  const away: HttpRequest[] = []
  const http = async (request: HttpRequest): Promise<HttpResponse> => {
    const { pathname, origin } = new URL(request.url)
    if (origin !== 'https://registry.example') {
      away.push(request)
      return store(request)
    }
    if (request.headers['authorization'] === undefined)
      return refusal(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="r"' })
    if (request.method === 'POST') return answer(202, { location: `${STORE}/upload` })
    return pathname.includes(`/${kind}/`) ? answer(307, { location: STORE + pathname }) : serveImage(image, request)
  }
  const credentials = async () => ({ username: 'u', password: 'p' })
  const endpoints = async () => [{ ...registryItself('registry.example', () => false), allowsHttpBlobs }]
  return {
    repository: createRegistryClient({ http, credentials, endpoints }).repository('registry.example/repo'),
    away,
  }
}

describe('an https registry that sends blobs to an http store', () => {
  it('is refused, and the error names the setting', async () => {
    const { repository, away } = scene(false, 'blobs')
    const refused = { code: 'ERR_URL_REFUSED', reason: 'downgrade', hint: expect.stringContaining('http-blobs') }
    expect(await failureFields(bytesOf(repository.fetch(layer)))).toMatchObject(refused)
    expect(await failureFields(repository.has(layer))).toMatchObject(refused)
    expect(away).toEqual([])
  })

  it('is followed where the user allows it, without the login, and its bytes are verified', async () => {
    const { repository, away } = scene(true, 'blobs')
    expect(digestOf(await bytesOf(repository.fetch(layer)))).toBe(layer.digest)
    expect((await bytesOf(repository.fetch(layer, { offset: 100 }))).length).toBe(layer.size - 100)
    expect(await repository.has(layer)).toBe(true)
    expect(away).toHaveLength(3)
    expect(away.every(({ headers }) => headers['authorization'] === undefined)).toBe(true)
    const wrong = scene(true, 'blobs', () => answer(200, {}, new Uint8Array(layer.size)))
    expect(await failureFields(bytesOf(wrong.repository.fetch(layer)))).toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
  })

  it('may have an upload there, where the user allows it', async () => {
    for (const isAllowed of [false, true]) {
      const { repository, away } = scene(isAllowed, 'blobs', () => answer(201))
      const bytes = new TextEncoder().encode('hello')
      await using ingest = await repository.begin(digestOf(bytes))
      await ingest.append(
        (async function* () {
          yield bytes
        })(),
      )
      const commit = ingest.commit({ mediaType: 'text/plain', digest: digestOf(bytes), size: bytes.length })
      if (isAllowed) expect(await commit).toBe('committed')
      else expect(await failureFields(commit)).toMatchObject({ code: 'ERR_URL_REFUSED', reason: 'downgrade' })
      expect(away.map(({ method, headers }) => [method, headers['authorization']])).toEqual(
        isAllowed ? [['PUT', undefined]] : [],
      )
    }
  })

  it('does not send for manifests, nor to an address nearer to this machine', async () => {
    const { repository, away } = scene(true, 'manifests')
    expect(await failureFields(repository.manifest(tag))).toMatchObject({ reason: 'downgrade' })
    expect(away).toEqual([])
    const http = async (): Promise<HttpResponse> => answer(307, { location: 'http://127.0.0.1/v2/repo/blobs/x' })
    const endpoints = async () => [{ ...registryItself('registry.example', () => false), allowsHttpBlobs: true }]
    const inward = createRegistryClient({ http, endpoints }).repository('registry.example/repo')
    expect(await failureFields(inward.has(layer))).toMatchObject({ reason: 'address' })
  })
})
