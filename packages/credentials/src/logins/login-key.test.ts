import fc from 'fast-check'
import { expect, test } from 'vitest'

import { helperServer, keysFor, normalHost, normalKey } from './login-key.ts'

test('normalKey() strips scheme and path of old keys and keeps the path of new ones', () => {
  const cases = {
    'https://index.docker.io/v1/': 'docker.io',
    'index.docker.io/v1': 'docker.io',
    'HTTPS://R.test:5000/x/y': 'r.test:5000',
    'r.test/': 'r.test',
    'r.test/team//': 'r.test/team',
    'r.test/v1beta': 'r.test/v1beta',
    'docker.io/team': 'docker.io/team',
    'evildocker.io': 'evildocker.io',
    'https://evil/index.docker.io/v1/': 'evil',
    '': '',
  }
  for (const [key, wanted] of Object.entries(cases)) expect([key, normalKey(key)]).toEqual([key, wanted])
})

test('normalKey() is idempotent', () => {
  fc.assert(
    fc.property(fc.string(), (key) =>
      !/^https?:/i.test(normalKey(key)) ? normalKey(normalKey(key)) === normalKey(key) : true,
    ),
  )
})

test('keysFor() gives the longest path first and always the host', () => {
  expect(keysFor('R.test', 'a/b')).toEqual(['r.test/a/b', 'r.test/a', 'r.test'])
  expect(keysFor('index.docker.io', undefined)).toEqual(['docker.io'])
  expect(keysFor('r.test', '//')).toEqual(['r.test'])
})

test('helperServer() gives the old address of Docker Hub, and other hosts as they are', () => {
  expect(helperServer('docker.io')).toBe('https://index.docker.io/v1/')
  expect(helperServer('r.test:5000')).toBe('r.test:5000')
  expect(normalHost('docker.io.evil')).toBe('docker.io.evil')
})
