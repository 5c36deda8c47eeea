import type { Place } from '@drayage/distribution'
import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { Runtime } from '../runtime.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { isPlace, parseSource, parseTarget } from './transports.ts'

const HEX = '0123456789abcdef'.repeat(4)

let directory: TempDir
let runtime: Runtime

beforeEach(async () => {
  directory = await tempDir()
  runtime = await openTestRuntime(directory.path)
})
afterEach(async () => {
  await runtime[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})

const caught = (parse: () => Place): unknown => {
  try {
    return parse()
  } catch (error) {
    return error
  }
}

test.each([
  ['alpine', 'docker.io/library/alpine:latest', undefined],
  ['docker://alpine', 'docker.io/library/alpine:latest', undefined],
  ['localhost:5000/a:1', 'localhost:5000/a:1', '1'],
  ['docker:dind', 'docker.io/library/docker:dind', 'dind'],
  ['store:alpine:3', 'store:docker.io/library/alpine:3', '3'],
  ['oci:/a/dir', 'oci:/a/dir:', undefined],
  ['oci:/a/./dir/:1.0', 'oci:/a/dir:1.0', '1.0'],
  ['oci-archive:/a.tar:1.0', 'oci-archive:/a.tar:1.0', '1.0'],
  ['dir:/a/dir:1', 'dir:/a/dir:1', undefined],
  ['docker-daemon:team/app:1', 'docker-daemon:team/app:1', undefined],
  ['docker-daemon:1a2b3c4d5e6f', 'docker-daemon:1a2b3c4d5e6f', undefined],
  [`docker-daemon:${HEX}`, `docker-daemon:${HEX}`, undefined],
  [`docker-daemon:sha256:${HEX}`, `docker-daemon:sha256:${HEX}`, undefined],
  ['docker-archive:/a.tar', 'docker-archive:/a.tar:', undefined],
  ['docker-archive:/a.tar:alpine', 'docker-archive:/a.tar:docker.io/library/alpine:latest', 'latest'],
  ['docker-oci-archive:/a.tar:alpine:3', 'docker-oci-archive:/a.tar:docker.io/library/alpine:3', '3'],
])('parseSource() reads %s', (text, key, tag) => {
  const place = parseSource(runtime, text)
  expect([place.key, place.tag]).toEqual([key, tag])
})

test.each([
  'oci:',
  'oci::tag',
  'oci:dir:',
  'docker-archive:',
  'docker-archive:a.tar:',
  'docker-oci-archive:',
  'oci-archive:',
  'dir:',
])('parseSource() refuses %s, which names nothing', (text) => {
  expect(() => parseSource(runtime, text)).toThrow(expect.objectContaining({ code: 'ERR_TRANSPORT', place: text }))
})

test.each(['docker://UPPER', 'docker-daemon:UPPER', 'docker-daemon:../a'])('parseSource() refuses %s', (text) => {
  expect(() => parseSource(runtime, text)).toThrow(expect.objectContaining({ code: 'ERR_REFERENCE_SYNTAX' }))
})

test.each([
  ['oic:dir', 'oci:DIR'],
  ['oci-archiv:a.tar', 'oci-archive:FILE'],
  ['docker-archvie:a.tar', 'docker-archive:FILE'],
  ['docker-deamon:app', 'docker-daemon:NAME'],
  ['sotre:app', 'store:NAME'],
  ['storm:1', 'store:NAME'],
])('%s is refused with the nearest kind of place, wherever it stands', (text, nearest) => {
  for (const parse of [parseSource, parseTarget]) {
    const error = caught(() => parse(runtime, text))
    expect(error).toMatchObject({ code: 'ERR_PLACE_UNKNOWN', place: text })
    expect(error).toMatchObject({ hint: expect.stringContaining(`Did you mean ${nearest}`) as string })
  }
})

test.each(['nginx:1', 'alpine:3', 'redis:7', 'dirty:1', 'oci/app:1'])(
  '%s is read as an image of a registry',
  (text) => {
    expect(parseSource(runtime, text).text).toBe(`docker://${text}`)
  },
)

test.each(['out.tar', 'alpine:3', './dir', '/tmp/out.tar', 'image'])(
  '%s is no target, as no official image is ever pushed',
  (text) => {
    expect(() => parseTarget(runtime, text)).toThrow(expect.objectContaining({ code: 'ERR_PLACE_UNKNOWN' }))
  },
)

test('targets keep being read as repositories where they name one', () => {
  for (const text of ['team/app:1', 'localhost:5000/app', 'registry.example/app:1', 'docker://alpine:3']) {
    expect(parseTarget(runtime, text).target?.holds.index).toBe(true)
  }
  for (const text of ['store:', 'docker-daemon:', 'registry.example/team/']) {
    expect(parseTarget(runtime, text).target?.holds.several).toBe(true)
  }
})

test('isPlace() tells places from names and IDs of images', () => {
  expect(['oci:dir', 'docker://alpine', 'store:app', 'docker-archive:a'].map((text) => isPlace(runtime, text))).toEqual(
    Array.from({ length: 4 }, () => true),
  )
  expect(['alpine:3', 'docker:dind', `sha256:${HEX}`, '1a2b3c'].map((text) => isPlace(runtime, text))).toEqual(
    Array.from({ length: 4 }, () => false),
  )
})
