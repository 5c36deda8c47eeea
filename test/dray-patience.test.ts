// The verbs of dray that look at a registry, at one that fails for a moment.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { fromBytes } from '@drayage/bytes'
import type { HttpClient } from '@drayage/content'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { buildImage, tempDir, type RunResult, type TempDir, type TestImage } from '@drayage/testkit'

import { drayIn } from './dray-process.ts'
import { fillStorage } from './fill-storage.ts'

let scratch: TempDir
let server: HttpServer
let image: TestImage
/** The requests that have failed. */
const failed = new Set<string>()

/** Answers each request once with what registries under load answer. */
const failOnce =
  (handler: HttpClient): HttpClient =>
  async (request) => {
    const key = `${request.method} ${request.url}`
    if (failed.has(key)) return await handler(request)
    failed.add(key)
    const [status, headers] = request.method === 'GET' ? [429, { 'retry-after': '1' }] : [503, {}]
    return { status, headers, body: fromBytes('busy') }
  }

beforeAll(async () => {
  scratch = await tempDir()
  image = await buildImage()
  const storage = createMemoryStorage()
  await fillStorage(storage, { name: 'app', tags: ['1', '2'], image })
  server = await serve(failOnce(createRegistryHandler({ storage })))
})
beforeEach(() => failed.clear())
afterAll(async () => {
  await server.close()
  await scratch[Symbol.asyncDispose]()
})

const dray = (...args: string[]): Promise<RunResult> => drayIn(scratch.path, ...args)

test.each<[string[], (name: string) => string[]]>([
  [['digest'], (name) => [name]],
  [['digest', '--platform', 'linux/amd64'], (name) => [name]],
  [['manifest'], (name) => [name]],
  [['config'], (name) => [name]],
  [['tags'], () => [`${server.host}/app`]],
  [['referrers'], (name) => [name]],
  [['catalog'], () => [server.host]],
  [['blob'], () => [`${server.host}/app@${image.config.digest}`]],
  [['inspect'], (name) => [`docker://${name}`]],
  [['login', '--username', 'u', '--password', 'p'], () => [server.host]],
  [['delete'], () => [`${server.host}/app:2`]],
])('dray %j waits and goes on', async (verb, names) => {
  const { code, stderr } = await dray(...verb, ...names(`${server.host}/app:1`))
  expect(code).toBe(0)
  expect(stderr).toMatch(/^Retrying in 1 second: /m)
  expect(failed.size).toBeGreaterThan(0)
})

test('dray shows nothing of its waits with --progress none', async () => {
  expect(await dray('--progress', 'none', 'digest', `${server.host}/app:1`)).toMatchObject({
    code: 0,
    stdout: `${image.manifest.digest}\n`,
    stderr: '',
  })
})
