import os from 'node:os'

import { daemonImageId, IMAGE_IDS, type ImageSettings } from '@drayage/runtime'

import type { Config } from './config.ts'

/**
 * Which ID clients are shown of an image: as the option says, else as `daemon.json` does, else that of the config.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG` for a `daemon.json` that cannot be used
 */
export async function imageIdOf(config: Config, env: NodeJS.ProcessEnv): Promise<ImageSettings['imageId']> {
  const chosen = IMAGE_IDS.find((each) => each === config.text('image-id'))
  if (chosen !== undefined) return chosen
  const ofEngine = await daemonImageId({ env, home: os.homedir(), etc: '/etc' })
  return ofEngine ?? 'config'
}
