import { isDigest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { parseReference, withDefaultTag, type Reference } from '@drayage/reference'

import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from './create-runtime.ts'
import { TransportError } from './errors.ts'
import type { CopySource } from './open-copy-source.ts'
import type { Transport } from './transport.ts'
import { writeDockerArchive } from './write-docker-archive.ts'

/**
 * Loads an image into a running Docker Engine under a name, which leaves the image that had it there. Nothing is written
 * to this machine's disk, except layers that wait for their turn.
 *
 * @throws TransportError `ERR_TRANSPORT` for an ID or a name with a digest
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 * @throws DockerEngineError `ERR_DOCKER_ENGINE` and the other errors of `openLoad`
 */
export async function copyToDockerDaemon(
  runtime: Runtime,
  source: CopySource,
  to: Transport & { kind: 'docker-daemon' },
  options: CopyImageOptions,
): Promise<Descriptor> {
  const tagged = nameOf(to.name)
  const daemon = await runtime.openDockerDaemon()
  const openOutput = (): ReturnType<typeof daemon.openLoad> => daemon.openLoad({ signal: options.signal })
  const [copied] = await writeDockerArchive(runtime, [{ source, tagged }], openOutput, options)
  if (copied === undefined) throw new RangeError(`Cannot copy to "docker-daemon:${to.name}": found nothing copied`)
  return copied
}

function nameOf(text: string): Reference {
  const name = isDigest(text) || /^[0-9a-f]{64}$/.test(text) ? undefined : withDefaultTag(parseReference(text))
  if (name !== undefined && name.digest === undefined) return name
  const found = name === undefined ? 'an ID' : 'a digest'
  throw new TransportError('copy to', `docker-daemon:${text}`, `found ${found}, expected a name with a tag`)
}
