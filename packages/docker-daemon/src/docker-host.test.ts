import { expect, test } from 'vitest'

import { DEFAULT_DOCKER_HOST, parseDockerHost } from './docker-host.ts'

const tcp = { kind: 'tcp', hostname: 'a', port: 2375, isTls: false }

test.each([
  [DEFAULT_DOCKER_HOST, { kind: 'unix', path: '/var/run/docker.sock' }],
  ['tcp://a', tcp],
  ['tcp://a:2375/', tcp],
  ['tcp://a:80', { ...tcp, port: 80 }],
  ['http://a:80', { ...tcp, port: 80 }],
  ['tcp://127.0.0.1:1', { ...tcp, hostname: '127.0.0.1', port: 1 }],
  ['tcp://[::1]:1', { ...tcp, hostname: '::1', port: 1 }],
  ['https://a', { ...tcp, port: 2376, isTls: true }],
])('parseDockerHost() reads %s', (text, expected) => {
  expect(parseDockerHost(text)).toEqual(expected)
})

test('parseDockerHost() reads tcp:// with TLS', () => {
  expect(parseDockerHost('tcp://a', { isTls: true })).toEqual({ ...tcp, port: 2376, isTls: true })
})

test.each([
  '',
  'a',
  '/var/run/docker.sock',
  'unix://',
  'unix://relative',
  'ssh://user@a',
  'npipe:////./pipe/docker_engine',
  'fd://',
  'tcp://',
  'tcp://a:99999',
  'tcp://a/prefix',
  'tcp://a?b',
  'tcp://a#b',
])('parseDockerHost() refuses %s', (text) => {
  expect(() => parseDockerHost(text)).toThrow(expect.objectContaining({ code: 'ERR_DOCKER_HOST', host: text }))
})

test('parseDockerHost() refuses a login and does not show it', () => {
  expect(() => parseDockerHost('tcp://user:secret@a')).toThrow(
    expect.objectContaining({ code: 'ERR_DOCKER_HOST', message: expect.not.stringMatching(/secret/) }),
  )
})
