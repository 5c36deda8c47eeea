import { ABSENT_ROUTES } from '../../packages/engine-api/src/http/absent-routes.ts'
import { ROUTES } from '../../packages/engine-api/src/http/routes.ts'
import { ask, send, type CaseContext } from './fuzz-case.ts'
import { someArchive, squeeze } from './materials.ts'
import { someFraming, type Message } from './message.ts'
import { mutatedDocument } from './mutate.ts'
import type { Random } from './random.ts'
import { encoded, hostileText, mostly, repositoryName, tagName, TAGS } from './texts.ts'

const VERSIONS: readonly string[] = [
  '',
  '',
  '',
  '/v1.24',
  '/v1.43',
  '/v1.52',
  '/v1.57',
  '/v1.58',
  '/v0.1',
  '/v1',
  '/v99999.9',
]

const SERVED_ROUTES = ROUTES.filter((route) => !ABSENT_ROUTES.includes(route))

/** One request to a route of the Engine API, or to nearly one. */
export async function engineCase(context: CaseContext): Promise<void> {
  const { random, places } = context
  const route = random.pick(random.chance(0.1) ? ABSENT_ROUTES : SERVED_ROUTES)
  const name = encodePath(random, someImage(context))
  const path = route.path.replace('{name}', () => name)
  const method = random.chance(0.93) ? route.method : random.pick(['HEAD', 'OPTIONS', 'PATCH', 'PUT', 'DELETE', 'GET'])
  const target = `${random.pick(VERSIONS)}${path}${someQuery(context, route.path)}`
  const place = random.pick(places.engines)
  const headers = { ...someHeaders(random), ...(random.chance(0.1) ? { host: hostileText(random) } : {}) }
  const message: Message = { method, target, headers }
  const body = await someBody(context, route.path)
  if (body !== undefined) await send(context, place, { ...message, body, framing: someFraming(random) })
  else if (isQuick(route.path) && random.chance(0.5)) await ask(context, place, message)
  else await send(context, place, message)
}

/** Requests whose answers only need the store. */
function isQuick(path: string): boolean {
  return !/create|load|push|events|distribution|auth|search/.test(path)
}

/** How a client may name an image: a name in the store or the registry, an ID, or anything. */
export function someImage({ random, upstream, materials, number, places }: CaseContext): string {
  const tag = random.pick(TAGS)
  switch (random.int(12)) {
    case 0:
      return `${upstream}/wild/x:c${number}`
    case 1:
      return `${upstream}/faulty${random.int(24)}/app:${tag}`
    case 2:
      return `${random.pick(places.registries).host}/${repositoryName(random)}:${tag}`
    case 3: {
      const { imageId } = random.pick(materials.images)
      return random.pick([imageId, imageId.slice(7), imageId.slice(7, 7 + random.between(1, 12))])
    }
    case 4:
      return `${upstream}/good/app@${random.pick([...materials.images, materials.index]).manifest.digest}`
    case 5:
    case 6:
      return hostileText(random)
    case 7:
    case 8:
      return `${upstream}/good/app:${tag}`
    default:
      return `${repositoryName(random)}:${tagName(random)}`
  }
}

function encodePath(random: Random, name: string): string {
  return encoded(random, name)
    .replaceAll('%2F', random.chance(0.8) ? '/' : '%2f')
    .replaceAll('%3A', ':')
}

