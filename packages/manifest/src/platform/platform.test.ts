import { parseDigest } from '@drayage/digest'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import type { Descriptor } from '../descriptor.ts'
import type { ImageIndex } from '../manifests/image-index.ts'
import { matchesPlatform } from './match-platform.ts'
import { normalizePlatform } from './platform.ts'
import { formatPlatform, parsePlatform } from './parse-platform.ts'
import type { Platform } from './platform.ts'
import { availablePlatforms, selectManifests } from './select-manifests.ts'

test.each([
  ['linux/amd64', 'linux/amd64'],
  ['linux/x86_64', 'linux/amd64'],
  ['linux/x86-64', 'linux/amd64'],
  ['linux/amd64/v1', 'linux/amd64'],
  ['linux/amd64/v3', 'linux/amd64/v3'],
  ['linux/aarch64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['linux/arm64/8', 'linux/arm64'],
  ['linux/arm64/v9', 'linux/arm64/v9'],
  ['linux/armhf', 'linux/arm/v7'],
  ['linux/armel', 'linux/arm/v6'],
  ['linux/arm', 'linux/arm/v7'],
  ['linux/arm/7', 'linux/arm/v7'],
  ['linux/arm/v5', 'linux/arm/v5'],
  ['linux/i386', 'linux/386'],
  ['macos/arm64', 'darwin/arm64'],
  ['Linux/AMD64/V2', 'linux/amd64/v2'],
  ['windows(10.0.17763)/amd64', 'windows(10.0.17763)/amd64'],
  ['plan9/mips64le', 'plan9/mips64le'],
])('parsePlatform() reads %s as %s', (text, normal) => {
  const platform = parsePlatform(text)
  expect(formatPlatform(platform)).toBe(normal)
  expect(normalizePlatform(platform)).toEqual(platform)
  expect(parsePlatform(normal)).toEqual(platform)
})

test.each([
  ['linux', 'linux/arm64'],
  ['amd64', 'linux/amd64'],
  ['aarch64', 'linux/arm64'],
  ['windows(10.0.17763)', 'windows(10.0.17763)/arm64'],
  ['linux/s390x', 'linux/s390x'],
])('parsePlatform() completes %s from the host as %s', (text, normal) => {
  expect(formatPlatform(parsePlatform(text, { host: { os: 'linux', architecture: 'arm64' } }))).toBe(normal)
})

test.each([
  '',
  'linux',
  'amd64',
  '/',
  'linux/',
  '/amd64',
  'linux//v7',
  'linux/arm/v7/x',
  'li nux/arm',
  'linux/ar\u001bm',
  'linux(/arm',
])('parsePlatform() refuses %j', (text) => {
  expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'ERR_PLATFORM_SYNTAX' }))
})

test('parsePlatform() refuses long text without reading all of it', () => {
  for (const text of ['a/'.repeat(100_000), 'a'.repeat(100_000), `${'a('.repeat(100_000)}/b`]) {
    expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'ERR_PLATFORM_SYNTAX' }))
  }
})

const part = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/)

