// dray at an https registry that keeps its blobs in an http store, which the user has to allow.
import { request as forward } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'

import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve } from '@drayage/registry-server/node'
import { buildImage, createCertificate, run, tempDir, type RunResult } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { fillStorage } from './fill-storage.ts'

const program = path.resolve(import.meta.dirname, '../apps/cli/bin/dray.js')

test('dray pulls blobs by http where --http-blobs or its variable names the registry, without the login', async () => {
  await using directory = await tempDir()
  const image = await buildImage({ layers: [[{ path: 'a', content: 'a' }]] })
  const storage = createMemoryStorage()
  await fillStorage(storage, { name: 'app', tags: ['1'], image })
  const handler = createRegistryHandler({ storage })
  const logins: (string | undefined)[] = []
  await using store = await serve((asked) => {
    if (asked.url.includes('/blobs/')) logins.push(asked.headers['authorization'])
    return handler(asked)
  })
  const login = `Basic ${btoa('u:p')}`
  const front = createServer(
    createCertificate({ ipAddress: '127.0.0.1' }),
    ({ url = '', method, headers }, response) => {
      const location = `${store.url}${url}`
      if (headers.authorization !== login) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end()
      } else if (url.includes('/blobs/')) {
        response.writeHead(307, { location }).end()
      } else {
        forward(location, { method: method ?? 'GET', headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(response)
        }).end()
      }
    },
  )
  front.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(front.address() as AddressInfo).port}`
  const dray = (args: readonly string[], env: Record<string, string> = {}): Promise<RunResult> =>
    run(process.execPath, [program, '--store', path.join(directory.path, 'store'), ...args, 'pull', `${host}/app:1`], {
      env: {
        HOME: directory.path,
        DOCKER_DEFAULT_PLATFORM: 'linux/amd64',
        DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [host]: { auth: btoa('u:p') } } }),
        ...env,
      },
    })
  try {
    const refused = await dray([])
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toMatch(/answers by https, and this is http[^]*hint: .*http-blobs/)
    expect((await dray(['--http-blobs', 'other.example'])).code).not.toBe(0)
    expect(logins).toEqual([])
    expect(await dray(['--http-blobs', `other.example,${host}`])).toMatchObject({ code: 0 })
    expect(logins).toEqual([undefined, undefined])
    expect(await dray([], { DRAYAGE_HTTP_BLOBS: host })).toMatchObject({ code: 0 })
  } finally {
    front.closeAllConnections()
    await new Promise((resolve) => front.close(resolve))
  }
})

test.each([
  [['--trusted-realms', 'registry.example'], {}, 'trustedRealms[0]'],
  [['--trusted-realms', 'r.example=a.example', '--trusted-realms', 'r.example=a=b'], {}, 'trustedRealms[1]'],
  [[], { DRAYAGE_TRUSTED_REALMS: 'r.example=a.example,r.example' }, 'trustedRealms[1]'],
  [['--http-blobs', 'http://registry.example'], {}, 'httpBlobs[0]'],
])('dray %j with %j is refused', async (args, env, key) => {
  await using directory = await tempDir()
  const result = await run(process.execPath, [program, ...args, 'tags', '127.0.0.1:1/app'], {
    env: { HOME: directory.path, ...env },
  })
  expect(result.code).not.toBe(0)
  expect(result.stderr).toContain(key)
})
