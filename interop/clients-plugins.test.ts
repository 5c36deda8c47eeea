import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import { run } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { REFUSAL, startClientFixture, type ClientFixture } from './client-fixture.ts'

/** Whether a plugin of the `docker` command is on PATH, which also runs alone. */
async function hasPlugin(name: string): Promise<boolean> {
  const isThere = await run(name, ['version']).then(
    ({ code }) => code === 0,
    () => false,
  )
  if (!isThere) process.stderr.write(`skipped: no ${name} on PATH\n`)
  return isThere
}

const hasCompose = await hasPlugin('docker-compose')
const hasBuildx = await hasPlugin('docker-buildx')

describe.skipIf(!hasCompose && !hasBuildx)('plugins of the docker command with drayd', () => {
  let fixture: ClientFixture

  beforeAll(async () => {
    fixture = await startClientFixture()
    const compose = `services:
  web: { image: "${fixture.registry}/team/app:1", build: ., network_mode: none }
  other: { image: "${fixture.registry}/team/app:2", platform: linux/amd64, network_mode: none }
`
    await writeFile(path.join(fixture.directory, 'compose.yaml'), compose)
  })
  afterAll(async () => {
    await fixture?.[Symbol.asyncDispose]()
  })

  test.skipIf(!hasCompose)('compose pulls and pushes, and is told that there are no containers', async () => {
    const compose = async (args: string): Promise<readonly [number | null, string]> => {
      const { code, stdout, stderr } = await fixture.run('docker-compose', args.split(' '))
      return [code, stdout + stderr]
    }
    const [, images] = await compose('config --images')
    expect(images.trim().split('\n').sort()).toEqual([1, 2].map((tag) => `${fixture.registry}/team/app:${tag}`))
    expect(await compose('pull')).toEqual([0, expect.stringContaining('other Pulled')])
    expect(await compose('push')).toEqual([0, expect.stringContaining('Layer already exists')])
    for (const args of ['images -q', 'ps -q', 'ls -q']) expect(await compose(args)).toEqual([0, ''])
    expect(await compose('create --no-build')).toEqual([1, expect.stringContaining(REFUSAL)])
    expect(await compose('down --rmi all')).toEqual([0, expect.stringContaining('team/app:1  Removed')])
  })

  test.skipIf(!hasBuildx)('buildx sees no builder, and copies an index in the registry', async () => {
    const buildx = (args: string): ReturnType<ClientFixture['run']> => fixture.run('docker-buildx', args.split(' '))
    expect((await buildx('ls')).stdout).toMatch(/default.*inactive/)
    const from = `${fixture.registry}/multi:1`
    const to = `${fixture.registry}/copies/multi:1`
    expect((await buildx(`imagetools create -t ${to} ${from}`)).code).toBe(0)
    const inspect = async (name: string): Promise<string> => (await buildx(`imagetools inspect --raw ${name}`)).stdout
    expect(await inspect(to)).toBe(await inspect(from))
    expect(await inspect(to)).toContain('arm64')
  })
})
