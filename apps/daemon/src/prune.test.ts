import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { copyImage, createRuntime } from '@drayage/runtime'
import { buildImage, randomBytes, tempDir, writeOciLayout, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { readConfig } from './config/config.ts'
import { pruneSettings } from './config/prune-settings.ts'
import { askDrayd, startDrayd, type Drayd } from './test/start-drayd.ts'

let directory: TempDir
let registry: HttpServer
let drayd: Drayd | undefined

beforeEach(async () => {
  directory = await tempDir()
  registry = await serve(createRegistryHandler({ storage: createMemoryStorage() }), { graceMs: 0 })
})
afterEach(async () => {
  drayd?.kill('SIGTERM')
  await drayd?.exited
  drayd = undefined
  await registry.close()
  await directory[Symbol.asyncDispose]()
})

const at = (tag: string): string => `${registry.host}/app:${tag}`
const host = (): string => `unix://${path.join(directory.path, 'drayd.sock')}`

async function start(...options: readonly string[]): Promise<void> {
  drayd = await startDrayd(['--host', host(), '--store', path.join(directory.path, 'store'), ...options])
}

/** Fills the registry with images of 20 kB, each with its tag as a label. */
async function fill(...tags: readonly string[]): Promise<void> {
  await using runtime = await createRuntime({ env: {}, home: directory.path, etc: directory.path })
  for (const tag of tags) {
    const layout = path.join(directory.path, `layout-${tag}`)
    const layers = [[{ path: tag, content: randomBytes(tag, 20_000) }]]
    await writeOciLayout(layout, await buildImage({ layers, config: { config: { Labels: { [tag]: '1' } } } }), '1')
    await copyImage(runtime, `oci:${layout}:1`, `docker://${at(tag)}`)
  }
}

async function pull(tag: string): Promise<void> {
  const query = new URLSearchParams({ fromImage: `${registry.host}/app`, tag })
  const { status, text } = await askDrayd(host(), `/images/create?${query.toString()}`, { method: 'POST' })
  expect([status, text]).toEqual([200, expect.stringContaining('Downloaded newer image')])
}

async function tags(): Promise<string[]> {
  const images: { readonly RepoTags: readonly string[] }[] = JSON.parse((await askDrayd(host(), '/images/json')).text)
  return images.flatMap(({ RepoTags }) => RepoTags).toSorted()
}

/** Waits for a log line. */
async function logged(message: string, count: number = 1): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const found = drayd?.lines.filter(({ msg }) => msg === message) ?? []
    const line = found[count - 1]
    if (line !== undefined) return line
    await sleep(20)
  }
}

const PRUNED = 'the store was pruned'

test('above prune.high, what was used least recently goes after a pull until prune.low is reached', async () => {
  await fill('a', 'b', 'c')
  await start('--prune-high', '55kB', '--prune-low', '30kB', '--prune-min-age', '0', '--prune-filters', 'label!=a')
  for (const tag of ['a', 'b']) await pull(tag)
  expect(await tags()).toEqual([at('a'), at('b')])
  await pull('c')
  const { names, bytes } = await logged(PRUNED)
  expect(names).toEqual(expect.arrayContaining([at('b'), at('c')]))
  expect(bytes).toBeGreaterThan(40_000)
  expect(await tags()).toEqual([at('a')])
  const until = String(Math.ceil(Date.now() / 1000))
  const { text } = await askDrayd(host(), `/events?since=0&until=${until}`)
  const actions = text
    .trim()
    .split('\n')
    .map((line) => String(Object(JSON.parse(line)).Action))
  expect(actions.filter((action) => action !== 'pull')).toEqual(expect.arrayContaining(['untag', 'delete', 'prune']))
})

test('what was used within prune.min-age stays, and the log says that the store is too full', async () => {
  await fill('a', 'b')
  await start('--prune-high', '1kB')
  for (const tag of ['a', 'b']) await pull(tag)
  expect(await logged('the store is above prune.low, and nothing else may be removed')).toMatchObject({ level: 40 })
  expect(await tags()).toEqual([at('a'), at('b')])
})

test('of a file system that is too full, all that may go does', async () => {
  await fill('a')
  await start('--prune-high', '0%', '--prune-min-age', '0')
  await pull('a')
  await logged(PRUNED)
  expect(await tags()).toEqual([])
})

test('prune.keep leaves the newest tags of each repository, at the interval', async () => {
  await fill('a', 'b', 'c')
  await start('--prune-keep', '1', '--prune-min-age', '1', '--prune-interval', '1')
  for (const tag of ['a', 'b', 'c']) await pull(tag)
  while ((await tags()).length > 1) await sleep(50)
  expect(await tags()).toEqual([at('c')])
})

test.each([
  [{ 'prune.high': 'much' }, 'expected a size such as 20GB, or percent such as 85%'],
  [{ 'prune.high': '101%' }, 'Cannot use prune.high'],
  [{ 'prune.low': '1GB' }, 'prune.high is not set'],
  [{ 'prune.high': '1GB', 'prune.low': '2GB' }, 'at most prune.high'],
  [{ 'prune.high': '80%', 'prune.low': '2GB' }, 'both in percent or both in bytes'],
  [{ 'prune.filters': 'odd=1' }, 'Cannot use prune.filters'],
])('pruneSettings() refuses %j', async (flags, why) => {
  const config = await readConfig({ flags: new Map(Object.entries(flags)), env: {} })
  expect(() => pruneSettings(config)).toThrow(why)
})

test('pruneSettings() prunes nothing unless a mark or a count is set', async () => {
  const settings = async (flags: Readonly<Record<string, string>>): Promise<unknown> =>
    pruneSettings(await readConfig({ flags: new Map(Object.entries(flags)), env: {} }))
  expect(await settings({ 'prune.filters': 'label=a', 'prune.keep': '0' })).toBeUndefined()
  const mark = { unit: 'bytes', value: 20e9 }
  expect(await settings({ 'prune.high': '20GB' })).toMatchObject({ marks: { high: mark, low: mark }, keep: undefined })
})
