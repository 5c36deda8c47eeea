import { isLoopbackHost } from '@drayage/registry'
import type { HostTls } from '@drayage/registry/undici'

import { readCertificate, readCertificates } from './certificates.ts'
import type { InsecureHosts } from './insecure-hosts.ts'

/** Where what TLS needs for a host comes from. */
export interface HostTlsSources {
  /** What a `hosts.toml` says of the host. */
  readonly own: HostTls | undefined
  readonly isInsecure: InsecureHosts
  readonly certificateDirectories: readonly string[]
  /** Gives the authorities for all hosts, beside those of Node. */
  readonly roots: () => Promise<HostTls | undefined>
}

/**
 * What TLS needs for a host with its port. Of a host that is declared insecure no certificates are read, as docker has it.
 * This machine needs no certificate, unless an authority is named for it; Docker Hub always needs the usual one.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG`
 */
export async function findHostTls(host: string, sources: HostTlsSources): Promise<HostTls | undefined> {
  const { own, isInsecure, certificateDirectories } = sources
  const roots = await sources.roots()
  if (host === 'registry-1.docker.io') return roots
  const isLocal = isLoopbackHost(host)
  if (own?.isInsecure === true || (!isLocal && (await isInsecure(host)))) return { ...own, isInsecure: true }
  const found = await readCertificates(certificateDirectories, host)
  const ca = [...(own?.ca ?? []), ...(found?.ca ?? [])]
  if (isLocal && ca.length === 0) return { ...found, ...own, isInsecure: true }
  if (own === undefined && found === undefined) return roots
  return { ...found, ...own, ca: [...ca, ...(roots?.ca ?? [])] }
}

/** The authorities of a file such as `$SSL_CERT_FILE`. @throws RegistryConfigError `ERR_REGISTRY_CONFIG` */
export async function readRoots(file: string | undefined): Promise<HostTls | undefined> {
  return file === undefined || file === '' ? undefined : { ca: [await readCertificate(file)] }
}
