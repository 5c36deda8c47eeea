import { createSecureContext, type SecureContextOptions } from 'node:tls'

import { quote } from '@drayage/bytes'

import { readNamedFile } from '../config/read-file.ts'
import { ConfigError, reasonOf } from '../errors.ts'

/** PEM files. */
export interface TlsFiles {
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The authorities of clients; without them any client may connect. */
  readonly clientCa?: string | undefined
}

/** Options of a server of `node:https`. */
export interface TlsSettings {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca?: Buffer
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
  readonly minVersion: 'TLSv1.2'
}

/**
 * Reads the TLS files; `undefined` when none is named.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function readTls({ cert, key, clientCa }: TlsFiles): Promise<TlsSettings | undefined> {
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined
  if (cert === undefined || key === undefined) {
    throw new ConfigError('Cannot use TLS: it needs both a certificate and its key')
  }
  const pair = { cert: await readNamedFile(cert), key: await readNamedFile(key) }
  assertUsable(pair, `${quote(cert)} with ${quote(key)}`)
  const authorities = clientCa === undefined ? {} : { ca: await readNamedFile(clientCa) }
  if (
    authorities.ca !== undefined &&
    !/^-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/m.test(String(authorities.ca))
  ) {
    throw new ConfigError(`Cannot use TLS: ${quote(clientCa ?? '')} holds no certificate`)
  }
  assertUsable(authorities, quote(clientCa ?? ''))
  return {
    ...pair,
    ...authorities,
    requestCert: clientCa !== undefined,
    rejectUnauthorized: clientCa !== undefined,
    minVersion: 'TLSv1.2',
  }
}

function assertUsable(parts: SecureContextOptions, what: string): void {
  try {
    createSecureContext(parts)
  } catch (cause) {
    throw new ConfigError(`Cannot use TLS with ${what}: ${reasonOf(cause)}`, { cause })
  }
}
