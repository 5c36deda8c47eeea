import { decodeText, type AbortOptions } from '@drayage/bytes'
import { bytesResponse, isContentError, readBlob, type HttpResponse } from '@drayage/content'
import { decodeManifest, manifestKind, type Descriptor } from '@drayage/manifest'
import { findStored, imageManifests, type Store } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { querySwitch } from '../http/query.ts'
import { platformWords } from '../images/on-platform.ts'
import { queryPlatforms } from '../images/query-platform.ts'

/** The most bytes of a statement that are sent: 32 MiB, for the largest lists of packages. */
const MAX_STATEMENT_BYTES = 32 * 1_048_576

/** Where BuildKit says what kind of statement a layer of an attestation is. */
const PREDICATE_TYPE = 'in-toto.io/predicate-type'

/**
 * `GET /images/{name}/attestations[?platform=P][&type=TYPE...][&statement=1]`: the in-toto statements that an index has about
 * its image for a platform, of all types or of some, with their text on request.
 *
 * @see Docker Engine API v1.57
 * @see BuildKit, docs/attestations/attestation-storage.md
 */
export async function attestationsAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, query, request } = exchange
  const { signal } = request
  const types = query.getAll('type').flatMap((type) => (type.trim() === '' ? [] : [type.trim()]))
  const store = await runtime.openStore()
  const statements = await statementsOf(exchange, store)
  const entries: string[] = []
  for (const { descriptor, type } of statements) {
    if (types.length > 0 && !types.includes(type)) continue
    const entry = JSON.stringify({ Descriptor: descriptor, PredicateType: type })
    // As it is, so that no number in it changes.
    const text = querySwitch(query, 'statement') ? await readStatement(store, descriptor, { signal }) : undefined
    entries.push(text === undefined ? entry : `${entry.slice(0, -1)},"Statement":${text}}`)
  }
  return bytesResponse(200, `[${entries.join(',')}]\n`, { 'content-type': 'application/json' })
}

interface Statement {
  readonly descriptor: Descriptor
  readonly type: string
}

/** The statements of the last attestation that the index lists for the image. */
async function statementsOf(exchange: Exchange, store: Store): Promise<Statement[]> {
  const { runtime, name, request } = exchange
  const { signal } = request
  const [platform, ...others] = queryPlatforms(exchange, { key: 'platform', from: 55 })
  if (others.length > 0) throw new EngineRequestError(400, 'only one platform value is currently supported')
  const { stored, platform: image } = await findStored(runtime, store, name, { signal, platform })
  if (manifestKind(stored.target.mediaType) !== 'index') return []
  if (image === undefined) throw new EngineRequestError(404, platformWords(name, platform))
  const manifests = await imageManifests(store, stored.target, { signal })
  const attestation = manifests.findLast(({ about }) => about === image.manifest.digest)?.descriptor
  if (attestation === undefined) return []
  const bytes = await readStored(store, attestation, { signal })
  const manifest = decodeManifest(bytes, attestation)
  const layers = manifest.kind === 'image' ? manifest.value.layers : []
  return layers.flatMap((descriptor) => {
    const type = descriptor.annotations?.[PREDICATE_TYPE] ?? ''
    return type === '' ? [] : [{ descriptor, type }]
  })
}

async function readStatement(store: Store, descriptor: Descriptor, options: AbortOptions): Promise<string> {
  const text = decodeText(await readStored(store, descriptor, { ...options, maxBytes: MAX_STATEMENT_BYTES }))
  try {
    JSON.parse(text)
    return text
  } catch (cause) {
    throw new EngineRequestError(500, `attestation statement ${descriptor.digest} is not JSON`, { cause })
  }
}

async function readStored(
  { content }: Pick<Store, 'content'>,
  what: Descriptor,
  options: NonNullable<Parameters<typeof readBlob>[2]>,
): Promise<Uint8Array> {
  try {
    return await readBlob(content, what, options)
  } catch (cause) {
    if (!isContentError(cause) || cause.code !== 'ERR_CONTENT_NOT_FOUND') throw cause
    throw new EngineRequestError(404, `attestation ${what.digest} is not available locally`, { cause })
  }
}
