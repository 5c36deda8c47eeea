import { evilImage } from './evil-image.ts'
import { ask, send, type CaseContext, type FuzzCase } from './fuzz-case.ts'
import { login, someBlob, userOf } from './registry-cases.ts'
import { POLITE, type Place } from './send.ts'
import { repositoryName, TAGS } from './texts.ts'

/** Sequences whose steps depend on each other. */
export const SEQUENCES: readonly FuzzCase[] = [pushMountDelete, interleavedUploads, pullTagRemove, tornLoads]

/** Pushes an image, mounts its blobs elsewhere, deletes some of it, and pulls what is left through the Engine API. */
async function pushMountDelete(context: CaseContext): Promise<void> {
  const { random, materials, places } = context
  const registry = random.pick(places.registries)
  const image = random.chance(0.5) ? random.pick(materials.images) : await evilImage(random, materials)
  const user = await userOf(context, registry)
  const [from, to] = [random.pick(['fuzz/a', 'fuzz/b']), random.pick(['fuzz/c/d', 'solo'])]
  const tag = random.pick(TAGS)
  const step = async (method: string, target: string, body?: Uint8Array, type?: string): Promise<void> => {
    const headers = { ...user, ...(type === undefined ? {} : { 'content-type': type }) }
    await send(context, registry, { method, target, headers, ...(body === undefined ? {} : { body }) })
  }
  for (const [digest, bytes] of image.blobs) {
    if (digest !== image.manifest.digest) await step('POST', `/v2/${from}/blobs/uploads/?digest=${digest}`, bytes)
  }
  await step('PUT', `/v2/${from}/manifests/${tag}`, image.manifestBytes, image.manifest.mediaType)
  for (const digest of image.blobs.keys()) await step('POST', `/v2/${to}/blobs/uploads/?mount=${digest}&from=${from}`)
  if (random.chance(0.7)) await step('PUT', `/v2/${to}/manifests/${tag}`, image.manifestBytes, image.manifest.mediaType)
  if (random.chance(0.5)) await step('DELETE', `/v2/${from}/manifests/${random.pick([tag, image.manifest.digest])}`)
  if (random.chance(0.5)) await step('DELETE', `/v2/${from}/blobs/${random.pick([...image.blobs.keys()])}`)
  await engine(context, 'POST', `/images/create?fromImage=${encodeURIComponent(`${registry.host}/${to}`)}&tag=${tag}`)
  await engine(context, 'GET', `/images/${to}:${tag}/get`)
}

/** Two uploads at once whose parts and sessions are mixed up. */
async function interleavedUploads(context: CaseContext): Promise<void> {
  const { random, places } = context
  const registry = random.pick(places.registries)
  const user = await userOf(context, registry)
  const begin = async (): Promise<string> => {
    const target = `/v2/${repositoryName(random).replaceAll(/[^a-z/]/g, 'x')}/blobs/uploads/`
    const answer = await send(context, registry, { method: 'POST', target, headers: user }, POLITE)
    return answer.headers.get('location') ?? '/v2/fuzz/a/blobs/uploads/none'
  }
  const sessions = [await begin(), await begin()]
  const [digest, bytes] = someBlob(context)
  for (let left = random.between(2, 8); left > 0; left--) {
    const session = random.pick(sessions)
    const target = random.chance(0.85) ? session : session.replace(/\/v2\/[^/]+/, '/v2/other')
    const start = random.int(bytes.byteLength)
    const part = random.chance(0.5) ? bytes : bytes.subarray(start, start + random.int(20_000))
    const method = random.pick(['PATCH', 'PATCH', 'PUT', 'GET', 'DELETE'])
    const headers = {
      ...(random.chance(0.9) ? user : login(random)),
      'content-range': `${start}-${start + part.byteLength - 1}`,
    }
    const message = { method, target: method === 'PUT' ? `${target}?digest=${digest}` : target, headers }
    const sending = send(
      context,
      registry,
      method === 'GET' || method === 'DELETE' ? message : { ...message, body: part },
    )
    if (random.chance(0.7)) await sending
  }
}

/** Pulls, tags, lists and removes an image while others do. */
async function pullTagRemove(context: CaseContext): Promise<void> {
  const { random, upstream } = context
  const source = random.chance(0.6) ? `${upstream}/good/app` : `${upstream}/faulty${random.int(24)}/app`
  const tag = random.pick(TAGS)
  await engine(context, 'POST', `/images/create?fromImage=${encodeURIComponent(source)}&tag=${tag}`)
  await engine(context, 'POST', `/images/${source}:${tag}/tag?repo=fuzz/a&tag=${tag}`)
  await ask(context, anEngine(context), { method: 'GET', target: '/images/json?digests=1' })
  await engine(context, 'POST', `/images/fuzz/a:${tag}/push?tag=${tag}`)
  if (random.chance(0.5)) await engine(context, 'GET', `/images/get?names=fuzz/a:${tag}&names=${source}:${tag}`)
  if (random.chance(0.6)) await engine(context, 'DELETE', `/images/${source}:${tag}?force=1`)
  if (random.chance(0.2)) await engine(context, 'POST', '/images/prune?filters={"dangling":["false"]}')
}

/** Loads a saved image in several connections, some of which break. */
async function tornLoads(context: CaseContext): Promise<void> {
  const { random, materials } = context
  const { tar } = random.pick(random.pick(materials.images).layers)
  const load = (target: string): Promise<void> => engine(context, 'POST', target, tar)
  await Promise.all([
    load('/images/create?fromSrc=-&repo=fuzz/a&tag=1'),
    load('/images/create?fromSrc=-&repo=fuzz/a&tag=1'),
    load('/images/load?quiet=0'),
  ])
}

async function engine(context: CaseContext, method: string, target: string, body?: Uint8Array): Promise<void> {
  const headers = { 'x-registry-auth': 'e30' }
  await send(context, anEngine(context), { method, target, headers, ...(body === undefined ? {} : { body }) })
}

function anEngine({ random, places }: CaseContext): Place {
  return random.pick(places.engines)
}
