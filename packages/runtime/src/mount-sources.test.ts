import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { digestOf } from '@drayage/digest'
import { parseRepository } from '@drayage/reference'
import type { Credentials } from '@drayage/registry'
import { basicAuth } from '@drayage/registry-server'
import { buildImage, randomBytes, tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Runtime } from './create-runtime.ts'
import { watchLogins } from './used-logins.ts'
import { mountSources, recordSources } from './mount-sources.ts'
import { pullImage } from './pull-image.ts'
import { pushImage } from './push-image.ts'
import { tagImage } from './tag-image.ts'
import { openTestRuntime } from './test/open-test-runtime.ts'
import { startRegistry } from './test/test-registry.ts'

const blob = { mediaType: 'application/octet-stream', digest: digestOf('blob'), size: 4 }
const target = parseRepository('registry.test/team/web/app')

let directory: TempDir
let runtime: Runtime

beforeEach(async () => {
  directory = await tempDir()
  runtime = await openTestRuntime(directory.path)
})
afterEach(async () => {
  await runtime[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})

describe('mountSources()', () => {
  test('names repositories of the same registry and user, the most alike first, then the newest', async () => {
    const store = await runtime.openStore()
    let given: Credentials | undefined
    const logins = watchLogins(async () => given)
    const parts = { store, logins, target }
    const record = async (name: string): Promise<void> =>
      await recordSources({ store, logins, target: parseRepository(name) }, [blob])
    const named = async (): Promise<string[]> =>
      (await mountSources(parts, {}).mountFrom(blob)).map((each) => each.path)
    await record('registry.test/open')
    given = { username: 'one', password: 'secret' }
    await logins.credentials('registry.test')
    for (const name of ['old', 'team/old', 'team/web/base', 'new', 'team/new', 'team/web/app']) {
      await record(`registry.test/${name}`)
    }
    await record('elsewhere.test/team/web/base')
    expect(await named()).toEqual(['team/web/base', 'team/new', 'team/old', 'new', 'old'])
    given = { username: 'two', password: 'secret' }
    await logins.credentials('registry.test')
    expect(await named()).toEqual([])
    given = undefined
    await logins.credentials('registry.test')
    expect(await named()).toEqual(['open'])
    expect(JSON.stringify(await store.images.sourcesOf(blob.digest))).not.toContain('secret')
  })

  test('forgets what does not mount, but not when the registry wants a login and there is none', async () => {
    const store = await runtime.openStore()
    const logins = watchLogins(async () => undefined)
    const base = parseRepository('registry.test/base')
    await recordSources({ store, logins, target: base }, [blob])
    const { mountFrom, onMountRefused } = mountSources({ store, logins, target }, {})
    await logins.credentials('registry.test')
    await onMountRefused(blob, base)
    expect(await mountFrom(blob)).toEqual([base])
    const open = watchLogins(async () => undefined)
    await mountSources({ store, logins: open, target }, {}).onMountRefused(blob, base)
    expect(await mountFrom(blob)).toEqual([])
  })
})

test('pushImage() mounts from where the same user was, and asks nobody to mount from where another was', async () => {
  const users = new Map([
    ['one', 'p1'],
    ['two', 'p2'],
  ])
  await using registry = await startRegistry(basicAuth({ users }))
  const image = await buildImage({ layers: [[{ path: 'a', content: randomBytes(1, 200_000) }]] })
  const name = await registry.push('first', '1', image)
  const logIn = async (user: string): Promise<Runtime> => {
    const config = path.join(directory.path, user)
    await mkdir(config)
    const auth = Buffer.from(`${user}:${users.get(user) ?? ''}`).toString('base64')
    await writeFile(path.join(config, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
    return await openTestRuntime(directory.path, { env: { DOCKER_CONFIG: config } })
  }
  const mounts = (): number =>
    registry.requests.filter(({ query, status }) => query.includes('mount=') && status !== 401).length
  const pushTo = async (as: Runtime, repository: string): Promise<void> => {
    await tagImage(as, name, `${registry.host}/${repository}:1`)
    await pushImage(as, `${registry.host}/${repository}:1`)
  }
  await using one = await logIn('one')
  await pullImage(one, name)
  await pushTo(one, 'second')
  expect(mounts()).toBe(2)
  await using two = await logIn('two')
  await pushTo(two, 'third')
  expect(mounts()).toBe(2)
  await pushTo(two, 'fourth')
  expect(mounts()).toBe(4)
  expect(registry.requests.filter(({ method }) => method === 'PATCH')).toEqual([])
})