/** The query members of all routes; any route may get any of them. */
const MEMBERS: Readonly<Record<string, (context: CaseContext) => string>> = {
  fromImage: someImage,
  fromSrc: ({ random }) => mostly(random, '-'),
  repo: ({ random }) => repositoryName(random),
  tag: ({ random }) => tagName(random),
  message: ({ random }) => hostileText(random),
  changes: ({ random }) =>
    mostly(
      random,
      random.pick(['ENV a=b c="d e"', 'CMD ["x"]', 'EXPOSE 80/tcp', `LABEL a=\\\n${hostileText(random)}`]),
    ),
  platform: ({ random }) => mostly(random, random.pick(['linux/amd64', '{"os":"linux","architecture":"arm64"}'])),
  filters: ({ random }) =>
    Buffer.from(
      mutatedDocument(random, {
        dangling: ['true'],
        label: ['a=b'],
        before: ['solo'],
        since: ['solo'],
        reference: ['fuzz/*'],
        until: ['1h'],
      }).subarray(0, 20_000),
    ).toString(),
  names: someImage,
  quiet: ({ random }) => random.pick(['0', '1', 'x']),
  force: ({ random }) => random.pick(['0', '1', 'x']),
  noprune: ({ random }) => random.pick(['0', '1']),
  all: ({ random }) => random.pick(['0', '1']),
  digests: ({ random }) => random.pick(['0', '1']),
  manifests: ({ random }) => random.pick(['0', '1']),
  'shared-size': ({ random }) => random.pick(['0', '1']),
  type: ({ random }) => mostly(random, random.pick(['image', 'container'])),
  since: ({ random }) => mostly(random, String(random.int(2 ** 31))),
  until: ({ random }) => mostly(random, String(Math.floor(Date.now() / 1000) + random.between(-5, 2))),
  term: ({ random }) => mostly(random, 'good'),
  limit: ({ random }) => mostly(random, '5'),
}

/** The members that a route reads; it seldom gets others. */
const OWN: readonly (readonly [RegExp, readonly string[]])[] = [
  [/create$/, ['fromImage', 'tag', 'platform']],
  [/create$/, ['fromSrc', 'repo', 'tag', 'message', 'changes', 'platform']],
  [/load$/, ['quiet', 'platform']],
  [/prune$/, ['filters']],
  [/\/images\/get$/, ['names', 'names', 'platform']],
  [/images\/json$/, ['filters', 'all', 'digests', 'shared-size', 'manifests']],
  [/push$/, ['tag', 'platform']],
  [/tag$/, ['repo', 'tag']],
  [/\{name\}$/, ['force', 'noprune']],
  [/events$/, ['since', 'until', 'filters']],
  [/df$/, ['type', 'type']],
  [/search$/, ['term', 'limit', 'filters']],
]

function someQuery(context: CaseContext, path: string): string {
  const { random } = context
  const fitting = OWN.filter(([pattern]) => pattern.test(path))
  const own = fitting.length === 0 ? [] : random.pick(fitting)[1]
  const keys = own.filter((key) => random.chance(/^from|repo/.test(key) ? 0.95 : 0.5))
  if (random.chance(0.15)) keys.push(random.pick(Object.keys(MEMBERS)))
  if (random.chance(0.05)) keys.push(hostileText(random).slice(0, 100))
  const members = keys.map((key) => {
    const value = (Object.hasOwn(MEMBERS, key) ? MEMBERS[key] : undefined)?.(context) ?? hostileText(random)
    return `${encoded(random, key)}=${encoded(random, value)}`
  })
  return members.length === 0 ? '' : `?${members.join('&')}`
}

function someHeaders(random: Random): Record<string, string> {
  const headers: Record<string, string> = {}
  const login = { username: 'fuzz', password: 'fuzz', serveraddress: 'x', auth: 'YTpi' }
  if (random.chance(0.15))
    headers['x-registry-auth'] = Buffer.from(mutatedDocument(random, login)).toString('base64url')
  if (random.chance(0.05)) headers['x-registry-auth'] = hostileText(random)
  if (random.chance(0.1)) headers['content-type'] = mostly(random, 'application/json')
  if (random.chance(0.03)) headers['expect'] = random.pick(['100-continue', '200-ok'])
  if (random.chance(0.03)) headers['x-long'] = 'x'.repeat(random.pick([1000, 60_000, 200_000]))
  if (random.chance(0.02)) headers['upgrade'] = 'tcp'
  if (random.chance(0.02)) headers['origin'] = 'http://evil.test'
  return headers
}

async function someBody({ random, materials }: CaseContext, path: string): Promise<Uint8Array | undefined> {
  if (path.endsWith('/load')) return await someArchive(random, materials)
  if (path.endsWith('/create')) {
    const { tar } = random.pick(random.pick(materials.images).layers)
    return random.chance(0.7) ? squeeze(random, tar) : await someArchive(random, materials)
  }
  if (random.chance(0.8) && !/push|auth/.test(path)) return undefined
  return mutatedDocument(random, { username: 'fuzz', password: 'fuzz', serveraddress: 'http://127.0.0.1:1' })
}
