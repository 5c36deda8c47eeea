import { readFile } from 'node:fs/promises'

import { matchesPlatform } from '@drayage/manifest'
import { buildImage, buildIndex, tempDir, type TestImage } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { amd64Level, hostPlatform, runnablePlatform } from './host-platform.ts'
import { importImage } from './archives/import-image.ts'
import { inspectImage } from './images/inspect-image.ts'
import { pullImage } from './images/pull-image.ts'
import { openTestRuntime } from './test/open-test-runtime.ts'
import { startRegistry } from './test/test-registry.ts'

test.each([
  ['linux', 'x64', '', { os: 'linux', architecture: 'amd64' }],
  ['darwin', 'arm64', '', { os: 'linux', architecture: 'arm64' }],
  ['linux', 'arm', 'armv7l', { os: 'linux', architecture: 'arm', variant: 'v7' }],
  ['linux', 'arm', 'armv6l', { os: 'linux', architecture: 'arm', variant: 'v6' }],
  ['linux', 'arm', 'armv5tel', { os: 'linux', architecture: 'arm', variant: 'v5' }],
  ['linux', 'arm', 'aarch64', { os: 'linux', architecture: 'arm', variant: 'v8' }],
  ['linux', 'arm', 'x86_64', { os: 'linux', architecture: 'arm', variant: 'v7' }],
  ['win32', 'x64', '', { os: 'windows', architecture: 'amd64' }],
  ['linux', 'mips', '', { os: 'linux', architecture: 'mips' }],
] as const)('hostPlatform() of %s on %s, machine "%s"', (platform, arch, machine, expected) => {
  expect(hostPlatform(platform, arch, machine)).toEqual(expected)
})

const V1 = 'fpu sse sse2 syscall lm cmov cx8 fxsr mmx'
const V2 = `${V1} cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3`
const V3 = `${V2} abm avx avx2 bmi1 bmi2 f16c fma movbe xsave`
const V4 = `${V3} avx512f avx512bw avx512cd avx512dq avx512vl`

describe('amd64Level()', () => {
  test.each([
    ['of the first level', V1, undefined],
    ['with all of v2', V2, 'v2'],
    ['with AVX2 but without BMI2', V3.replace('bmi2', ''), 'v2'],
    ['with all of v3', V3, 'v3'],
    ['with a part of AVX-512', `${V3} avx512f`, 'v3'],
    ['with all of v4', V4, 'v4'],
    ['with AVX-512 but without what v2 needs', V4.replace('popcnt', ''), undefined],
    ['that says nothing', '', undefined],
  ])('of a CPU %s', (_, flags, level) => {
    const text = `processor\t: 0\nmodel name\t: avx512f bmi2\nflags\t\t: ${flags}\nbugs\t\t: \n\nprocessor\t: 1\n`
    expect(amd64Level(text)).toBe(level)
  })
})

const at = (architecture: string, variant?: string): TestImage['platform'] => ({
  os: 'linux',
  architecture,
  ...(variant !== undefined && { variant }),
})

describe('an image that needs a level of amd64', () => {
  test('is pulled by default where the CPU has the level, and not for a platform that lacks it', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    const newest = await buildImage({ platform: at('amd64', 'v3') })
    const name = await registry.push('app', '1', buildIndex([newest]))
    await using able = await openTestRuntime(directory.path, { platform: at('amd64', 'v4') })
    expect(await pullImage(able, name)).toMatchObject({ manifest: { digest: newest.manifest.digest } })
    for (const platform of [at('amd64'), at('amd64', 'v2'), at('arm64'), at('386')]) {
      await expect(pullImage(able, name, { platforms: [platform] })).rejects.toMatchObject({
        code: 'ERR_PLATFORM_NOT_FOUND',
      })
    }
  })

  test('comes before one that needs less', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    const levels = await Promise.all(
      [undefined, 'v2', 'v3', 'v4'].map((level) => buildImage({ platform: at('amd64', level) })),
    )
    const name = await registry.push('app', '1', buildIndex(levels))
    await using runtime = await openTestRuntime(directory.path)
    const pulled = await Promise.all(
      [undefined, 'v2', 'v3', 'v4'].map(
        async (level) => (await pullImage(runtime, name, { platforms: [at('amd64', level)] })).manifest.digest,
      ),
    )
    expect(pulled).toEqual(levels.map(({ manifest }) => manifest.digest))
  })
})

test('an index for linux/arm/v7 only has nothing for linux/arm/v6', async () => {
  await using directory = await tempDir()
  await using registry = await startRegistry()
  const name = await registry.push('app', '1', buildIndex([await buildImage({ platform: at('arm', 'v7') })]))
  await using runtime = await openTestRuntime(directory.path)
  const pulling = pullImage(runtime, name, { platforms: [at('arm', 'v6')] })
  await expect(pulling).rejects.toMatchObject({
    code: 'ERR_PLATFORM_NOT_FOUND',
    message: expect.stringContaining('linux/arm/v7'),
  })
})

test('the default platform runs what hostPlatform() is for, and an import is for all CPUs of its kind', async () => {
  expect(matchesPlatform(hostPlatform(), runnablePlatform())).toBe(true)
  if (process.platform === 'linux' && process.arch === 'x64') {
    expect(runnablePlatform().variant).toBe(amd64Level(await readFile('/proc/cpuinfo', 'utf8')))
  }
  await using directory = await tempDir()
  await using runtime = await openTestRuntime(directory.path, { platform: at('amd64', 'v4') })
  const { image } = await importImage(
    runtime,
    (async function* () {
      yield new Uint8Array(1024)
    })(),
  )
  const inspected = await inspectImage(runtime, image)
  expect(inspected).toMatchObject({ Os: 'linux', Architecture: 'amd64' })
  expect(inspected).not.toHaveProperty('Variant')
})
