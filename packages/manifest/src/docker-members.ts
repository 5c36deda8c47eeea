import type { Converted } from './convert-manifest.ts'
import type { Descriptor } from './descriptor.ts'

const MEMBERS: readonly string[] = ['mediaType', 'digest', 'size', 'urls', 'platform']

/** A descriptor with the members that Docker schema 2 defines. */
export function keepDockerMembers(descriptor: Descriptor, path: string): Converted<Descriptor> {
  const { mediaType, digest, size, urls, platform } = descriptor
  return {
    value: {
      mediaType,
      digest,
      size,
      ...(urls !== undefined && { urls }),
      ...(platform !== undefined && { platform }),
    },
    dropped: Object.keys(descriptor)
      .filter((member) => !MEMBERS.includes(member))
      .map((member) => `${path}.${member}`),
  }
}
