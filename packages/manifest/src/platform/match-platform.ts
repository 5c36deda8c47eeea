import { normalizePlatform } from './platform.ts'
import type { Platform } from './platform.ts'

/** One kind of CPU: architecture and variant in normal form, as `arm/v7`. */
type Cpu = string

/**
 * Ranks platforms by how well they run on `wanted`: lower is better, `undefined` means not at all. A CPU runs what its older
 * variants run, amd64 also runs 386, and arm64 also runs arm. On Windows an image must not be newer than the system's build,
 * and a closer build is better; an image without a build comes last.
 */
export function createPlatformRank(
  wanted: Platform,
): (actual: Platform) => readonly [cpu: number, build: number] | undefined {
  const host = normalizePlatform(wanted)
  const cpus = compatibleCpus(host)
  const hostBuild = host.os === 'windows' ? buildNumber(host['os.version']) : undefined
  return (actual) => {
    const candidate = normalizePlatform(actual)
    if (candidate.os !== host.os || candidate.os === 'unknown') return undefined
    const cpu = cpus.indexOf(cpuName(candidate.architecture, candidate.variant))
    if (cpu < 0) return undefined
    if (hostBuild === undefined) return [cpu, 0]
    const build = buildNumber(candidate['os.version'])
    if (build === undefined) return [cpu, Number.MAX_SAFE_INTEGER]
    return build > hostBuild ? undefined : [cpu, hostBuild - build]
  }
}

/** Tells whether an image for `actual` runs on `wanted`. */
export function matchesPlatform(actual: Platform, wanted: Platform): boolean {
  return createPlatformRank(wanted)(actual) !== undefined
}

/** What a CPU runs, best first. */
function compatibleCpus({ architecture, variant }: Platform): readonly Cpu[] {
  const own = cpuName(architecture, variant)
  const [major, minor] = variantNumbers(variant)
  switch (architecture) {
    case 'amd64':
      return unique([own, ...down(major ?? 1, 2).map((n) => cpuName('amd64', `v${n}`)), 'amd64', '386'])
    case 'arm':
      return unique([own, ...armCpus(major ?? 7)])
    case 'arm64':
      return unique([own, ...arm64Cpus(major ?? 8, minor ?? 0), ...armCpus(8)])
    default:
      return [own]
  }
}

function armCpus(newest: number): Cpu[] {
  return down(newest, 5).map((n) => cpuName('arm', `v${n}`))
}

/** Each release of Armv9 includes the one of Armv8 with a minor number higher by five. */
function arm64Cpus(major: number, minor: number): Cpu[] {
  const nines = major === 9 ? [...down(minor, 1).map((n) => `v9.${n}`), 'v9'] : []
  const eights = major === 9 || major === 8 ? down(major === 9 ? minor + 5 : minor, 1).map((n) => `v8.${n}`) : []
  return [...nines, ...eights, ''].map((variant) => cpuName('arm64', variant))
}

function cpuName(architecture: string, variant: string | undefined): Cpu {
  return variant === undefined || variant === '' ? architecture : `${architecture}/${variant}`
}

function variantNumbers(variant: string | undefined): readonly [major?: number, minor?: number] {
  const parts = /^v(\d{1,2})(?:\.(\d{1,2}))?$/.exec(variant ?? '')
  if (parts === null) return []
  return parts[2] === undefined ? [Number(parts[1])] : [Number(parts[1]), Number(parts[2])]
}

function down(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, from - to + 1) }, (_, index) => from - index)
}

function unique(names: readonly Cpu[]): Cpu[] {
  return [...new Set(names)]
}

/** The third number of a Windows version. */
function buildNumber(version: string | undefined): number | undefined {
  const build = /^\d{1,9}\.\d{1,9}\.(\d{1,9})(?:\.|$)/.exec(version ?? '')?.[1]
  return build === undefined ? undefined : Number(build)
}
