import { z } from 'zod'

import { checkDocument, parseJson } from './check-document.ts'
import { parseInsecureRegistry, parseMirrorUrl } from './parse-settings.ts'

/** What docker's `daemon.json` says about registries and images. */
export interface DaemonSettings {
  /** URLs of mirrors of Docker Hub. */
  readonly mirrors: readonly string[]
  /** Hosts with an optional port, and CIDRs. */
  readonly insecureRegistries: readonly string[]
  /** Whether images are kept in containerd's store, where an ID is that of an index; `undefined` where it does not say. */
  readonly hasContainerdStore: boolean | undefined
}

const DAEMON = z.looseObject({
  'registry-mirrors': z.array(z.string({ error: 'text' }), { error: 'a list' }).nullish(),
  'insecure-registries': z.array(z.string({ error: 'text' }), { error: 'a list' }).nullish(),
  features: z
    .looseObject({ 'containerd-snapshotter': z.boolean({ error: 'true or false' }).nullish() }, { error: 'an object' })
    .nullish(),
})

/**
 * Reads `registry-mirrors` and `insecure-registries` by docker's rules, and `features.containerd-snapshotter`.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG`
 */
export function parseDaemonJson(file: string, text: string): DaemonSettings {
  const daemon = checkDocument(file, DAEMON, text.trim() === '' ? {} : parseJson(file, text))
  return {
    mirrors: unique(
      (daemon['registry-mirrors'] ?? []).map((url, index) => parseMirrorUrl(url, file, `registry-mirrors[${index}]`)),
    ),
    insecureRegistries: unique(
      (daemon['insecure-registries'] ?? []).map((entry, index) =>
        parseInsecureRegistry(entry, file, `insecure-registries[${index}]`),
      ),
    ),
    hasContainerdStore: daemon.features?.['containerd-snapshotter'] ?? undefined,
  }
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}
