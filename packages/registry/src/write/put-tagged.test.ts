import { emptyResponse, type HttpRequest, type HttpResponse } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { encodeManifest, MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { describe, expect, test } from 'vitest'

import { HOST, pushRegistry, type Fault, type PushRegistry } from '../test/push-registry.ts'

const BYTES = encodeManifest({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] })
const WHAT: Descriptor = { mediaType: MEDIA_TYPES.ociIndex, digest: digestOf(BYTES, 'sha512'), size: BYTES.byteLength }
const SHA256 = digestOf(BYTES)
const NAME = parseReference(`${HOST}/team/app:1.2`)

const puts = ({ requests }: PushRegistry): string[] =>
  requests
    .filter(({ method }) => method === 'PUT')
    .map(({ url }) => new URL(url))
    .map(({ pathname, search }) => `${pathname.slice('/v2/team/app/manifests/'.length)}${search}`)

const asks = (request: HttpRequest, parameter: string): boolean =>
  request.method === 'PUT' && new URL(request.url).searchParams.has(parameter)

/** A registry that knows no parameters of a PUT. */
const withoutParameters: Fault = (request, next) =>
  request.method === 'PUT' ? next({ ...request, url: request.url.split('?')[0] ?? '' }) : undefined

/** A registry that knows a tag with its digest, and no digest with its tag. */
const digestParameter: Fault = (request, next) => {
  if (asks(request, 'tag')) return withoutParameters(request, next)
  if (!asks(request, 'digest')) return undefined
  return next({ ...request, url: `${request.url.replace('/1.2?digest=', '/')}?tag=1.2` })
}

describe('putTagged() of a manifest by sha512', () => {
  test('is one request where the registry gives tags with a digest', async () => {
    const registry = pushRegistry()
    await registry.repository.putTagged(WHAT, BYTES, NAME)
    expect(puts(registry)).toEqual([`${WHAT.digest}?tag=1.2`])
    expect((await registry.repository.resolve(NAME)).digest).toBe(WHAT.digest)
    expect((await registry.repository.manifest(NAME)).descriptor).toEqual(WHAT)
  })

  test.each(['1.2', 'other, 1.2', ' 1.2 ,other'])('finds the tag in OCI-Tag: %j', async (header) => {
    const registry = pushRegistry()
    registry.fault = (request) =>
      asks(request, 'tag') ? Promise.resolve(emptyResponse(201, { 'oci-tag': header })) : undefined
    await registry.repository.putTagged(WHAT, BYTES, NAME)
    expect(puts(registry)).toHaveLength(1)
  })

  test('asks by the tag with the digest where the registry does not say that it gave the tag', async () => {
    const registry = pushRegistry()
    registry.fault = digestParameter
    await registry.repository.putTagged(WHAT, BYTES, NAME)
    expect(puts(registry)).toEqual([`${WHAT.digest}?tag=1.2`, `1.2?digest=${WHAT.digest}`])
    expect((await registry.repository.resolve(NAME)).digest).toBe(WHAT.digest)
  })

  test('is an error, not another digest, where the registry knows neither', async () => {
    const registry = pushRegistry()
    registry.fault = withoutParameters
    await expect(registry.repository.putTagged(WHAT, BYTES, NAME)).rejects.toMatchObject({
      code: 'ERR_DIGEST_MISMATCH',
      actual: SHA256,
      expected: WHAT.digest,
    })
  })

  test.each([
    ['a digest that it does not name', {}],
    ['another digest', { 'docker-content-digest': SHA256 }],
  ])('is an error where the tag stands for another digest, and the answer has %s', async (_, headers) => {
    const registry = pushRegistry()
    const answer = (response: HttpResponse): HttpResponse => {
      const { 'docker-content-digest': __, ...others } = response.headers
      return { ...response, headers: { ...others, ...headers } }
    }
    registry.fault = (request, next) => {
      if (asks(request, 'tag')) return withoutParameters(request, next)
      return asks(request, 'digest') ? withoutParameters(request, next)?.then(answer) : undefined
    }
    await expect(registry.repository.putTagged(WHAT, BYTES, NAME)).rejects.toMatchObject({
      code: 'ERR_DIGEST_MISMATCH',
    })
  })

  test('is an error where the registry refuses such digests', async () => {
    const registry = pushRegistry()
    registry.fault = (request) =>
      request.method === 'PUT' && request.url.includes('sha512') ? Promise.resolve(emptyResponse(400)) : undefined
    await expect(registry.repository.putTagged(WHAT, BYTES, NAME)).rejects.toMatchObject({ status: 400 })
    await expect(registry.repository.resolve(NAME)).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
  })
})

test('tag() of a manifest by sha512 keeps its digest, for any number of tags', async () => {
  const registry = pushRegistry()
  await registry.repository.putTagged(WHAT, BYTES, NAME)
  for (const tag of ['1', 'latest']) {
    const name = parseReference(`${HOST}/team/app:${tag}`)
    await registry.repository.tag(WHAT, name)
    expect((await registry.repository.resolve(name)).digest).toBe(WHAT.digest)
  }
})

test('putTagged() of a manifest by sha256 is a request by its tag, whose answer may name no other digest', async () => {
  const registry = pushRegistry()
  const what = { ...WHAT, digest: SHA256 }
  await registry.repository.putTagged(what, BYTES, NAME)
  expect(puts(registry)).toEqual(['1.2'])
  registry.fault = (request) =>
    request.method === 'PUT' ? Promise.resolve(emptyResponse(201, { 'docker-content-digest': WHAT.digest })) : undefined
  await expect(registry.repository.putTagged(what, BYTES, NAME)).rejects.toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
})
