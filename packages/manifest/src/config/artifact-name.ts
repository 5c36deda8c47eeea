import type { ImageManifest } from '../manifests/image-manifest.ts'

/** What people call content of a media type, by a part of its name. */
const NAMES: readonly (readonly [part: RegExp, name: string])[] = [
  [/\bhelm\b/, 'a Helm chart'],
  [/\bwasm\b/, 'a WebAssembly module'],
  [/\bin-toto\b/, 'an in-toto attestation'],
  [/\bdsse\b/, 'a signed attestation'],
  [/\bsimplesigning\b/, 'a cosign signature'],
  [/\bsigstore\b/, 'a Sigstore bundle'],
  [/\bnotary\b/, 'a Notary signature'],
  [/\b(?:spdx|cyclonedx|syft)\b/, 'an SBOM'],
  [/\bbuildkit\.cacheconfig\b/, 'a build cache'],
  [/\bdocker\.plugin\b/, 'a plugin of Docker Engine'],
]

/** What people call a manifest that is no container image: by its type, its config and its layers. */
export function artifactName({ artifactType = '', config, layers }: ImageManifest): string {
  const types = [artifactType, config.mediaType, ...layers.slice(0, 16).map(({ mediaType }) => mediaType)]
  for (const type of types) {
    const found = NAMES.find(([part]) => part.test(type.toLowerCase()))
    if (found !== undefined) return found[1]
  }
  return 'an artifact'
}
