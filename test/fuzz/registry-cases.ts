import { digestOf, type Digest } from '@drayage/digest'

import { ask, send, type CaseContext } from './fuzz-case.ts'
import { someFraming, type Message } from './message.ts'
import { mutateBytes, mutatedDocument } from './mutate.ts'
import type { Random } from './random.ts'
import { POLITE, type Place } from './send.ts'
import { encoded, hostileText, mostly, REPOSITORIES, repositoryName, tagName } from './texts.ts'

const TYPES: readonly string[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/octet-stream',
]

/** One request to a registry endpoint. */
export async function registryCase(context: CaseContext): Promise<void> {
  const { random, places } = context
  const message = someRegistryRequest(context)
  const place = random.pick(places.registries)
  const headers = { ...(random.chance(0.5) ? login(random) : await userOf(context, place)), ...message.headers }
  const isRead = message.body === undefined && ['GET', 'HEAD'].includes(message.method)
  if (isRead && random.chance(0.4)) await ask(context, place, { ...message, headers })
  else await send(context, place, { ...message, headers })
}

/** The login of the existing user, of another, none, or a malformed one. */
export function login(random: Random): Record<string, string> {
  if (random.chance(0.6)) return { authorization: `Basic ${btoa('fuzz:fuzz')}` }
  if (random.chance(0.5)) return {}
  const odd = [
    'Basic',
    'Basic !!',
    `Basic${' '.repeat(50_000)}!`,
    `Basic ${btoa('fuzz')}`,
    `Basic ${btoa('nobody:x')}`,
    'Bearer x',
    'Bearer a.b.c',
    ' ',
  ]
  return { authorization: random.chance(0.8) ? random.pick(odd) : hostileText(random) }
}

/** What the user of a registry endpoint sends: a token where the endpoint issues one, otherwise the password. */
export async function userOf(context: CaseContext, place: Place): Promise<Record<string, string>> {
  const authorization = `Basic ${btoa('fuzz:fuzz')}`
  const scopes = REPOSITORIES.map((name) => `scope=repository:${name}:pull,push,delete`).join('&')
  const target = `/token?service=registry&${scopes}&scope=registry:catalog:*`
  const answer = await send(context, place, { method: 'GET', target, headers: { authorization } }, POLITE)
  const token = answer.status === 200 ? /"token":"(\w+)"/.exec(answer.text)?.[1] : undefined
  return { authorization: token === undefined ? authorization : `Bearer ${token}` }
}

function someRegistryRequest(context: CaseContext): Message {
  const { random } = context
  const repository = encoded(random, repositoryName(random)).replaceAll('%2F', '/')
  const base = `/v2/${repository}`
  switch (random.int(10)) {
    case 0:
      return {
        method: someMethod(random, 'GET'),
        target: random.pick(['/v2/', '/v2', '/v2/_catalog', '/token', '/', '/v2/_catalog?n=1']),
      }
    case 1:
      return {
        method: someMethod(random, 'GET'),
        target: `${random.pick([`${base}/tags/list`, '/v2/_catalog'])}?n=${encoded(random, mostly(random, '2'))}&last=${encoded(random, tagName(random))}`,
      }
    case 2:
      return {
        method: 'GET',
        target: `/token?service=${encoded(random, hostileText(random))}&scope=${encoded(random, `repository:${repository}:pull,push`)}&account=fuzz`,
      }
    case 3:
      return {
        method: someMethod(random, 'GET'),
        target: `${base}/referrers/${encoded(random, someDigest(context))}?artifactType=${encoded(random, hostileText(random))}`,
      }
    case 4:
    case 5: {
      const reference = encoded(random, random.chance(0.5) ? tagName(random) : someDigest(context))
      const headers = random.chance(0.3) ? { accept: mostly(random, TYPES.join(', ')) } : {}
      return {
        method: someMethod(random, random.pick(['GET', 'HEAD', 'GET', 'DELETE'])),
        target: `${base}/manifests/${reference}`,
        headers,
      }
    }
    case 6:
    case 7: {
      const range = random.pick([
        'bytes=0-',
        'bytes=0-0',
        'bytes=10-5',
        'bytes=-5',
        'bytes=0-1,3-4',
        'bytes=99999999-',
        hostileText(random),
      ])
      const headers = random.chance(0.4) ? { range } : {}
      return {
        method: someMethod(random, random.pick(['GET', 'HEAD', 'GET', 'DELETE'])),
        target: `${base}/blobs/${encoded(random, someDigest(context))}`,
        headers,
      }
    }
    case 8:
      return manifestPut(context, base)
    default:
      return uploadRequest(context, base)
  }
}

function someMethod(random: Random, usual: string): string {
  return random.chance(0.95) ? usual : random.pick(['PUT', 'POST', 'PATCH', 'OPTIONS', 'DELETE', 'HEAD', 'PROPFIND'])
}

function someDigest({ random, materials }: CaseContext): string {
  const { blobs } = random.pick([...materials.images, materials.index])
  return mostly(random, random.pick([...blobs.keys()]))
}

function manifestPut(context: CaseContext, base: string): Message {
  const { random, materials } = context
  const body = mutatedDocument(random, random.pick(materials.documents))
  const reference = random.chance(0.6) ? tagName(random) : mostly(random, digestOf(body))
  const target = `${base}/manifests/${encoded(random, reference)}`
  return {
    method: 'PUT',
    target,
    headers: { 'content-type': mostly(random, random.pick(TYPES)) },
    body,
    framing: someFraming(random),
  }
}

function uploadRequest(context: CaseContext, base: string): Message {
  const { random } = context
  const [digest, blob] = someBlob(context)
  const body = random.chance(0.7) ? blob : mutateBytes(random, blob)
  const id = random.pick(['0'.repeat(32), 'f'.repeat(32), hostileText(random), '..%2f..%2fetc'])
  const from = encodeURIComponent(random.pick(['fuzz/a', 'solo', '../x', '']))
  const target = random.pick([
    `${base}/blobs/uploads/`,
    `${base}/blobs/uploads`,
    `${base}/blobs/uploads/?digest=${digest}`,
    `${base}/blobs/uploads/?mount=${digest}&from=${from}`,
    `${base}/blobs/uploads/${encoded(random, id)}`,
    `${base}/blobs/uploads/${encoded(random, id)}?digest=${digest}&_state=x`,
  ])
  const method = random.pick(['POST', 'POST', 'PATCH', 'PUT', 'GET', 'DELETE'])
  const headers = random.chance(0.3) ? { 'content-range': mostly(random, `0-${body.byteLength - 1}`) } : {}
  return method === 'GET' || method === 'DELETE'
    ? { method, target }
    : { method, target, headers, body, framing: someFraming(random) }
}

/** A blob of one of the images. */
export function someBlob({ random, materials }: CaseContext): readonly [Digest, Uint8Array] {
  const { blobs } = random.pick(materials.images)
  return random.pick([...blobs])
}
