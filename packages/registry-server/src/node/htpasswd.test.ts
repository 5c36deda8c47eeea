import { hashSync } from 'bcryptjs'
import { expect, test } from 'vitest'

import { parseHtpasswd } from './htpasswd.ts'

const line = (user: string, password: string): string => `${user}:${hashSync(password, 4).replace('$2b$', '$2y$')}`

test('parseHtpasswd() accepts the passwords of its users, also from its cache', async () => {
  const check = parseHtpasswd(`# users\n${line('a', 'pass:word')}\r\n\n${line('b', 'other')}\n`)
  for (const _ of [1, 2]) expect(await check({ username: 'a', password: 'pass:word' })).toBe(true)
  expect(await check({ username: 'b', password: 'other' })).toBe(true)
  expect(await check({ username: 'a', password: 'other' })).toBe(false)
  expect(await check({ username: 'c', password: 'other' })).toBe(false)
  expect(await check({ username: '__proto__', password: '' })).toBe(false)
})

test.each(['a', 'a:plain', 'a:$apr1$salt$hash', 'a:{SHA}x', ':$2y$05$x'])('parseHtpasswd() refuses %j', (text) => {
  expect(() => parseHtpasswd(`${line('ok', 'x')}\n${text}\n`)).toThrow('line 2')
})
