import type { HttpResponse } from '@drayage/content'
import { platformOf, type DecodedManifest, type Descriptor, type Platform } from '@drayage/manifest'
import { parseDockerReference, validateRepositoryName, withDefaultTag, type Reference } from '@drayage/reference'
import { remoteConfig, remoteManifest, type Runtime } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { registryAuthOf } from '../registry-auth.ts'
import { jsonResponse } from '../respond.ts'
import { runtimeFor } from '../runtime-for.ts'

/** `GET /distribution/{name}/json`: what a name stands for in its registry, and for which platforms. */
export async function distributionAction(exchange: Exchange): Promise<HttpResponse> {
  const { name, request } = exchange
  // A name would be taken for one of Docker Hub.
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(name)) {
    throw new EngineRequestError(400, `no manifest found for full image ID: ${name}`)
  }
  const reference = withDefaultTag(parseDockerReference(name))
  validateRepositoryName(reference)
  const runtime = runtimeFor(exchange, registryAuthOf(exchange))
  const { signal } = request
  const manifest = await remoteManifest(runtime, reference, { signal })
  const platforms = await platformsOf(runtime, reference, manifest, { signal })
  return jsonResponse({ Descriptor: describe(manifest.descriptor), Platforms: platforms.map(ociPlatform) })
}

function describe({ mediaType, digest, size }: Descriptor): object {
  return { mediaType, digest, size }
}

async function platformsOf(
  runtime: Runtime,
  reference: Reference,
  manifest: DecodedManifest,
  options: { readonly signal: AbortSignal | undefined },
): Promise<readonly Platform[]> {
  switch (manifest.kind) {
    case 'index':
      return manifest.value.manifests.flatMap(({ platform }) => (platform === undefined ? [] : [platform]))
    case 'image': {
      const pinned = { ...reference, digest: manifest.descriptor.digest }
      const platform = platformOf((await remoteConfig(runtime, pinned, options)).value)
      return platform === undefined ? [] : [platform]
    }
    case 'schema1':
      return [{ os: 'linux', architecture: manifest.value.architecture ?? '' }]
  }
}

function ociPlatform(platform: Platform): object {
  return platform
}
