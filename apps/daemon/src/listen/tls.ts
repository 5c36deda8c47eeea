import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions } from 'node:tls'

import { ConfigError } from '../config-error.ts'

/** Files in PEM. */
export interface TlsFiles {
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The authorities of clients; without it any client may connect. */
  readonly clientCa?: string | undefined
}

/** What a server of `node:https` is made with. */
export interface TlsSettings {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca?: Buffer
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
  readonly minVersion: 'TLSv1.2'
}

/**
 * Reads the files of TLS; nothing when none is named.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function readTls({ cert, key, clientCa }: TlsFiles): Promise<TlsSettings | undefined> {
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined
  if (cert === undefined || key === undefined) {
    throw new ConfigError('Cannot use TLS: found not both of a certificate and its key')
  }
  const pair = { cert: await readPem(cert), key: await readPem(key) }
  assertUsable(pair, `${JSON.stringify(cert)} with ${JSON.stringify(key)}`)
  const authorities = clientCa === undefined ? {} : { ca: await readPem(clientCa) }
  if (
    authorities.ca !== undefined &&
    !/^-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/m.test(String(authorities.ca))
  ) {
    throw new ConfigError(`Cannot use TLS: found no certificate in ${JSON.stringify(clientCa)}`)
  }
  assertUsable(authorities, JSON.stringify(clientCa))
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
    throw new ConfigError(`Cannot use TLS with ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}

async function readPem(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new ConfigError(`Cannot read ${JSON.stringify(file)}: ${cause instanceof Error ? cause.message : ''}`, {
      cause,
    })
  }
}
