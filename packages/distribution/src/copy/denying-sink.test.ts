import type { HttpRequest, HttpResponse } from '@drayage/content'
import { parseReference } from '@drayage/reference'
import { buildImage, buildIndex, type TestIndex } from '@drayage/testkit'
import { beforeEach, describe, expect, test } from 'vitest'

import { copy, planCopy, push, type CopyOptions } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { push as fill, refusal, testRegistry, type TestRegistry } from '../test/test-registry.ts'
import { storeOf } from '../test/test-store.ts'

const from = parseReference('registry.test/repo:v1')
const to = parseReference('registry.test/new/app:v2')
const retry = { attempts: 5, stepMs: 0 }

let index: TestIndex
let registry: TestRegistry

const isLook = ({ method, url }: HttpRequest): boolean =>
  url.includes('/v2/new/app/') && (method === 'HEAD' || method === 'GET') && !url.includes('/blobs/uploads/')

beforeEach(async () => {
  index = buildIndex([await buildImage(), await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })])
  registry = await testRegistry(['repo', 'v1', index])
})

const copied = async (options: CopyOptions = {}): Promise<string> => {
  const client = registry.client
  const root = await copy(client.repository(from), client.repository(to), { from, to }, { retry, ...options })
  return root.digest
}

describe.each([
  [401, 'UNAUTHORIZED'],
  [403, 'DENIED'],
  [404, 'NAME_UNKNOWN'],
])('a registry that answers %i for what is not there yet', (status, code) => {
  beforeEach(() => {
    registry.fault = (request, next) =>
      isLook(request)
        ? next(request).then((response) => (response.status === 404 ? refusal(status, code) : response))
        : undefined
  })

  test('gets a copy, with referrers too', async () => {
    const subject = index.manifest
    const signature = await buildImage({ manifest: { subject, artifactType: 'application/x-signature' } })
    await fill(registry.storage, 'repo', 'none', signature)
    await registry.storage.referrers.add('repo', subject.digest, signature.manifest)
    expect(await copied({ referrers: { repository: from } })).toBe(index.manifest.digest)
    registry.fault = undefined
    const repository = registry.client.repository(to)
    expect((await repository.resolve(to)).digest).toBe(index.manifest.digest)
    const listed = await Array.fromAsync(repository.referrers(subject.digest))
    expect(listed.map(({ digest }) => digest)).toEqual([signature.manifest.digest])
  })

  test('gets a push', async () => {
    await push(await storeOf(index), registry.client.repository(to), { from: index.manifest, to }, { retry })
    expect(await registry.storage.tags.get('new/app', 'v2')).toBe(index.manifest.digest)
  })

  test('has nothing yet in a plan', async () => {
    const sink = registry.client.repository(to)
    const plan = await planCopy(registry.client.repository(from), sink, { from, to }, { retry })
    expect(new Set(plan.content.map(({ action }) => action))).toEqual(new Set(['copy']))
  })
})

test.each([
  ['POST', '/blobs/uploads/'],
  ['PUT', '/manifests/'],
])('what a registry says to %s is the error, whatever it said to the look before', async (method, part) => {
  registry.fault = (request) => {
    if (isLook(request)) return Promise.resolve(refusal(401, 'UNAUTHORIZED'))
    const isWrite = request.method === method && request.url.includes(`/v2/new/app${part}`)
    return isWrite ? Promise.resolve(refusal(403, 'DENIED')) : undefined
  }
  const error = await failure(copied())
  expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_REGISTRY_DENIED'])
  expect(error.cause).toMatchObject({ method, status: 403, codes: ['DENIED'] })
})

test('a look that fails for another reason is the error', async () => {
  registry.fault = (request) => (isLook(request) ? Promise.resolve(refusal(400, 'NAME_INVALID')) : undefined)
  expect(codesOf(await failure(copied()))).toEqual(['ERR_TRANSFER', 'ERR_REGISTRY'])
})

test.each([401, 403, 404])('tags of cosign that a registry answers with %i are not there', async (status) => {
  registry.fault = ({ url }) =>
    /\/v2\/repo\/(referrers|manifests\/sha256-)/.test(url) ? Promise.resolve(refusal(status, 'DENIED')) : undefined
  expect(await copied({ referrers: { repository: from } })).toBe(index.manifest.digest)
})

test('names and lists that a registry refuses, since it does not see a manifest yet, are put again', async () => {
  const hex = index.manifest.digest.replace(':', '-')
  const subject = index.manifest
  const signature = await buildImage({ manifest: { subject, artifactType: 'application/x-signature' } })
  await fill(registry.storage, 'repo', 'none', signature)
  await registry.storage.referrers.add('repo', subject.digest, signature.manifest)
  await fill(registry.storage, 'repo', `${hex}.sig`, await buildImage({ layers: [[{ path: 'sig', content: 'sig' }]] }))
  const refused = new Set<string>()
  registry.fault = (request, next) => {
    const { method, url } = request
    if (method === 'GET' && url.includes('/v2/new/app/referrers/')) return Promise.resolve(refusal(404, 'UNSUPPORTED'))
    const withoutSubject = async (): Promise<HttpResponse> => {
      const response = await next(request)
      const headers = Object.entries(response.headers).filter(([name]) => name !== 'oci-subject')
      return { ...response, headers: Object.fromEntries(headers) }
    }
    if (method !== 'PUT' || !url.includes('/v2/new/app/manifests/')) return undefined
    if (refused.has(url)) return withoutSubject()
    refused.add(url)
    return Promise.resolve(refusal(400, ['DIGEST_INVALID', 'MANIFEST_BLOB_UNKNOWN']))
  }
  expect(await copied({ referrers: { repository: from } })).toBe(index.manifest.digest)
  const names = [...refused].map((url) => url.replace(/.*\//, ''))
  expect(names).toEqual(expect.arrayContaining([hex, `${hex}.sig`, 'v2', signature.manifest.digest]))
  for (const tag of [hex, `${hex}.sig`, 'v2']) expect(await registry.storage.tags.get('new/app', tag)).toBeDefined()
})
