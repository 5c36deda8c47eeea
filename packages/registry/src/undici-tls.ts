import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'

import type { HostTls, TlsConnect } from './dispatchers.ts'

/** The context of TLS for a host. It is made once: reading a hundred certificates takes longer than a handshake. */
export function connectBy({ ca, cert, key, isInsecure = false }: HostTls): TlsConnect & {
  readonly secureContext: SecureContext
} {
  const secureContext = createSecureContext({
    ...(ca !== undefined && { ca: [...getCACertificates('default'), ...ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  })
  return { secureContext, rejectUnauthorized: !isInsecure }
}
