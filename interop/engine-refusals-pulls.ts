import type { HttpResponse } from '@drayage/content'
import { digestOf, type Digest } from '@drayage/digest'
import { encodeManifest, MEDIA_TYPES, type Descriptor, type ImageManifest, type Platform } from '@drayage/manifest'
import { buildImage, buildIndex, layerFromTar, type BuildImageOptions, type TestImage } from '@drayage/testkit'

import { problem, reply, type Refusal } from './engine-refusals.ts'

type Answer = NonNullable<Refusal['answer']>

const PULL = '/images/create?fromImage={repository}&tag=1'
const ZEROS = `sha256:${'0'.repeat(64)}`
const WINDOWS: Platform = { os: 'windows', architecture: 'amd64' }

const pull = (what: string, more: Partial<Refusal> = {}): Refusal => ({ what, method: 'POST', path: PULL, ...more })
const atManifests =
  (response: () => HttpResponse): Answer =>
  (path) =>
    path.startsWith('manifests/') ? response() : undefined
const withText = (text: string, type: string): Answer =>
  atManifests(() => reply(200, text, { 'content-type': type, 'docker-content-digest': digestOf(text) }))
const atBlob =
  (digest: Digest | undefined, response: () => HttpResponse): Answer =>
  (path) =>
    path === `blobs/${digest}` ? response() : undefined

let made = 0

/** An image that no other case has, since content that is there is not asked for again. */
async function docker(options: BuildImageOptions = {}): Promise<TestImage> {
  return await buildImage({ format: 'docker', layers: [[{ path: 'f', content: `image ${++made}` }]], ...options })
}

/** An image whose manifest says something else than is usual. */
async function saying(
  change: (image: TestImage) => Partial<ImageManifest>,
  format: 'docker' | 'oci' = 'docker',
): Promise<TestImage> {
  const image = await docker({ format })
  const other = await docker({ format, layers: image.layers, manifest: change(image) })
  for (const [digest, bytes] of image.blobs) if (digest !== image.manifest.digest) other.blobs.set(digest, bytes)
  return other
}

const ofType = (mediaType: string) => (image: TestImage) => ({ config: { ...image.config, mediaType } })

async function withConfig(bytes: Uint8Array): Promise<TestImage> {
  const config = { mediaType: MEDIA_TYPES.dockerConfig, digest: digestOf(bytes), size: bytes.byteLength }
  const image = await saying(() => ({ config }))
  image.blobs.set(config.digest, bytes)
  return image
}

