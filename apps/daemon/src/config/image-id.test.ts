import { mkdir, writeFile } from 'node:fs/promises'

import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { checkConfig } from './check-config.ts'
import { readConfig } from './config.ts'
import { imageIdOf } from './image-id.ts'

test('imageIdOf() prefers the option to daemon.json, which a configuration without it follows', async () => {
  await using directory = await tempDir()
  const env = { XDG_CONFIG_HOME: directory.path }
  await mkdir(`${directory.path}/docker`)
  const shown = async (flags: ReadonlyMap<string, string>): Promise<string> =>
    await imageIdOf(await readConfig({ flags, env }), env)
  await writeFile(`${directory.path}/docker/daemon.json`, '{"features":{"containerd-snapshotter":true}}')
  expect(await shown(new Map())).toBe('target')
  expect(await shown(new Map([['image-id', 'config']]))).toBe('config')
  await writeFile(`${directory.path}/docker/daemon.json`, '{"features":{"containerd-snapshotter":false}}')
  expect(await shown(new Map())).toBe('config')
  expect(await shown(new Map([['image-id', 'target']]))).toBe('target')
  await writeFile(`${directory.path}/docker/daemon.json`, '{}')
  expect(await shown(new Map())).toBe('config')
})

test('checkConfig() refuses a daemon.json whose feature is no switch', async () => {
  await using directory = await tempDir()
  const env = { XDG_CONFIG_HOME: directory.path }
  await mkdir(`${directory.path}/docker`)
  await writeFile(`${directory.path}/docker/daemon.json`, '{"features":{"containerd-snapshotter":1}}')
  const config = await readConfig({ flags: new Map(), env })
  await expect(checkConfig(config, env)).rejects.toThrow('containerd-snapshotter')
})
