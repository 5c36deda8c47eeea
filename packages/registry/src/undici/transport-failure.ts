import { RegistryUnreachableError, type UnreachableReason } from '../errors/connection-errors.ts'
import { redactUrl } from '../gate/redact-url.ts'

/** Reasons by the code of an error of Node, OpenSSL, llhttp or undici. */
const REASONS: Readonly<Record<string, UnreachableReason>> = {
  ENOTFOUND: 'dns',
  ENODATA: 'dns',
  ECONNREFUSED: 'refused',
  EMFILE: 'limit',
  ENFILE: 'limit',
  EHOSTUNREACH: 'no-route',
  ENETUNREACH: 'no-route',
  EADDRNOTAVAIL: 'no-route',
  EACCES: 'no-route',
  ETIMEDOUT: 'connect-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect-timeout',
  UND_ERR_HEADERS_TIMEOUT: 'headers-timeout',
  UND_ERR_BODY_TIMEOUT: 'stalled',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'reset',
  UND_ERR_HEADERS_OVERFLOW: 'headers',
  HPE_HEADER_OVERFLOW: 'headers',
  UND_ERR_PRX_CONN: 'proxy',
  CERT_HAS_EXPIRED: 'tls-expired',
  CERT_NOT_YET_VALID: 'tls-expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls-host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls-untrusted',
  CERT_UNTRUSTED: 'tls-untrusted',
  CERT_REVOKED: 'tls-untrusted',
  INVALID_CA: 'tls-untrusted',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'tls-client-certificate',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'tls-client-certificate',
  ERR_SSL_SSL_TLS_ALERT_BAD_CERTIFICATE: 'tls-client-certificate',
}

/** Reasons that do not pass by themselves. */
const LASTING: ReadonlySet<UnreachableReason> = new Set<UnreachableReason>([
  'headers',
  'tls-expired',
  'tls-host',
  'tls-untrusted',
  'tls-client-certificate',
  'tls',
])

/** The error of this package for one of a Node transport. */
export function transportFailure(error: unknown, method: string, url: string): RegistryUnreachableError {
  const root = rootOf(error)
  const errno = stringField(root, 'code')
  const isParserError = stringField(root, 'name') === 'HTTPParserError'
  const reason = isParserError && errno !== 'HPE_HEADER_OVERFLOW' ? 'protocol' : reasonOf(errno ?? '')
  const ip = stringField(root, 'address')
  const port = numberField(root, 'port')
  const address =
    ip === undefined ? undefined : `${ip.includes(':') ? `[${ip}]` : ip}${port === undefined ? '' : `:${port}`}`
  const host = URL.parse(url)?.host ?? ''
  const facts = { method, url: redactUrl(url), reason, host, address, errno, retryable: !LASTING.has(reason) }
  // The parser's error carries what the server sent, which may be anything.
  const cause = isParserError && root instanceof Error ? new Error(root.message) : error
  return new RegistryUnreachableError(facts, { cause })
}

function reasonOf(code: string): UnreachableReason {
  const known = REASONS[code]
  if (known !== undefined) return known
  if (code.startsWith('EAI_')) return 'dns'
  if (code.startsWith('HPE_')) return 'protocol'
  if (code.startsWith('CERT_')) return 'tls-untrusted'
  return code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') ? 'tls' : 'other'
}

/** The error of the address tried last; a wrapper without a code of its own is unwrapped. */
function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors.at(-1))
  const isBare = error instanceof Error && error.cause instanceof Error && stringField(error, 'code') === undefined
  return isBare ? rootOf(error.cause) : error
}

function stringField(value: unknown, name: string): string | undefined {
  const field = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return typeof field === 'string' ? field : undefined
}

function numberField(value: unknown, name: string): number | undefined {
  const field = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return typeof field === 'number' ? field : undefined
}
