import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { digestOf } from '@drayage/digest'
import { parseRepository } from '@drayage/reference'
import type { Credentials } from '@drayage/registry'
import { basicAuth } from '@drayage/registry-server'
import { buildImage, randomBytes, tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyImage } from '../copy/copy-images.ts'
import type { Runtime } from '../runtime.ts'
import { watchLogins } from '../remote/used-logins.ts'
import { mountSources, recordSources } from './mount-sources.ts'
import { planImages } from '../copy/plan-images.ts'
import { pullImage } from './pull-image.ts'
import { pushImage } from './push-image.ts'
import { tagImage } from './tag-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'
import { withCredentials } from '../remote/with-credentials.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  const blob = { mediaType: 'application/octet-stream', digest: digestOf('blob'), size: 4 }
  const target = parseRepository('registry.test/team/web/app')

  let directory: TempDir
  let runtime: Runtime

  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(directory.path, { kind })
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

    test('forgets what does not mount, except when the registry asks for a login and there is no login', async () => {
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
      return await openTestRuntime(directory.path, { env: { DOCKER_CONFIG: config }, kind })
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

  test('copyImage() from the store mounts from where its blobs went before, and tells so in a plan', async () => {
    await using registry = await startRegistry()
    const image = await buildImage({ layers: [[{ path: 'a', content: randomBytes(1, 200_000) }]] })
    await pullImage(runtime, await registry.push('first', '1', image))
    await tagImage(runtime, `${registry.host}/first:1`, 'local:1')
    const copyTo = async (repository: string): Promise<string[]> => {
      const target = `docker://${registry.host}/${repository}:1`
      const [plan] = await planImages(runtime, ['store:local:1'], target)
      expect(plan?.totals.mount.count).toBe(2)
      const before = registry.requests.length
      await copyImage(runtime, 'store:local:1', target)
      const sent = registry.requests
        .slice(before)
        .filter(({ method, path: url }) => method !== 'HEAD' && /blobs/.test(url))
      expect(sent.map(({ method, status }) => [method, status])).toEqual([
        ['POST', 201],
        ['POST', 201],
      ])
      return sent.map(({ query }) => new URLSearchParams(query).get('from') ?? '')
    }
    expect(await copyTo('team/app')).toEqual(['first', 'first'])
    // The likeliest is the one that is most like the target, and a copy is remembered as a push is.
    expect(await copyTo('team/other')).toEqual(['team/app', 'team/app'])
  })

  test('a caller with a login of its own is not taken for anybody else', async () => {
    const users = new Map([
      ['one', 'p1'],
      ['two', 'p2'],
    ])
    await using registry = await startRegistry(basicAuth({ users }))
    const image = await buildImage()
    const name = await registry.push('first', '1', image)
    const mounts = (): number =>
      registry.requests.filter(({ query, status }) => query.includes('mount=') && status !== 401).length
    const pushTo = async (username: string, repository: string): Promise<void> => {
      await tagImage(runtime, name, `${registry.host}/${repository}:1`)
      await pushImage(
        withCredentials(runtime, { username, password: users.get(username) }),
        `${registry.host}/${repository}:1`,
      )
    }
    await pullImage(withCredentials(runtime, { username: 'one', password: 'p1' }), name)
    await pushTo('two', 'second')
    expect(mounts()).toBe(0)
    await pushTo('one', 'third')
    expect(mounts()).toBeGreaterThan(0)
  })
})
