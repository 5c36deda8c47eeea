import type { HttpRequest, HttpResponse } from '@drayage/content'
import { digestOf, type Digest } from '@drayage/digest'
import { encodeManifest, MEDIA_TYPES, referrersTag, type Descriptor } from '@drayage/manifest'
import { buildImage, buildIndex } from '@drayage/testkit'
import { describe, expect, it } from 'vitest'

import { createRegistryClient } from '../client.ts'
import type { RepositoryClient } from '../repository-client.ts'
import { answer, failureFields, listOf, refusal } from '../test/image-registry.ts'

const image = await buildImage()
const platforms = buildIndex([image, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })])
const subject = image.manifest.digest
const signature: Descriptor = {
  mediaType: MEDIA_TYPES.ociManifest,
  digest: digestOf('signature'),
  size: 9,
  artifactType: 'application/x-signature',
}
const LIST = encodeManifest({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [signature] })

const served = (mediaType: string, bytes: Uint8Array): HttpResponse => answer(200, { 'content-type': mediaType }, bytes)

/** What a registry answers when it is asked for the list of referrers, for the tag, and for the subject itself. */
interface Answers {
  readonly api: () => HttpResponse
  readonly tag: () => HttpResponse
  readonly image?: () => HttpResponse
}

function peer(answers: Answers): { readonly repository: RepositoryClient; readonly requests: HttpRequest[] } {
  const requests: HttpRequest[] = []
  const http = async (request: HttpRequest): Promise<HttpResponse> => {
    requests.push(request)
    const { pathname } = new URL(request.url)
    if (request.method === 'PUT') return answer(201)
    if (pathname.includes('/referrers/')) return answers.api()
    if (pathname.includes('/manifests/sha256-')) return answers.tag()
    if (pathname.endsWith(signature.digest)) return served(signature.mediaType, image.manifestBytes)
    return pathname === '/v2/'
      ? answer(200)
      : (answers.image ?? (() => served(image.manifest.mediaType, image.manifestBytes)))()
  }
  return { repository: createRegistryClient({ http }).repository('registry.example/app'), requests }
}

const digests = async (repository: RepositoryClient, of: Digest = subject): Promise<string[]> =>
  (await listOf(repository.referrers(of))).map(({ digest }) => digest)

describe('referrers()', () => {
  it.each([400, 401, 403, 404, 405, 406, 501])(
    'asks for the tag where the list is answered with %i',
    async (status) => {
      const { repository } = peer({ api: () => answer(status), tag: () => served(MEDIA_TYPES.ociIndex, LIST) })
      expect(await digests(repository)).toEqual([signature.digest])
    },
  )

  it.each([429, 500, 503])('fails where the list is answered with %i', async (status) => {
    const { repository } = peer({ api: () => answer(status), tag: () => served(MEDIA_TYPES.ociIndex, LIST) })
    expect(await failureFields(digests(repository))).toMatchObject({ status, retryable: true })
  })

  it.each([
    ['the image itself', () => served(image.manifest.mediaType, image.manifestBytes)],
    ['an index of platforms', () => served(MEDIA_TYPES.ociIndex, platforms.manifestBytes)],
    [
      'a list of Docker',
      () =>
        served(
          MEDIA_TYPES.dockerIndex,
          encodeManifest({ schemaVersion: 2, mediaType: MEDIA_TYPES.dockerIndex, manifests: [signature] }),
        ),
    ],
    ['something else', () => served('application/x-unknown+json', new TextEncoder().encode('{"schemaVersion":2}'))],
    ['nothing', () => refusal(404, 'MANIFEST_UNKNOWN')],
    ['no tag at all', () => refusal(400, 'TAG_INVALID')],
  ])('finds none under a tag that names %s', async (_, tag) => {
    expect(await digests(peer({ api: () => answer(404), tag }).repository)).toEqual([])
  })

  it('finds none where the tag is read as the digest of an index', async () => {
    const tag = (): HttpResponse => served(MEDIA_TYPES.ociIndex, platforms.manifestBytes)
    expect(await digests(peer({ api: () => answer(404), tag }).repository, platforms.manifest.digest)).toEqual([])
  })

  it.each([401, 403])(
    'takes a tag that is answered with %i for missing where the subject can be read',
    async (status) => {
      const denied = (): HttpResponse => answer(status)
      expect(await digests(peer({ api: denied, tag: denied }).repository)).toEqual([])
      const closed = peer({ api: denied, tag: denied, image: denied })
      expect(await failureFields(digests(closed.repository))).toMatchObject({ status })
    },
  )
})

describe('keepReferrers()', () => {
  const manifest = { ...signature, digest: subject, size: image.manifestBytes.length }
  const written = (requests: readonly HttpRequest[]): string[] =>
    requests.filter(({ method }) => method === 'PUT').map(({ url }) => new URL(url).pathname)

  it.each([400, 401, 403, 404, 405, 406, 501])('writes the tag where the list is answered with %i', async (status) => {
    const missing = [() => refusal(404, 'MANIFEST_UNKNOWN'), () => answer(401), () => answer(403)]
    for (const tag of missing) {
      const { repository, requests } = peer({ api: () => answer(status), tag })
      // The registry of this test keeps nothing, so that the list is written again and again.
      expect(await failureFields(repository.keepReferrers(digestOf('other'), [manifest]))).toMatchObject({
        code: 'ERR_REGISTRY_PROTOCOL',
      })
      expect(new Set(written(requests))).toEqual(new Set([`/v2/app/manifests/${referrersTag(digestOf('other'))}`]))
    }
  })

  it('writes the tag once where it is read as the digest of the subject', async () => {
    for (const [of, type, bytes] of [
      [subject, image.manifest.mediaType, image.manifestBytes],
      [platforms.manifest.digest, MEDIA_TYPES.ociIndex, platforms.manifestBytes],
    ] as const) {
      const { repository, requests } = peer({ api: () => answer(404), tag: () => served(type, bytes) })
      await repository.keepReferrers(of, [manifest])
      expect(written(requests)).toEqual([`/v2/app/manifests/${referrersTag(of)}`])
    }
  })

  it('leaves a tag alone that names another image', async () => {
    const { repository, requests } = peer({
      api: () => answer(404),
      tag: () => served(image.manifest.mediaType, image.manifestBytes),
    })
    expect(await failureFields(repository.keepReferrers(digestOf('other'), [manifest]))).toMatchObject({
      code: 'ERR_REGISTRY_PROTOCOL',
    })
    expect(written(requests)).toEqual([])
  })
})
