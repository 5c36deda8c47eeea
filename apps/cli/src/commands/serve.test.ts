import { once } from 'node:events'
import { get } from 'node:http'
import path from 'node:path'

import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createCommandContext } from '../command-context.ts'
import { serveCommand } from './serve.ts'

test('serveCommand() answers no web page that stands for this machine', async () => {
  const directory = await tempDir()
  const stop = new AbortController()
  const reason = new Error('stopped')
  try {
    const options = { store: path.join(directory.path, 'store'), progress: 'none' } as const
    const context = await createCommandContext(options, undefined, stop.signal)
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
  } finally {
    await directory[Symbol.asyncDispose]()
  }
})

test('serveCommand() ends when it is stopped while it starts', async () => {
  const directory = await tempDir()
  const stop = new AbortController()
  const reason = new Error('stopped')
  try {
    const options = { store: path.join(directory.path, 'store'), progress: 'none' } as const
    const context = await createCommandContext(options, undefined, stop.signal)
    await using _runtime = context.runtime
    const print = async (): Promise<void> => stop.abort(reason)
    await expect(serveCommand({ ...context, print }, { listen: '127.0.0.1:0' })).rejects.toBe(reason)
  } finally {
    await directory[Symbol.asyncDispose]()
  }
})
