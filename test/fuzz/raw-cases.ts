import { sendBytes, type CaseContext } from './fuzz-case.ts'
import { join, mutateBytes } from './mutate.ts'
import type { Random } from './random.ts'
import { someManner, type Place } from './send.ts'
import { hostileText } from './texts.ts'

/** Marks the path of a hidden request: a log line with it means that a request was parsed out of another's body. */
export const SMUGGLED = 'smuggled-by-fuzz'

/** Bytes that are HTTP/1.1, nearly HTTP/1.1, or neither. */
export async function rawCase(context: CaseContext): Promise<void> {
  const { random, places } = context
  const place = random.pick([...places.engines, ...places.registries, ...places.admins])
  const bytes = someBytes(random, place)
  const manner = { ...someManner(random, bytes.byteLength), patienceMs: random.pick([200, 1000, 2500]) }
  await sendBytes(context, place, bytes, manner)
}

function someBytes(random: Random, place: Place): Uint8Array {
  switch (random.int(7)) {
    case 0:
      return random.bytes(random.int(5000))
    case 1:
      return smuggling(random, place)
    case 2:
      return pipeline(random, place)
    case 3:
      return Buffer.from(longLines(random, place))
    case 4:
      return mutateBytes(random, pipeline(random, place))
    default:
      return mutateBytes(random, wholeRequest(random, place))
  }
}

function wholeRequest(random: Random, { host }: Place): Uint8Array {
  const line = random.pick([
    'GET /_ping',
    'GET /v2/',
    'GET /images/json?all=1',
    'POST /images/create?fromSrc=-',
    'PUT /v2/fuzz/a/manifests/1',
    'PATCH /v2/fuzz/a/blobs/uploads/x',
    'GET http://evil.test/_ping',
    'CONNECT evil.test:443',
    'OPTIONS *',
    'GET /metrics',
  ])
  const extra = random.chance(0.5)
    ? `${random.pick(['x-a', 'expect', 'upgrade', 'te', 'range'])}: ${hostileText(random)}\r\n`
    : ''
  const body = random.chance(0.5) ? 'content-length: 5\r\n\r\nhello' : '\r\n'
  return Buffer.from(`${line} HTTP/1.1\r\nhost: ${host}\r\n${extra}${body}`)
}

function pipeline(random: Random, place: Place): Uint8Array {
  return join(...Array.from({ length: random.between(2, 40) }, () => wholeRequest(random, place)))
}

/** Heads whose end or length two parsers could read differently. Each hides a request in what follows. */
function smuggling(random: Random, { host }: Place): Uint8Array {
  const hidden = `GET /${SMUGGLED} HTTP/1.1\r\nhost: ${host}\r\n\r\n`
  const length = `content-length: ${hidden.length}\r\n`
  const heads = [
    `content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n`,
    `transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n`,
    `content-length: 0\r\n${length}\r\n`,
    `${length}content-length: 0\r\n\r\n`,
    `content-length: 0, ${hidden.length}\r\n\r\n`,
    `content-length: +${hidden.length}\r\n\r\n`,
    `content-length : ${hidden.length}\r\n\r\n`,
    `content-length: 0x${hidden.length.toString(16)}\r\n\r\n`,
    `transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    `transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`,
    `transfer-encoding:\u000Bchunked\r\n\r\n0\r\n\r\n`,
    `transfer-encoding: chunked\r\n\r\n0;\nx\r\n\r\n`,
    `transfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`,
    `transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
    `x: a\r\n folded: b\r\n\rX`,
    `x: a\n${length}\n`,
    `x: a\r\n\rX`,
    `x: \0\r\n\r\n`,
    `x\0: a\r\n\r\n`,
  ]
  const method = random.pick(['POST', 'PUT', 'DELETE', 'GET'])
  const path = random.pick(['/_ping', '/images/load', '/v2/fuzz/a/blobs/uploads/', '/metrics'])
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${random.pick(heads)}${hidden}`, 'latin1')
}

function longLines(random: Random, { host }: Place): string {
  const long = random.pick(['a', '/', '%', '\t', '<', ',', '=']).repeat(random.pick([8000, 70_000, 400_000]))
  return random.pick([
    `GET /${long} HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
    `GET /_ping?${long} HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
    `GET /_ping HTTP/1.1\r\nhost: ${host}\r\nx: ${long}\r\n\r\n`,
    `GET /_ping HTTP/1.1\r\nhost: ${host}\r\n${long}: x\r\n\r\n`,
    `GET /_ping HTTP/1.1\r\nhost: ${host}\r\n${'x: y\r\n'.repeat(20_000)}\r\n`,
    `${long} / HTTP/1.1\r\n\r\n`,
    long,
  ])
}