/** Pulls that fail because of how the registry answers. */
export async function answerRefusals(): Promise<Refusal[]> {
  const image = await docker()
  const notJson = 'an answer that is not JSON'
  const unreadable = 'a manifest or config that cannot be read'
  const passing = { differs: 'a registry that is out of order', hasSameWords: true }
  const before = 'errors before the first layer'
  const denied = (): HttpResponse => problem(403, 'DENIED', 'requested access to the resource is denied')
  const unauthorized = (): HttpResponse => problem(401, 'UNAUTHORIZED', 'authentication required')
  const page = (): HttpResponse => reply(403, '<html>no</html>', { 'content-type': 'text/html' })
  const limited = (): HttpResponse => problem(429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit')
  const otherBytes = encodeManifest({ ...image.manifestValue, annotations: { a: 'b' } })
  const { digest } = image.manifest
  const headers = { 'content-type': MEDIA_TYPES.dockerManifest, 'docker-content-digest': digest }
  const other: Answer = (path) => (path === `manifests/${digest}` ? reply(200, otherBytes, headers) : undefined)
  return [
    pull('a repository that is unknown'),
    pull('a tag that is unknown', { image, path: PULL.replace('=1', '=2') }),
    pull('a digest that is unknown', { image, path: PULL.replace('=1', `=${ZEROS}`) }),
    pull('all tags of a repository that is unknown', { path: '/images/create?fromImage={repository}' }),
    pull('access that is denied', { answer: atManifests(denied) }),
    pull('a login that is missing', { answer: atManifests(unauthorized), differs: 'error of a refused pull' }),
    pull('403 in HTML', { answer: atManifests(page), differs: notJson }),
    pull('404 in text', { answer: atManifests(() => reply(404, 'not here')), differs: notJson }),
    pull('404 without a word', { answer: atManifests(() => reply(404, '')), differs: notJson }),
    pull('a rate limit', { answer: atManifests(limited), differs: 'a rate limit' }),
    pull('400', { answer: atManifests(() => problem(400, 'MANIFEST_INVALID', 'manifest invalid')) }),
    pull('405', { answer: atManifests(() => problem(405, 'UNSUPPORTED', 'The operation is unsupported.')) }),
    pull('500', { answer: atManifests(() => reply(500, 'oops')), ...passing }),
    pull('502 in HTML', { answer: atManifests(() => reply(502, '<html></html>', { 'content-type': 'text/html' })) }),
    pull('503 with a code', { answer: atManifests(() => problem(503, 'UNAVAILABLE', 'in maintenance')), ...passing }),
    pull('a manifest that is no JSON', {
      answer: withText('no json', MEDIA_TYPES.dockerManifest),
      differs: unreadable,
    }),
    pull('a manifest that is null', { answer: withText('null', MEDIA_TYPES.dockerManifest), differs: unreadable }),
    pull('a manifest of an unknown type', {
      answer: withText('{}', 'application/vnd.example+json'),
      differs: unreadable,
    }),
    pull('a web page', { answer: withText('<html></html>', 'text/html'), differs: unreadable }),
    pull('a tag whose manifest is another', {
      image,
      answer: other,
      differs: 'a manifest that is not that of its digest',
    }),
    pull('a digest whose manifest is another', {
      ...{ image, path: PULL.replace('=1', `=${digest}`), answer: other },
      ...{ differs: before, hasSameWords: true },
    }),
    pull('a host that does not resolve', {
      path: '/images/create?fromImage=nowhere.invalid/a&tag=1',
      differs: 'an unreachable registry',
    }),
    pull('a port where nothing listens', {
      path: '/images/create?fromImage=127.0.0.1:1/a&tag=1',
      differs: 'an unreachable registry',
    }),
  ]
}

/** Pulls that fail because of what the image is. */
export async function contentRefusals(): Promise<Refusal[]> {
  const kept = { differs: 'artifacts' }
  const lacking = 'a platform that an index lacks'
  const asking = (platform: string): string => `${PULL}&platform=${platform}`
  const unknown = (): HttpResponse => problem(404, 'BLOB_UNKNOWN', 'blob unknown to registry')
  const denied = (): HttpResponse => problem(403, 'DENIED', 'denied')
  const withConfigAnswer = async (response: () => HttpResponse): Promise<Partial<Refusal>> => {
    const image = await docker()
    return { image, answer: atBlob(image.config.digest, response) }
  }
  const withLayerAnswer = async (response: () => HttpResponse): Promise<Partial<Refusal>> => {
    const image = await docker()
    return { image, answer: atBlob(image.layers[0]?.descriptor.digest, response) }
  }
  const config = async (members: object): Promise<TestImage> => {
    const image = await docker()
    return await withConfig(Buffer.from(JSON.stringify({ ...image.configValue, ...members })))
  }
  const diffIds = (diff_ids: readonly string[]): object => ({ rootfs: { type: 'layers', diff_ids } })
  const absent = await docker()
  const incomplete = buildIndex([absent], { format: 'docker' })
  incomplete.blobs.delete(absent.manifest.digest)
  const layer = async (change: Partial<Record<keyof Descriptor, string>>): Promise<TestImage> =>
    await saying(({ layers: [first] }) => ({ layers: [{ ...first?.descriptor, ...change } as Descriptor] }))
  const noTar = layerFromTar(Buffer.from('this is no tar, only a text that goes on for a while'), { format: 'docker' })
  const many = Array.from({ length: 126 }, (_, n) => [{ path: `f${n}` }])
  return [
    pull('a plugin', { image: await saying(ofType('application/vnd.docker.plugin.v1+json')), ...kept }),
    pull('a config of an unknown type', { image: await saying(ofType('application/vnd.example')), ...kept }),
    pull('an OCI artifact', { image: await saying(ofType('application/vnd.example'), 'oci'), ...kept }),
    pull('an artifact without config', {
      image: await saying(ofType('application/vnd.oci.empty.v1+json'), 'oci'),
      ...kept,
    }),
    pull('a helm chart', { image: await saying(ofType('application/vnd.cncf.helm.config.v1+json'), 'oci'), ...kept }),
    pull('a layer of an unknown type', {
      image: await layer({ mediaType: 'application/vnd.example.layer' }),
      ...kept,
    }),
    pull('a layer with a malformed digest', {
      image: await layer({ digest: 'sha256:xyz' }),
      differs: 'a manifest or config that cannot be read',
    }),
    pull('an image for windows', { image: await docker({ platform: WINDOWS }) }),
    pull('an image for windows that is asked for', {
      image: await docker({ platform: WINDOWS }),
      path: asking('windows/amd64'),
    }),
    pull('an image for plan9', { image: await docker({ platform: { os: 'plan9', architecture: 'amd64' } }) }),
    pull('an image for a system that does not exist', {
      image: await docker({ platform: { os: 'dreamos', architecture: 'amd64' } }),
    }),
    pull('an image for linux asked for windows', { image: await docker(), path: asking('windows/amd64') }),
    pull('an image for linux asked for plan9', { image: await docker(), path: asking('plan9/amd64') }),
    pull('an index for windows that is asked for', {
      image: buildIndex([await docker({ platform: WINDOWS })], { format: 'docker' }),
      path: asking('windows/amd64'),
    }),
    pull('an image that names no system', { image: await config({ os: undefined }) }),
    pull('an image that names no architecture', { image: await config({ architecture: undefined }) }),
    pull('an index for windows', {
      image: buildIndex([await docker({ platform: WINDOWS })], { format: 'docker' }),
      differs: lacking,
    }),
    pull('an index of nothing', { image: buildIndex([], { format: 'docker' }), differs: lacking }),
    pull('an index whose image is missing', { image: incomplete }),
    pull('a config that is missing', await withConfigAnswer(unknown)),
    pull('a config that is another', await withConfigAnswer(() => reply(200, '{}'))),
    pull('a config that is denied', await withConfigAnswer(denied)),
    pull('a config that is no JSON', {
      image: await withConfig(Buffer.from('no json')),
      differs: 'a manifest or config that cannot be read',
    }),
    pull('a config without rootfs', { image: await config({ rootfs: undefined }) }),
    pull('a config with too few DiffIDs', { image: await config(diffIds([])) }),
    pull('a config with another DiffID', { image: await config(diffIds([digestOf('other')])) }),
    pull('a config with too much history', {
      image: await docker({ config: { history: [{ created_by: 'a' }, { created_by: 'b' }] } }),
    }),
    pull('a layer that is missing', await withLayerAnswer(unknown)),
    pull('a layer that is denied', await withLayerAnswer(denied)),
    pull('a layer that is another', await withLayerAnswer(() => reply(200, noTar.bytes))),
    pull('a layer that is shorter', await withLayerAnswer(() => reply(200, noTar.bytes.subarray(0, 9)))),
    pull('a layer that is no tar', { image: await docker({ layers: [noTar] }), differs: 'a layer that is no tar' }),
    pull('an image of 126 layers', { image: await docker({ layers: many }) }),
    pull('an image without layers', { image: await docker({ layers: [] }) }),
  ]
}
