import { expect, test } from 'vitest'

import {
  DockerConnectionError,
  DockerEngineError,
  DockerHostError,
  DockerNotFoundError,
  DockerProtocolError,
  isDockerDaemonError,
} from './errors.ts'

test('isDockerDaemonError() recognises every error of the package by its code', () => {
  for (const error of [
    new DockerHostError('ssh://a', 'x'),
    new DockerConnectionError('unix:///a', 'reach', 'x'),
    new DockerEngineError('unix:///a', 'reach', { reason: 'x' }),
    new DockerNotFoundError('unix:///a', 'x'),
    new DockerProtocolError('unix:///a', 'reach', 'x'),
  ]) {
    expect(isDockerDaemonError(error)).toBe(true)
    expect(isDockerDaemonError(Object.assign(new Error('other copy'), { code: error.code }))).toBe(true)
    expect(error.name).toBe(error.constructor.name)
    expect(error.message).toMatch(/^Cannot .*: ./)
  }
  expect(isDockerDaemonError(new Error('other'))).toBe(false)
  expect(isDockerDaemonError({ code: 'ERR_DOCKER_HOST' })).toBe(false)
})

test('DockerEngineError shows the words of the engine in one safe and short line, and keeps them', () => {
  const reason = `no\n\u001b[31m\u202e space${'x'.repeat(1000)}`
  const error = new DockerEngineError('unix:///a', 'load images into', { status: 500, reason })
  expect(error.message).toMatch(/it says "no\\n\\u001b\[31m\\u202e spacex+…" \(status 500\)$/)
  expect(error.message.length).toBeLessThan(700)
  expect(error).toMatchObject({ status: 500, reason })
})
