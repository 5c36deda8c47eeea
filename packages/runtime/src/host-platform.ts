import { closeSync, openSync, readSync } from 'node:fs'
import { machine } from 'node:os'

import type { Platform } from '@drayage/manifest'

/** Go's names of the CPU architectures that Node runs on. */
const ARCHITECTURES: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: 'amd64',
  ia32: '386',
  arm64: 'arm64',
  arm: 'arm',
  ppc64: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loong64',
}

/**
 * What each level of amd64 adds, in the words of `/proc/cpuinfo`.
 *
 * @see x86-64 psABI, "Micro-Architecture Levels"
 */
const AMD64_LEVELS: readonly (readonly string[])[] = [
  ['cx16', 'lahf_lm', 'popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3'],
  ['abm', 'avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'movbe', 'xsave'],
  ['avx512bw', 'avx512cd', 'avx512dq', 'avx512f', 'avx512vl'],
]

/** Enough for the flags of one CPU; the file repeats them for each. */
const CPUINFO_BYTES = 16 * 1024

/**
 * What images made on this machine are for: Linux on its CPU, also where containers run in a virtual machine of their own.
 * Without the level of amd64, which only some of these CPUs have.
 *
 * @param kernelMachine what the kernel calls its CPU, which tells the variant of arm
 */
export function hostPlatform(
  platform: NodeJS.Platform = process.platform,
  arch: NodeJS.Architecture = process.arch,
  kernelMachine: string = arch === 'arm' ? machine() : '',
): Platform {
  const os = platform === 'win32' ? 'windows' : 'linux'
  const architecture = ARCHITECTURES[arch] ?? arch
  return architecture === 'arm' ? { os, architecture, variant: armVariant(kernelMachine) } : { os, architecture }
}

/**
 * The most that this machine runs: {@link hostPlatform} with the level of its amd64 CPU, `v2` to `v4`, where Linux tells.
 * It is what an image is chosen for when nobody asks for a platform.
 */
export function runnablePlatform(): Platform {
  const platform = hostPlatform()
  if (process.platform !== 'linux' || platform.architecture !== 'amd64') return platform
  const variant = amd64Level(readCpuInfo())
  return variant === undefined ? platform : { ...platform, variant }
}

/** The level of an amd64 CPU by the text of `/proc/cpuinfo`; `undefined` for the first, which has no name. */
export function amd64Level(cpuInfo: string): string | undefined {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuInfo)?.[1]?.trim().split(/\s+/))
  const lacking = AMD64_LEVELS.findIndex((level) => !level.every((flag) => flags.has(flag)))
  const level = lacking < 0 ? AMD64_LEVELS.length : lacking
  return level === 0 ? undefined : `v${level + 1}`
}

function armVariant(kernelMachine: string): string {
  const version = /^armv([5-8])/.exec(kernelMachine)?.[1]
  if (version !== undefined) return `v${version}`
  return kernelMachine === 'aarch64' ? 'v8' : 'v7'
}

function readCpuInfo(): string {
  const bytes = new Uint8Array(CPUINFO_BYTES)
  try {
    const file = openSync('/proc/cpuinfo', 'r')
    try {
      let length = 0
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        read = readSync(file, bytes, length, bytes.length - length, null)
      }
      return new TextDecoder().decode(bytes.subarray(0, length))
    } finally {
      closeSync(file)
    }
  } catch {
    // Without it the machine is taken to be the plainest of its kind.
    return ''
  }
}
