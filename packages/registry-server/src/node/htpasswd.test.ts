import { hashSync } from 'bcryptjs'
import { expect, test } from 'vitest'

import { parseHtpasswd } from './htpasswd.ts'
import { forClient } from './login-queue.ts'

const line = (user: string, password: string): string => `${user}:${hashSync(password, 4).replace('$2b$', '$2y$')}`

test('parseHtpasswd() accepts the passwords of its users, also from its cache', async () => {
  const { check } = parseHtpasswd(`# users\n${line('a', 'pass:word')}\r\n\n${line('b', 'other')}\n`)
  for (const _ of [1, 2]) expect(await check({ username: 'a', password: 'pass:word' })).toBe(true)
  expect(await check({ username: 'b', password: 'other' })).toBe(true)
  expect(await check({ username: 'a', password: 'other' })).toBe(false)
  expect(await check({ username: 'c', password: 'other' })).toBe(false)
  expect(await check({ username: '__proto__', password: '' })).toBe(false)
})

test.each(['a', 'a:plain', 'a:$apr1$salt$hash', 'a:{SHA}x', ':$2y$05$x'])('parseHtpasswd() refuses %j', (text) => {
  expect(() => parseHtpasswd(`${line('ok', 'x')}\n${text}\n`)).toThrow('line 2')
})

test('parseHtpasswd() finds no password right of which bcrypt sees the start only', async () => {
  const { check } = parseHtpasswd(line('a', 'x'.repeat(72)))
  expect(await check({ username: 'a', password: 'x'.repeat(72) })).toBe(true)
  expect(await check({ username: 'a', password: 'x'.repeat(73) })).toBe(false)
})

test('300 wrong logins at once hold up neither known logins nor other addresses, and most are refused at once', async () => {
  const { check } = parseHtpasswd(`${line('a', 'right')}\n${line('b', 'other')}`)
  const from = <T>(address: string, work: () => T): T => forClient(address, work)
  expect(await from('192.0.2.1', () => check({ username: 'a', password: 'right' }))).toBe(true)
  const wrong = Array.from({ length: 300 }, (_, at) =>
    from('192.0.2.9', () => check({ username: at % 2 === 0 ? 'a' : `u${at}`, password: `${at}` })),
  )
  const refused = wrong.map((each) =>
    each.then(String, (error: { refusal: { status: number } }) => error.refusal.status),
  )
  expect(await from('192.0.2.9', () => check({ username: 'a', password: 'right' }))).toBe(true)
  expect(await from('192.0.2.2', () => check({ username: 'b', password: 'other' }))).toBe(true)
  const answers = await Promise.all(refused)
  expect(answers.filter((answer) => answer === 429).length).toBeGreaterThan(200)
  expect(answers.filter((answer) => answer === 'true')).toEqual([])
})

test('passwords are compared while this thread goes on', async () => {
  const { check } = parseHtpasswd(`a:${hashSync('right', 12)}`)
  let turns = 0
  const timer = setInterval(() => turns++, 5)
  expect(await check({ username: 'a', password: 'right' })).toBe(true)
  clearInterval(timer)
  expect(turns).toBeGreaterThan(5)
})
