// A running drayd whose store is damaged behind its back.
import { rm, stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { copyImage, createRuntime } from '@drayage/runtime'
import { buildImage, randomBytes, tempDir, writeOciLayout, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { startStallingRegistry } from './test/stalling-registry.ts'
import { askDrayd, startDrayd, type Drayd } from './test/start-drayd.ts'

let directory: TempDir
let registry: HttpServer
let daemon: Drayd

beforeEach(async () => {
  directory = await tempDir()
  registry = await serve(createRegistryHandler({ storage: createMemoryStorage() }), { graceMs: 0 })
  await using runtime = await createRuntime({ env: {}, home: directory.path, etc: directory.path })
  const layout = path.join(directory.path, 'layout')
  await writeOciLayout(layout, await buildImage({ layers: [[{ path: 'a', content: randomBytes('a', 9000) }]] }), '1')
  await copyImage(runtime, `oci:${layout}:1`, `docker://${registry.host}/app:1`)
  await start()
})
afterEach(async () => {
  daemon.kill('SIGKILL')
  await registry.close()
  await directory[Symbol.asyncDispose]()
})

const inStore = (...parts: string[]): string => path.join(directory.path, 'store', ...parts)

async function start(): Promise<void> {
  daemon = await startDrayd(['--host', `unix://${path.join(directory.path, 's')}`, '--store', inStore()])
}

async function ask(method: string, target: string): Promise<{ readonly status: number; readonly text: string }> {
  return await askDrayd(daemon.places[0] ?? '', target, { method })
}

async function names(): Promise<string[]> {
  const images: unknown = JSON.parse((await ask('GET', '/images/json')).text)
  if (!Array.isArray(images)) throw new Error('no list')
  return images.flatMap(({ RepoTags }: { readonly RepoTags: readonly string[] }) => RepoTags).toSorted()
}

/** What drayd said of a database that it made anew. */
const rebuilds = (): string[] =>
  daemon.lines.map(({ msg }) => String(msg)).filter((text) => text.includes('it was rebuilt from'))

test.each([
  ['deleted', (file: string) => rm(file)],
  ['emptied', (file: string) => truncate(file, 0)],
  ['truncated', async (file: string) => truncate(file, Math.floor((await stat(file)).size / 2))],
  ['garbage', async (file: string) => writeFile(file, randomBytes('garbage', (await stat(file)).size))],
])(
  'of a database that is %s while drayd pulls and tags, it loses no name, says so once, and goes on',
  async (_, harm) => {
    await using stalling = await startStallingRegistry()
    expect((await ask('POST', `/images/create?fromImage=${registry.host}/app&tag=1`)).text).toContain(
      'Downloaded newer',
    )
    // What was closed is in the file itself, and no longer in its log.
    daemon.kill('SIGTERM')
    await daemon.exited
    await start()
    const pulled = ask('POST', `/images/create?fromImage=${stalling.reference}`)
    await stalling.stalled
    const known = [`${registry.host}/app:1`]
    const tags = async (count: number): Promise<void> => {
      const given = Array.from({ length: count }, (_, at) => `kept:${known.length + at}`)
      const answers = await Promise.all(
        given.map((name) => ask('POST', `/images/${known[0]}/tag?repo=kept&tag=${name.split(':')[1]}`)),
      )
      expect(answers.map(({ status }) => status)).toEqual(given.map(() => 201))
      known.push(...given)
    }
    await tags(8)
    const given = tags(8)
    await harm(inStore('metadata.db'))
    await given
    expect(await names()).toEqual(known.toSorted())
    stalling.release()
    expect((await pulled).text).toContain('Downloaded newer')
    known.push(stalling.reference)
    await tags(8)
    const pruned = await ask('POST', '/images/prune')
    expect([pruned.status, pruned.text]).toEqual([200, expect.stringContaining('"SpaceReclaimed":0')])
    expect(await names()).toEqual(known.toSorted())
    expect(rebuilds()).toHaveLength(1)
    expect(daemon.lines.filter(({ level }) => Number(level) >= 50)).toEqual([])
    daemon.kill('SIGTERM')
    await daemon.exited
    await start()
    expect(await names()).toEqual(known.toSorted())
    expect(rebuilds()).toEqual([])
  },
)
