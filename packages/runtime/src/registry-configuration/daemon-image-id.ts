import type { ImageSettings } from '../runtime.ts'
import { readFirstFile } from './read-config-file.ts'
import { defaultRegistryFiles, type RegistryFilesOptions } from './registry-files.ts'

/**
 * Which ID Docker Engine shows of an image by its `daemon.json`, of the user or else of the machine: that of the target with
 * `features.containerd-snapshotter`, that of the config without; `undefined` where it does not say.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG`
 */
export async function daemonImageId(options: RegistryFilesOptions): Promise<ImageSettings['imageId'] | undefined> {
  const found = await readFirstFile(defaultRegistryFiles(options).daemon, [])
  if (found === undefined) return undefined
  const { parseDaemonJson } = await import('./daemon-json.ts')
  const { hasContainerdStore } = parseDaemonJson(found.file, found.text)
  if (hasContainerdStore === undefined) return undefined
  return hasContainerdStore ? 'target' : 'config'
}
