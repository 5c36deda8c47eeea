import type { Config } from './config/config.ts'
import type { TlsFiles } from './listen/tls.ts'

/** Names of the parts that listen. */
export type ListenerName = 'engine' | 'registry' | 'admin'

/** The files of TLS of a listener; that of the admin has none. */
export function tlsFilesOf(name: ListenerName, config: Config): TlsFiles {
  if (name === 'admin') return {}
  const prefix = name === 'registry' ? 'registry.' : ''
  const files = { cert: config.text(`${prefix}tls-cert`), key: config.text(`${prefix}tls-key`) }
  return name === 'registry' ? files : { ...files, clientCa: config.text('tls-client-ca') }
}
