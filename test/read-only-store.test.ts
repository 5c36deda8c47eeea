// What dray does with a store that it may read and not write.
import { cp, mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { createRuntime, tagImage } from '@drayage/runtime'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve } from '@drayage/registry-server/node'
import {
  buildImage,
  run,
  runOk,
  startProgram,
  tempDir,
  writeOciLayout,
  type RunResult,
  type TempDir,
} from '@drayage/testkit'

import { drayIn, program } from './dray-process.ts'
import { whyNoDisks } from './disk/small-disk.ts'

const reason = await whyNoDisks()
let directory: TempDir
let store: string

beforeEach(async () => {
  directory = await tempDir()
  store = path.join(directory.path, 'store')
  const image = await buildImage({ layers: [[{ path: 'a', content: 'text' }]] })
  const layout = path.join(directory.path, 'layout')
  await writeOciLayout(layout, image, 'a:latest')
  await drayIn(directory.path, 'load', '-i', layout)
})
afterEach(async () => {
  await run('umount', ['-q', '-l', store])
  await directory[Symbol.asyncDispose]()
})

async function mountReadOnly(from: string): Promise<void> {
  await mkdir(store, { recursive: true })
  await runOk('mount', ['--bind', from, store])
  await runOk('mount', ['-o', 'remount,bind,ro', store])
}

test.skipIf(reason !== undefined)(
  'a read-only file system is read, also where its last writer was killed',
  async () => {
    // A copy of a database that is open has all of its last change in the log.
    await using runtime = await createRuntime({ storeDirectory: store, env: {}, home: directory.path })
    await tagImage(runtime, 'a', 'late:1')
    const from = path.join(directory.path, 'copy')
    await cp(store, from, { recursive: true, preserveTimestamps: true })
    await runtime[Symbol.asyncDispose]()
    await mountReadOnly(from)
    const dray = (...args: string[]): Promise<RunResult> => drayIn(directory.path, ...args)
    const storage = createMemoryStorage()
    await using registry = await serve(createRegistryHandler({ storage }))
    const host = new URL(registry.url).host
    for (const [words, shown] of [
      ['images --format {{.Repository}}', /^(?:late\na|a\nlate)\n$/],
      ['inspect late:1', /sha256:/],
      ['history a', /./],
      ['df', /./],
      [`save -o ${directory.path}/saved.tar late:1`, /^/],
      [`copy store:late:1 docker://${host}/late:1`, /./],
      [`copy --compression zstd store:a oci:${directory.path}/made:1`, /./],
    ] as const) {
      const result = await dray(...words.split(' '))
      expect([words, result.code, result.stderr]).toEqual([words, 0, expect.anything()])
      expect(result.stdout).toMatch(shown)
    }
    for (const words of [
      'tag a b',
      'rmi a',
      'prune',
      `load -i ${directory.path}/layout`,
      `pull ${host}/late:1`,
      `copy oci:${directory.path}/layout:a:latest store:c`,
    ]) {
      const result = await dray(...words.split(' '))
      expect([words, result.code]).toEqual([words, 6])
      expect(result.stderr).toMatch(/: Cannot \w+ ".*store.*": its file system is read-only$/m)
    }
  },
)

test.skipIf(reason !== undefined)('serve --read-only serves a read-only file system, and refuses pushes', async () => {
  await cp(store, path.join(directory.path, 'copy'), { recursive: true })
  await mountReadOnly(path.join(directory.path, 'copy'))
  const logFile = path.join(directory.path, 'log')
  const place = async (): Promise<string | undefined> => /127[0-9.:]+/.exec(await readFile(logFile, 'utf8'))?.[0]
  const args = [program, '--store', store, 'serve', '--read-only', '--listen', '127.0.0.1:0']
  await using _server = await startProgram({
    command: process.execPath,
    args,
    logFile,
    isReady: async () => (await place()) !== undefined,
  })
  const url = await place()
  const found = await fetch(`http://${url}/v2/library/a/manifests/latest`)
  expect(found.status).toBe(200)
  expect((await fetch(`http://${url}/v2/library/a/tags/list`)).status).toBe(200)
  expect((await fetch(`http://${url}/v2/library/a/blobs/uploads/`, { method: 'POST' })).status).toBeGreaterThanOrEqual(
    400,
  )
})
