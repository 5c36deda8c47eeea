import type { RegistrySettings } from '@drayage/runtime'

import type { Config } from './config/config.ts'

/** What the configuration of the daemon says of registries, in place of the files of the user and the machine. */
export function registrySettings(config: Config): RegistrySettings {
  const mirrors = config.texts('registry-mirrors')
  const insecureRegistries = config.texts('insecure-registries')
  return { ...(mirrors && { mirrors }), ...(insecureRegistries && { insecureRegistries }) }
}
