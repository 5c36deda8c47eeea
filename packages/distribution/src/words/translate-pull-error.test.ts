import { NameNotFoundError } from '@drayage/content'
import { parseReference } from '@drayage/reference'
import { buildImage } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { pull, TransferError, translatePullError, type PullOptions } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { refusal, testRegistry } from '../test/test-registry.ts'
import { testStore } from '../test/test-store.ts'

const options: PullOptions = { platform: { os: 'linux', architecture: 'amd64' }, retry: { attempts: 5, stepMs: 0 } }
const NAME = 'registry.test/repo:v1'

async function refused(status: number, code: string): Promise<Error> {
  const registry = await testRegistry(['repo', 'v1', await buildImage()])
  registry.fault = (request) =>
    request.url.includes('/manifests/') ? Promise.resolve(refusal(status, code)) : undefined
  return await failure(pull(registry.client, testStore(), NAME, options))
}

describe('pull() translates', () => {
  test('DENIED', async () => {
    const error = await refused(403, 'DENIED')
    expect(error.message).toMatch(
      /^Cannot pull "registry\.test\/repo:v1": pull access denied for registry\.test\/repo, repository does not exist or may require 'docker login': /,
    )
    expect(codesOf(error)).toEqual(['ERR_PULL_DENIED', 'ERR_TRANSFER', 'ERR_REGISTRY_DENIED'])
  })

  test('MANIFEST_UNKNOWN', async () => {
    const error = await refused(404, 'MANIFEST_UNKNOWN')
    expect(error.message).toMatch(
      /^Cannot pull "registry\.test\/repo:v1": manifest for registry\.test\/repo:v1 not found: /,
    )
    expect(codesOf(error)).toEqual([
      'ERR_PULL_NOT_FOUND',
      'ERR_TRANSFER',
      'ERR_NAME_NOT_FOUND',
      'ERR_REGISTRY_NOT_FOUND',
    ])
  })

  test('NAME_UNKNOWN', async () => {
    const error = await refused(404, 'NAME_UNKNOWN')
    expect(error.message).toMatch(/^Cannot pull "registry\.test\/repo:v1": repository registry\.test\/repo not found: /)
    expect(codesOf(error)[0]).toBe('ERR_PULL_NOT_FOUND')
  })

  test('an answer without any code by its class', async () => {
    expect((await refused(404, '')).message).toContain('manifest for registry.test/repo:v1 not found')
    expect((await refused(403, '')).message).toContain('pull access denied for registry.test/repo')
  })

  test('no other code, and gives it once without a retry', async () => {
    const error = await refused(401, 'UNAUTHORIZED')
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_REGISTRY_UNAUTHORIZED'])
  })

  test('a repository that is not there, which the registry tells by itself', async () => {
    const registry = await testRegistry()
    const error = await failure(pull(registry.client, testStore(), NAME, options))
    expect(codesOf(error)[0]).toBe('ERR_PULL_NOT_FOUND')
  })
})

describe('translatePullError()', () => {
  const reference = parseReference('alpine:3')

  test('uses familiar names', () => {
    const error = new TransferError(
      'source',
      'resolve',
      '"alpine:3"',
      new NameNotFoundError('docker.io/library/alpine:3'),
    )
    expect(translatePullError(error, reference)).toMatchObject({
      name: 'PullNotFoundError',
      message:
        'Cannot pull "alpine:3": manifest for alpine:3 not found: Cannot resolve "docker.io/library/alpine:3": no such name',
      cause: error,
    })
  })

  test('gives any other error back itself', () => {
    for (const error of [
      new TransferError('sink', 'store', 'x', new Error('full')),
      new Error('x'),
      'text',
      undefined,
    ]) {
      expect(translatePullError(error, reference)).toBe(error)
    }
  })

  test('goes by the nearest registry error', () => {
    const far = Object.assign(new Error('far'), { codes: ['DENIED'] })
    const near = Object.assign(new Error('near', { cause: far }), { codes: ['TOOMANYREQUESTS'] })
    expect(translatePullError(near, reference)).toBe(near)
  })
})
