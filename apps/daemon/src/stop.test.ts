import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { startStallingRegistry, type StallingRegistry } from './test/stalling-registry.ts'
import { askDrayd, startDrayd, type Drayd, type HttpAnswer } from './test/start-drayd.ts'

let directory: TempDir
let registry: StallingRegistry
const running: Drayd[] = []

beforeEach(async () => {
  directory = await tempDir()
  registry = await startStallingRegistry()
})
afterEach(async () => {
  for (const daemon of running.splice(0)) daemon.kill('SIGKILL')
  await registry[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})

async function start(shutdownSeconds: number): Promise<Drayd> {
  const at = (name: string): string => path.join(directory.path, name)
  const limit = ['--shutdown-timeout', String(shutdownSeconds)]
  const daemon = await startDrayd(['--host', `unix://${at('s')}`, '--store', at('store'), ...limit])
  running.push(daemon)
  return daemon
}

function pull(daemon: Drayd): Promise<HttpAnswer> {
  const from = encodeURIComponent(registry.reference)
  return askDrayd(daemon.places[0] ?? '', `/v1.50/images/create?fromImage=${from}`, { method: 'POST' })
}

function lastLine({ text }: HttpAnswer): unknown {
  return JSON.parse(text.trimEnd().split('\r\n').at(-1) ?? '')
}

async function untilEnding(daemon: Drayd): Promise<void> {
  while (!daemon.lines.some(({ msg }) => msg === 'ending')) await sleep(10)
}

test('SIGTERM during a pull: the client learns why, the exit is clean, and the next pull resumes where this one stopped', async () => {
  const daemon = await start(1)
  const pulling = pull(daemon)
  await registry.stalled
  daemon.kill('SIGTERM')
  const message = 'drayd is stopping: transferred bytes are kept, run the same command again to resume'
  expect(lastLine(await pulling)).toEqual({ errorDetail: { message }, error: message })
  expect(await daemon.exited).toEqual([0, null])
  registry.release()
  expect(lastLine(await pull(await start(1)))).toMatchObject({
    status: expect.stringContaining('Status: Downloaded newer image'),
  })
  expect(registry.ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d{5,}-/)])
})

test('a pull that finishes within the shutdown timeout is not aborted', async () => {
  const daemon = await start(600)
  const pulling = pull(daemon)
  await registry.stalled
  daemon.kill('SIGTERM')
  await untilEnding(daemon)
  registry.release()
  expect(lastLine(await pulling)).toMatchObject({ status: expect.stringContaining('Status: Downloaded newer image') })
  expect(await daemon.exited).toEqual([0, null])
})

test('a second signal ends drayd at once, and the store is intact', async () => {
  const daemon = await start(600)
  const pulling = pull(daemon).catch((error: unknown) => error)
  await registry.stalled
  daemon.kill('SIGTERM')
  await untilEnding(daemon)
  daemon.kill('SIGINT')
  expect(await daemon.exited).toEqual([null, 'SIGINT'])
  expect(await pulling).toBeInstanceOf(Error)
  registry.release()
  expect(lastLine(await pull(await start(600)))).toMatchObject({ status: expect.stringContaining('Status: ') })
})

test('event streams end at once when drayd is stopped', async () => {
  const daemon = await start(600)
  const events = askDrayd(daemon.places[0] ?? '', '/v1.50/events?since=1')
  // Connections are accepted in their order: once this is answered the other one is heard.
  await askDrayd(daemon.places[0] ?? '', '/_ping')
  daemon.kill('SIGTERM')
  expect(await events).toMatchObject({ status: 200, text: '' })
  expect(await daemon.exited).toEqual([0, null])
})
