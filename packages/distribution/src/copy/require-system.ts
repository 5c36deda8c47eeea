import type { Descriptor, ImageConfig, Platform } from '@drayage/manifest'

import { UnsupportedSystemError } from '../errors.ts'

/** What an image must be for, if it matters. */
export interface SystemRequirement {
  /** The operating system of every image, such as `linux`; any by default. */
  readonly system?: string | undefined
  /** What was asked for. */
  readonly platforms?: readonly Platform[] | undefined
}

/** @throws UnsupportedSystemError `ERR_SYSTEM_UNSUPPORTED` for an image that is not, or was not asked, for the system */
export function requireSystem(
  config: ImageConfig,
  { digest }: Descriptor,
  { system, platforms = [] }: SystemRequirement,
): void {
  if (system === undefined) return
  const isOther = (found: string | undefined): found is string =>
    found !== undefined && found !== '' && found.toLowerCase() !== system.toLowerCase()
  const what = `image ${digest}`
  if (isOther(config.os)) throw new UnsupportedSystemError(what, { system: config.os, wanted: system, isAsked: false })
  for (const { os } of platforms) {
    if (isOther(os)) throw new UnsupportedSystemError(what, { system: os, wanted: system, isAsked: true })
  }
}
