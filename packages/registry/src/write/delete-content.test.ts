import { writeBlob } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { buildImage, type TestImage } from '@drayage/testkit'
import { describe, expect, it } from 'vitest'

import { createRegistryClient } from '../client.ts'
import { failureFields, listOf, refusal } from '../test/image-registry.ts'
import { HOST, pushRegistry, type PushRegistry } from '../test/push-registry.ts'

interface Pushed {
  readonly registry: PushRegistry
  readonly image: TestImage
}

async function pushed(deletes = true): Promise<Pushed> {
  const image = await buildImage({ layers: [[{ path: 'a', content: 'a' }]] })
  const registry = pushRegistry({}, { deletes })
  const { repository } = registry
  for (const what of [image.manifestValue.config, ...image.manifestValue.layers, image.manifest]) {
    await writeBlob(repository, what, image.blobs.get(what.digest) ?? image.manifestBytes)
  }
  await repository.tag(image.manifest, { domain: HOST, path: 'team/app', tag: 'v1' })
  return { registry, image }
}

describe('deleting', () => {
  it('removes tags, manifests and blobs, and says whether they were there', async () => {
    const { registry, image } = await pushed()
    const { repository } = registry
    expect(await repository.deleteTag('v1')).toBe(true)
    expect(await repository.deleteTag('v1')).toBe(false)
    expect(await repository.has(image.manifest)).toBe(true)
    expect(await repository.deleteManifest(image.manifest.digest)).toBe(true)
    expect(await repository.has(image.manifest)).toBe(false)
    const { config } = image.manifestValue
    expect(await repository.deleteBlob(config.digest)).toBe(true)
    expect(await repository.deleteBlob(config.digest)).toBe(false)
    await expect(repository.deleteTag('no tag')).rejects.toThrow(TypeError)
  })

  it('throws when the registry does not support it', async () => {
    const { registry, image } = await pushed(false)
    const fields = await failureFields(registry.repository.deleteManifest(image.manifest.digest))
    expect(fields).toMatchObject({ code: 'ERR_REGISTRY_UNSUPPORTED', status: 405, retryable: false })
    registry.fault = () => Promise.resolve(refusal(400, 'DIGEST_INVALID'))
    expect(await failureFields(registry.repository.deleteTag('v1'))).toMatchObject({
      code: 'ERR_REGISTRY_UNSUPPORTED',
      codes: ['DIGEST_INVALID'],
    })
    registry.fault = () => Promise.resolve(refusal(500, 'UNKNOWN'))
    expect(await failureFields(registry.repository.deleteTag('v1'))).toMatchObject({
      code: 'ERR_REGISTRY',
      status: 500,
    })
  })
})

describe('catalog()', () => {
  it('lists the repositories of a registry', async () => {
    const { registry } = await pushed()
    registry.fault = (request, next) =>
      request.url.includes('_catalog') && !request.url.includes('last=')
        ? next(request).then(({ status, headers }) => ({
            status,
            headers: { ...headers, 'content-length': '35', link: '</v2/_catalog?last=a>; rel="next"' },
            body: refusalBody('{"repositories":["a","NOT A PATH"]}'),
          }))
        : undefined
    const client = createRegistryClient({ http: registry.http })
    expect(await listOf(client.catalog(HOST))).toEqual(['a', 'team/app'])
    expect(() => client.catalog('not a host')).toThrow(TypeError)
  })
})

async function* refusalBody(text: string): AsyncGenerator<Uint8Array, void, void> {
  yield new TextEncoder().encode(text)
}

describe('referrers()', () => {
  const subject = digestOf('subject')
  const type = 'application/vnd.oci.image.index.v1+json'
  const entry = (artifactType: string) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(artifactType),
    size: 2,
    artifactType,
  })
  const index = (...types: string[]): string =>
    JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: types.map(entry) })
  const respond = (status: number, body: string, headers: Record<string, string> = {}) =>
    Promise.resolve({ status, headers: { 'content-type': type, ...headers }, body: refusalBody(body) })

  it('lists pages, and filters by type', async () => {
    const registry = pushRegistry()
    const link = `</v2/team/app/referrers/${subject}?last=x>; rel="next"`
    registry.fault = (request) =>
      request.url.includes('last=') ? respond(200, index('sbom/2')) : respond(200, index('sig/1', 'sbom/1'), { link })
    const { repository } = registry
    const types = async (artifactType?: string): Promise<(string | undefined)[]> =>
      (await listOf(repository.referrers(subject, artifactType === undefined ? {} : { artifactType }))).map(
        (referrer) => referrer.artifactType,
      )
    expect(await types()).toEqual(['sig/1', 'sbom/1', 'sbom/2'])
    expect(await types('sbom/2')).toEqual(['sbom/2'])
    expect(await types('none')).toEqual([])
  })

  it.each([400, 404, 405, 501])('asks for the tag of referrers after %d', async (status) => {
    const registry = pushRegistry()
    const tag = `sha256-${subject.slice('sha256:'.length)}`
    registry.fault = (request) =>
      request.url.endsWith(`/manifests/${tag}`)
        ? respond(200, index('sig/1'))
        : Promise.resolve(refusal(status, 'UNKNOWN'))
    expect(await listOf(registry.repository.referrers(subject))).toMatchObject([{ artifactType: 'sig/1' }])
    registry.fault = () => Promise.resolve(refusal(404, 'NOT_FOUND'))
    expect(await listOf(registry.repository.referrers(subject))).toEqual([])
  })

  it('throws errors of the registry, and for pages in a circle', async () => {
    const registry = pushRegistry()
    const path = `/v2/team/app/referrers/${subject}`
    registry.fault = () => respond(200, index('sig/1'), { link: `<http://169.254.169.254${path}>; rel="next"` })
    expect(await failureFields(listOf(registry.repository.referrers(subject)))).toMatchObject({
      code: 'ERR_URL_REFUSED',
    })
    registry.fault = () => respond(200, index('sig/1'), { link: `<${path}>; rel="next"` })
    expect(await failureFields(listOf(registry.repository.referrers(subject)))).toMatchObject({
      code: 'ERR_REGISTRY_LISTING',
      reason: 'cycle',
    })
  })
})
