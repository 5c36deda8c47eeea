import type { RegistrySettings } from '@drayage/runtime'

import type { TlsFiles } from '../listen/tls.ts'
import type { Config } from './config.ts'

/** What the configuration says of registries; mirrors and insecure registries replace those of the files. */
export function registrySettings(config: Config): RegistrySettings {
  const mirrors = config.texts('registry-mirrors')
  const insecureRegistries = config.texts('insecure-registries')
  const trustedRealms = config.texts('trusted-realms')
  const httpBlobs = config.texts('http-blobs')
  return {
    ...(mirrors && { mirrors }),
    ...(insecureRegistries && { insecureRegistries }),
    ...(trustedRealms && { trustedRealms }),
    ...(httpBlobs && { httpBlobs }),
  }
}

/** The parts of the daemon that listen. */
export type ListenerName = 'engine' | 'registry' | 'admin'

/** The TLS files of a listener; the admin listener has none. */
export function tlsFilesOf(name: ListenerName, config: Config): TlsFiles {
  if (name === 'admin') return {}
  const prefix = name === 'registry' ? 'registry.' : ''
  const files = { cert: config.text(`${prefix}tls-cert`), key: config.text(`${prefix}tls-key`) }
  return name === 'registry' ? files : { ...files, clientCa: config.text('tls-client-ca') }
}
