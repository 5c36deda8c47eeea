import { fromBytes } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'
import { digestOf } from '@drayage/digest'

import { evilImage } from './evil-image.ts'
import type { Materials } from './materials.ts'
import { mutateBytes, mutatedDocument } from './mutate.ts'
import { Random } from './random.ts'
import { hostileText } from './texts.ts'

const MANIFEST_TYPES: readonly string[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'text/html',
]

/** How many blobs of evil images are kept. */
const KEPT_BLOBS = 200

/**
 * Creates what answers reads of a registry with what depends on their path alone: under a tag the manifest of an evil
 * image or a mutated document, blobs that are mostly what they are called, and headers and statuses of all kinds.
 */
export function createWild(materials: Materials): (pathname: string) => Promise<HttpResponse> {
  const kept = new Map<string, Uint8Array>(materials.images.flatMap(({ blobs }) => [...blobs]))
  const least = kept.size
  const keep = (digest: string, bytes: Uint8Array): void => {
    kept.set(digest, bytes)
    const [oldest] = [...kept.keys()].slice(least)
    if (kept.size > least + KEPT_BLOBS && oldest !== undefined) kept.delete(oldest)
  }
  return async (pathname) => {
    const last = pathname.slice(pathname.lastIndexOf('/') + 1)
    const random = new Random(...Buffer.from(last))
    const known = kept.get(last)
    if (known !== undefined) return answer(random, random.chance(0.95) ? known : mutateBytes(random, known), 0.02)
    if (random.chance(0.5)) return answer(random, mutatedDocument(random, random.pick(materials.documents)), 0.2)
    const image = await evilImage(random, materials)
    for (const [digest, bytes] of image.blobs) keep(digest, bytes)
    return answer(random, image.manifestBytes, 0.02, image.manifest.mediaType)
  }
}

function answer(random: Random, body: Uint8Array, oddity: number, type?: string): HttpResponse {
  const headers: Record<string, string> = {
    'content-type': type ?? random.pick(MANIFEST_TYPES),
    'content-length': String(body.byteLength),
  }
  if (random.chance(0.7)) headers['docker-content-digest'] = random.chance(1 - oddity) ? digestOf(body) : 'sha256:x'
  for (const name of [
    'link',
    'warning',
    'retry-after',
    'ratelimit-remaining',
    'www-authenticate',
    'location',
    'range',
  ]) {
    if (random.chance(0.1))
      headers[name] = hostileText(random)
        .replaceAll(/[^\t\u0020-\u007E]/g, '')
        .slice(0, 15_000)
  }
  const status = random.chance(oddity) ? random.pick([201, 206, 301, 307, 401, 403, 404, 416, 429, 500, 503]) : 200
  return { status, headers, body: fromBytes(body) }
}
