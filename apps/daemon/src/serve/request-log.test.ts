import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'

import { fromBytes } from '@drayage/bytes'
import type { HttpClient, HttpResponse } from '@drayage/content'
import { pino } from 'pino'
import { expect, test } from 'vitest'

import { logOfRequest, withRequestLog } from './request-log.ts'

/** Asks for `/a?secret=1`, and gives what was answered and logged. */
async function ask(
  handler: HttpClient,
): Promise<{ readonly response: HttpResponse; readonly lines: readonly unknown[] }> {
  const stream = new PassThrough()
  const log = pino({ base: null, timestamp: false, level: 'error' }, stream)
  const headers = { authorization: 'secret' }
  const response = await withRequestLog(handler, 'engine', log)({ method: 'GET', url: 'http://x/a?secret=1', headers })
  // What goes on after the answer still has the log of its request.
  await new Promise(setImmediate)
  stream.end()
  const lines = (await text(stream)).trimEnd().split('\n')
  return { response, lines: lines.filter((line) => line !== '').map((line): unknown => JSON.parse(line)) }
}

const answer = (status: number): HttpResponse => ({ status, headers: {}, body: fromBytes('') })

test('a failed request has one ID in its answer and its log lines, which hold no secrets', async () => {
  const { response, lines } = await ask(async () => {
    logOfRequest()?.error('unexpected error')
    setImmediate(() => logOfRequest()?.error('later'))
    return answer(500)
  })
  const requestId = response.headers['x-request-id']
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
  const request = { requestId, listener: 'engine', method: 'GET', path: '/a' }
  expect(lines).toEqual([
    { level: 50, ...request, msg: 'unexpected error' },
    { level: 50, ...request, status: 500, msg: 'request failed' },
    { level: 50, ...request, msg: 'later' },
  ])
})

test('a 404 is no failure of the daemon, and outside of requests there is no request log', async () => {
  expect((await ask(async () => answer(404))).lines).toEqual([])
  expect((await ask(async () => answer(501))).lines).toEqual([])
  expect(logOfRequest()).toBeUndefined()
})
