import path from 'node:path'

import type { HostsFile } from './hosts-toml.ts'
import { isForbidden, readConfigFile } from './read-config-file.ts'

/**
 * Reads containerd's `hosts.toml` for a registry from the first directory that has one, under the host's own name, with
 * its port written in one of two ways, or under `_default`.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG`
 */
export async function loadHosts(directories: readonly string[], domain: string): Promise<HostsFile | undefined> {
  if (!/^[\w.:[\]-]+$/.test(domain) || domain.startsWith('.')) return undefined
  const names = [domain.replace(/:(\d+)$/, '_$1_'), domain, '_default']
  for (const directory of directories) {
    for (const name of new Set(names)) {
      const file = path.join(directory, name, 'hosts.toml')
      const text = await readConfigFile(file).catch(unlessForbidden)
      if (text === undefined) continue
      const { parseHostsToml } = await import('./hosts-toml.ts')
      return await parseHostsToml(file, text, domain)
    }
  }
  return undefined
}

/** A file that this user may not read was not written for this user. */
function unlessForbidden(error: unknown): undefined {
  if (!isForbidden(error)) throw error
}
