/**
 * What an image runs on, in Go's names for systems and architectures.
 *
 * @see OCI image-spec v1.1.1, image-index.md, "platform"
 */
export interface Platform {
  readonly os: string
  readonly architecture: string
  /** Of the CPU, such as `v7` of arm. */
  readonly variant?: string
  readonly 'os.version'?: string
  readonly 'os.features'?: readonly string[]
}

const SYSTEMS: ReadonlyMap<string, string> = new Map([['macos', 'darwin']])

/** Other names of architectures, with the variant that the name stands for. */
const ARCHITECTURES: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map<
  string,
  readonly [string, string?]
>([
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['aarch64', ['arm64']],
  ['i386', ['386', '']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
])

/** Variants by other names; the empty name stands for the default variant. */
const VARIANTS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  [
    'amd64',
    new Map([
      ['v1', ''],
      ['1', ''],
    ]),
  ],
  [
    'arm64',
    new Map([
      ['v8', ''],
      ['8', ''],
      ['v8.0', ''],
      ['8.0', ''],
      ['9', 'v9'],
      ['v9.0', 'v9'],
      ['9.0', 'v9'],
    ]),
  ],
  [
    'arm',
    new Map([
      ['', 'v7'],
      ['5', 'v5'],
      ['6', 'v6'],
      ['7', 'v7'],
      ['8', 'v8'],
    ]),
  ],
])

const USUAL_ARCHITECTURES: readonly string[] =
  '386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm'.split(' ')

const KNOWN_ARCHITECTURES: ReadonlySet<string> = new Set([...ARCHITECTURES.keys(), ...USUAL_ARCHITECTURES])

/** Tells whether `name` is an architecture by one of its names. */
export function isArchitecture(name: string): boolean {
  return KNOWN_ARCHITECTURES.has(name.toLowerCase())
}

/**
 * The platform by its usual names, in lower case: `x86_64` is `amd64`, `aarch64` is `arm64`, `armhf` is `arm/v7`, `armel` is
 * `arm/v6`, `i386` is `386`, `macos` is `darwin`. The variants `v1` of amd64 and `v8` of arm64 are dropped; arm without
 * variant is `v7`. Idempotent; other members are kept.
 */
export function normalizePlatform(platform: Platform): Platform {
  const { os, architecture, variant, ...others } = platform
  const system = os.toLowerCase()
  const name = architecture.toLowerCase()
  const [usual, implied] = ARCHITECTURES.get(name) ?? [name]
  const given = implied ?? (variant ?? '').toLowerCase()
  const usualVariant = VARIANTS.get(usual)?.get(given) ?? given
  return {
    os: SYSTEMS.get(system) ?? system,
    architecture: usual,
    ...(usualVariant !== '' && { variant: usualVariant }),
    ...others,
  }
}
