import { jsonResponse, type HttpResponse } from '@drayage/content'
import { platformOf, type DecodedManifest, type Platform } from '@drayage/manifest'
import { isReservedName, parseDockerReference, withDefaultTag, type Reference } from '@drayage/reference'
import { remoteConfigOf, remoteManifest, type Runtime } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { registryAuthOf, runtimeFor } from '../http/registry-auth.ts'

/** `GET /distribution/{name}/json`: what a name resolves to in its registry, and for which platforms. */
export async function distributionAction(exchange: Exchange): Promise<HttpResponse> {
  const { name, request } = exchange
  // An ID would be taken for a repository of Docker Hub.
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(name)) {
    throw new EngineRequestError(400, 'no manifest found for full image ID')
  }
  const reference = withDefaultTag(parseDockerReference(name))
  if (isReservedName(reference)) throw new EngineRequestError(400, "'scratch' is a reserved name")
  const runtime = runtimeFor(exchange, registryAuthOf(exchange))
  const { signal } = request
  const manifest = await remoteManifest(runtime, reference, { signal })
  const platforms = await platformsOf(runtime, reference, manifest, { signal })
  const { mediaType, digest, size } = manifest.descriptor
  return jsonResponse(200, { Descriptor: { mediaType, digest, size }, Platforms: platforms })
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
      const platform = platformOf((await remoteConfigOf(runtime, reference, manifest, options)).value)
      return platform === undefined ? [] : [platform]
    }
    case 'schema1':
      return [{ os: 'linux', architecture: manifest.value.architecture ?? '' }]
  }
}
