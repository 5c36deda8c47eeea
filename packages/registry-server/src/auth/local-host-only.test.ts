import { expect, test } from 'vitest'

import { createRegistryHandler } from '../handler/handler.ts'
import { localHostOnly } from './local-host-only.ts'
import { createMemoryStorage } from '../storage/memory-storage.ts'

const handler = localHostOnly(createRegistryHandler({ storage: createMemoryStorage() }))

test.each([
  ['127.0.0.1:5000', 200],
  ['127.1.2.3', 200],
  ['localhost:5000', 200],
  ['LOCALHOST', 200],
  ['[::1]:5000', 200],
  ['registry.example:5000', 403],
  ['127.0.0.1.registry.example', 403],
  ['localhost.registry.example', 403],
  ['x@localhost', 403],
  ['', 403],
])('localHostOnly() answers a request to %j with %i', async (host, status) => {
  const answer = await handler({ method: 'GET', url: 'http://127.0.0.1:5000/v2/', headers: { host } })
  expect(answer.status).toBe(status)
})

test.each([
  [{ origin: 'https://evil.example' }, 403],
  [{ origin: 'null' }, 403],
  [{ 'sec-fetch-site': 'cross-site' }, 403],
  [{ 'sec-fetch-site': 'same-site' }, 403],
  [{ 'sec-fetch-site': 'same-origin' }, 200],
  [{ 'sec-fetch-site': 'none' }, 200],
])('localHostOnly() answers a request of a browser with %j with %i', async (headers, status) => {
  const request = { method: 'GET', url: 'http://127.0.0.1:5000/v2/', headers: { host: '127.0.0.1:5000', ...headers } }
  expect((await handler(request)).status).toBe(status)
})

test('localHostOnly() answers a request without a Host', async () => {
  expect((await handler({ method: 'GET', url: 'http://127.0.0.1:5000/v2/', headers: {} })).status).toBe(200)
})
