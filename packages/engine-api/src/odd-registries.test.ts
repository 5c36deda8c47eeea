import { emptyResponse, jsonResponse, type HttpClient } from '@drayage/content'
import { MEDIA_TYPES } from '@drayage/manifest'
import { buildImage, type TestImage } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { startEngine } from './test/engine.ts'
import { pushTestImage } from './test/push-image.ts'

/** Answers each request once with 503 before it is served. */
function failOnce(registry: HttpClient): HttpClient {
  const seen = new Set<string>()
  return async (request) => {
    const key = `${request.method} ${request.url}`
    if (seen.has(key) || request.method === 'PUT' || request.method === 'POST') return await registry(request)
    seen.add(key)
    return emptyResponse(503, { 'retry-after': '0' })
  }
}

async function artifact(configType: string, layerType: string, format: 'oci' | 'docker' = 'oci'): Promise<TestImage> {
  const { config, layers } = await buildImage({ format })
  const listed = layers.map(({ descriptor }) => ({ ...descriptor, mediaType: layerType }))
  return await buildImage({ format, manifest: { config: { ...config, mediaType: configType }, layers: listed } })
}

test.each([
  ['oci', 'application/vnd.cncf.helm.config.v1+json', MEDIA_TYPES.dockerLayerGzip],
  ['oci', MEDIA_TYPES.dockerPluginConfig, MEDIA_TYPES.dockerLayerGzip],
  ['docker', MEDIA_TYPES.dockerPluginConfig, MEDIA_TYPES.dockerLayerGzip],
  ['docker', 'application/vnd.example', MEDIA_TYPES.dockerLayerGzip],
  ['oci', MEDIA_TYPES.ociConfig, 'application/vnd.in-toto+json'],
  ['oci', MEDIA_TYPES.ociConfig, 'application/vnd.dev.cosign.simplesigning.v1+json'],
] as const)('an artifact of %s with the config %s and the layer %s is pulled', async (format, config, layer) => {
  await using engine = await startEngine()
  const image = await artifact(config, layer, format)
  const name = await pushTestImage(engine.registry.host, 'a/b', '1', image)
  const answer = await engine.ask('POST', `/images/create?fromImage=${encodeURIComponent(name)}`)
  expect(answer.lines.at(-1)).toEqual({ status: `Status: Downloaded newer image for ${name}` })
  expect((await engine.ask('GET', '/images/json')).json).toMatchObject([
    { Id: image.manifest.digest, RepoTags: [name], Descriptor: image.manifest },
  ])
  expect(engine.errors).toEqual([])
})

test('a look at a registry, a login and a search wait until it is well again', async () => {
  const searchable =
    (registry: HttpClient): HttpClient =>
    async (request) =>
      new URL(request.url).pathname === '/v1/search'
        ? jsonResponse(200, { results: [{ name: 'app' }] })
        : await registry(request)
  await using engine = await startEngine((registry) => failOnce(searchable(registry)), 5)
  const { host } = engine.registry
  const name = await pushTestImage(host, 'a/b', '1', await buildImage())
  const login = { username: 'u', password: 'p', serveraddress: host }
  expect((await engine.ask('POST', '/auth', { body: JSON.stringify(login) })).status).toBe(200)
  expect((await engine.ask('GET', `/distribution/${name}/json`)).status).toBe(200)
  expect((await engine.ask('GET', `/images/search?term=${host}/app`)).json).toMatchObject([{ name: 'app' }])
})

test('a registry without manifests by digest is pulled from by tag, with the warning of docker', async () => {
  await using engine = await startEngine(
    (registry) => async (request) =>
      request.method === 'GET' && request.url.includes('/manifests/sha256:')
        ? emptyResponse(404)
        : await registry(request),
  )
  const { host } = engine.registry
  const name = await pushTestImage(host, 'a/b', '1', await buildImage())
  const { lines } = await engine.ask('POST', `/images/create?fromImage=${encodeURIComponent(name)}`)
  const statuses = lines.map((line) => line['status'])
  expect(statuses).toContainEqual(
    expect.stringMatching(/^WARNING: .* Failed to pull manifest by the resolved digest\. This registry does not /),
  )
  expect(statuses).toContainEqual(expect.stringContaining(`Please contact admins of http://${host}. `))
  expect(statuses.at(-1)).toBe(`Status: Downloaded newer image for ${name}`)
})
