import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { createCommandContext } from '../command-context.ts'
import { serveCommand } from './serve.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'drayage-serve-'))
})
afterEach(() => rm(directory, { recursive: true }))

test('serveCommand() refuses a web page whose name leads to this machine', async () => {
  const stop = new AbortController()
  const reason = new Error('stopped')
  const options = { store: path.join(directory, 'store'), progress: 'none', imageId: 'config' } as const
  const context = await createCommandContext(options, { version: '0', signal: stop.signal })
  await using _runtime = context.runtime
  const statuses: (number | undefined)[] = []
  const print = async (line: string): Promise<void> => {
    const port = line.split(':').at(-1)
    for (const host of ['localhost', 'page.example']) {
      const [answer] = await once(get({ port, path: '/v2/', headers: { host }, agent: false }), 'response')
      statuses.push(answer.resume().statusCode)
    }
    stop.abort(reason)
  }
  await expect(serveCommand({ ...context, print }, { listen: '127.0.0.1:0' })).rejects.toBe(reason)
  expect(statuses).toEqual([200, 403])
})

test('serveCommand() ends when it is stopped while it starts', async () => {
  const stop = new AbortController()
  const reason = new Error('stopped')
  const options = { store: path.join(directory, 'store'), progress: 'none', imageId: 'config' } as const
  const context = await createCommandContext(options, { version: '0', signal: stop.signal })
  await using _runtime = context.runtime
  const print = async (): Promise<void> => stop.abort(reason)
  await expect(serveCommand({ ...context, print }, { listen: '127.0.0.1:0' })).rejects.toBe(reason)
})