test('parsePlatform() and formatPlatform() are inverse, and normalizePlatform() is idempotent', () => {
  fc.assert(
    fc.property(
      part,
      fc.constantFrom('arm', 'arm64', 'amd64', 'x86_64', 'armhf', 'i386', 'riscv64'),
      fc.option(part),
      (os, architecture, variant) => {
        const platform = parsePlatform(variant === null ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`)
        expect(normalizePlatform(platform)).toEqual(platform)
        expect(parsePlatform(formatPlatform(platform))).toEqual(platform)
      },
    ),
  )
})

test('normalizePlatform() keeps other members', () => {
  const platform = { os: 'windows', architecture: 'x86_64', 'os.version': '10.0.1', 'os.features': ['win32k'] }
  expect(normalizePlatform(platform)).toEqual({ ...platform, architecture: 'amd64' })
})

function entry(platform: string | Platform | undefined, index: number): Descriptor {
  const digest = parseDigest(`sha256:${index.toString(16).padStart(64, '0')}`)
  const base = { mediaType: 'x', digest, size: 1 }
  if (platform === undefined) return base
  return { ...base, platform: typeof platform === 'string' ? raw(platform) : platform }
}

function raw(text: string): Platform {
  const [os = '', architecture = '', variant] = text.split('/')
  return variant === undefined ? { os, architecture } : { os, architecture, variant }
}

function indexOf(platforms: readonly (string | Platform | undefined)[]): ImageIndex {
  return { schemaVersion: 2, manifests: platforms.map(entry) }
}

/** The positions of the manifests that are selected. */
function select(platforms: readonly (string | Platform | undefined)[], wanted: Platform): number[] {
  return selectManifests(indexOf(platforms), wanted).map((hit) => Number.parseInt(hit.digest.slice(7), 16))
}

const ALL = [
  'linux/386', // 0
  'linux/amd64', // 1
  'linux/amd64/v2', // 2
  'linux/amd64/v3', // 3
  'linux/arm/v5', // 4
  'linux/arm/v6', // 5
  'linux/arm/v7', // 6
  'linux/arm64', // 7
  'linux/arm64/v8', // 8
  'linux/arm64/v9', // 9
  'windows/amd64', // 10
  'unknown/unknown', // 11
  undefined, // 12
  'linux/amd64/v1', // 13
  'linux/riscv64', // 14
  'linux/arm', // 15
  'linux/arm/v8', // 16
]

test.each<[string, readonly number[]]>([
  ['linux/amd64', [1, 13, 0, 12]],
  ['linux/amd64/v2', [2, 1, 13, 0, 12]],
  ['linux/amd64/v4', [3, 2, 1, 13, 0, 12]],
  ['linux/386', [0, 12]],
  ['linux/arm/v5', [4, 12]],
  ['linux/arm/v6', [5, 4, 12]],
  ['linux/arm', [6, 15, 5, 4, 12]],
  ['linux/arm/v7', [6, 15, 5, 4, 12]],
  ['linux/arm64', [7, 8, 16, 6, 15, 5, 4, 12]],
  ['linux/arm64/v9', [9, 7, 8, 16, 6, 15, 5, 4, 12]],
  ['linux/riscv64', [14, 12]],
  ['linux/s390x', [12]],
  ['darwin/amd64', [12]],
  ['unknown/unknown', [12]],
  ['windows/amd64', [10, 12]],
  ['linux/amd64/v999999999', [12]],
])('selectManifests() for %s', (wanted, positions) => {
  // An odd variant runs at least what the plain architecture runs.
  const expected = wanted.endsWith('v999999999') ? [1, 13, 0, 12] : positions
  expect(select(ALL, parsePlatform(wanted))).toEqual(expected)
})

test('selectManifests() knows the releases of Armv8 and Armv9', () => {
  const list = [
    'linux/arm64',
    'linux/arm64/v8.4',
    'linux/arm64/v8.6',
    'linux/arm64/v9.1',
    'linux/arm64/v9',
    'linux/arm64/v9.3',
  ]
  expect(select(list, raw('linux/arm64/v9.1'))).toEqual([3, 4, 2, 1, 0])
  expect(select(list, raw('linux/arm64/v8.5'))).toEqual([1, 0])
})

test.each([
  ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v8', 'linux/arm', 'linux/arm64'], []],
  ['linux/arm/v5', ['linux/arm/v7', 'linux/arm/v6', 'linux/arm/v5'], [2]],
  ['linux/arm', ['linux/arm/v8', 'linux/arm/v6'], [1]],
  ['linux/amd64', ['linux/amd64/v3', 'linux/amd64/v2'], []],
  ['linux/amd64/v2', ['linux/amd64/v4', 'linux/amd64/v3'], []],
  ['linux/386', ['linux/amd64'], []],
  ['linux/arm64', ['linux/arm64/v9', 'linux/arm64/v8.1'], []],
  ['linux/arm64/v8.4', ['linux/arm64/v9', 'linux/arm64/v8.5', 'linux/arm64/v8.3'], [2]],
  ['linux/arm/v8', ['linux/arm64'], []],
])('selectManifests() for %s never takes from %j what needs a newer CPU', (wanted, list, positions) => {
  expect(select(list, raw(wanted))).toEqual(positions)
})

test.each(['v2', 'v3', 'v4'])('selectManifests() takes the newest level of amd64 that %s runs first', (level) => {
  const list = ['linux/386', 'linux/amd64', 'linux/amd64/v4', 'linux/amd64/v2', 'linux/amd64/v3']
  const newestFirst = [2, 4, 3, 1, 0]
  expect(select(list, raw(`linux/amd64/${level}`))).toEqual(newestFirst.slice(4 - Number(level.slice(1))))
})

test('selectManifests() reads the platforms of an index by any of their names', () => {
  expect(select(['linux/x86_64', 'Linux/aarch64', { os: '', architecture: '' }], raw('linux/arm64'))).toEqual([1])
})

test('selectManifests() takes no Windows image newer than the system, and the closest build first', () => {
  const list = ['10.0.14393.1', '10.0.17763.1', '10.0.20348.1', undefined, '10.0.17763.2'].map((version): Platform => ({
    os: 'windows',
    architecture: 'amd64',
    ...(version !== undefined && { 'os.version': version }),
  }))
  const wanted = { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763.9' }
  expect(select(list, wanted)).toEqual([1, 4, 0, 3])
  expect(select(list, { os: 'windows', architecture: 'amd64' })).toEqual([0, 1, 2, 3, 4])
})

test('selectManifests() is stable and selects exactly what matchesPlatform() accepts', () => {
  const platform = fc.constantFrom(...ALL.flatMap((name) => (name === undefined ? [] : [name])))
  fc.assert(
    fc.property(fc.array(platform, { maxLength: 12 }), platform, (list, wanted) => {
      const selected = select(list, raw(wanted))
      const accepted = list.flatMap((name, index) => (matchesPlatform(raw(name), raw(wanted)) ? [index] : []))
      expect(selected.toSorted((a, b) => a - b)).toEqual(accepted)
      const same = selected.filter((index) => list[index] === wanted)
      expect(same).toEqual(same.toSorted((a, b) => a - b))
    }),
  )
})

test('availablePlatforms() names each platform once, without attestations', () => {
  const list = ['linux/amd64', 'unknown/unknown', 'linux/x86_64', undefined, 'linux/arm64/v8', 'linux/arm/v6']
  expect(availablePlatforms(indexOf(list)).map(formatPlatform)).toEqual(['linux/amd64', 'linux/arm64', 'linux/arm/v6'])
})
