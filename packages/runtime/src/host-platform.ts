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

/** What this machine's containers run on: Linux on its CPU, also where they run in a virtual machine of their own. */
export function hostPlatform(
  platform: NodeJS.Platform = process.platform,
  arch: NodeJS.Architecture = process.arch,
): Platform {
  const os = platform === 'win32' ? 'windows' : 'linux'
  const architecture = ARCHITECTURES[arch] ?? arch
  return architecture === 'arm' ? { os, architecture, variant: 'v7' } : { os, architecture }
}
