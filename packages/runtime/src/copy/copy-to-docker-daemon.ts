import { isDigest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { parseReference, withDefaultTag, type Reference } from '@drayage/reference'

import type { CopyImageOptions } from './copy-options.ts'
import { nameOf, type ArchivePlace } from './copy-target.ts'
import type { Runtime } from '../create-runtime.ts'
import { TransportError } from '../errors.ts'
import type { CopySource } from './open-copy-source.ts'
import { writeDockerArchive } from './write-docker-archive.ts'

/**
 * Loads images into a running Docker Engine, one under the name that is given, or each under its own ones, which leaves the
 * images that had them there. Layers that they share are sent once. Nothing is written to this machine's disk, except
 * layers that wait for their turn.
 *
 * @throws TransportError `ERR_TRANSPORT` for an ID, a name with a digest, and an image without a name that has to keep it
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 * @throws DockerEngineError `ERR_DOCKER_ENGINE` and the other errors of `openLoad`
 */
export async function copyToDockerDaemon(
  runtime: Runtime,
  sources: readonly CopySource[],
  to: ArchivePlace & { readonly kind: 'docker-daemon' },
  options: CopyImageOptions,
): Promise<Descriptor[]> {
  const given = to.name === undefined ? undefined : parseName(to.name)
  const images = sources.map((source) => ({ source, names: given === undefined ? ownNames(source) : [given] }))
  const daemon = await runtime.openDockerDaemon()
  const openOutput = (): ReturnType<typeof daemon.openLoad> => daemon.openLoad({ signal: options.signal })
  return await writeDockerArchive(runtime, images, openOutput, options)
}

function ownNames(source: CopySource): readonly Reference[] {
  nameOf(source, 'docker-daemon:')
  return source.imageNames
}

function parseName(text: string): Reference {
  const name = isDigest(text) || /^[0-9a-f]{64}$/.test(text) ? undefined : withDefaultTag(parseReference(text))
  if (name !== undefined && name.digest === undefined) return name
  const found = name === undefined ? 'an ID' : 'a digest'
  throw new TransportError('copy to', `docker-daemon:${text}`, `found ${found}, expected a name with a tag`)
}
