import { openDockerArchive } from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import { isDigest } from '@drayage/digest'
import type { Place, PlaceSource, Transport } from '@drayage/distribution'
import { formatReference, parseReference, tryParseReference, withDefaultTag, type Reference } from '@drayage/reference'

import type { PlaceAccess } from '../runtime.ts'
import { TransportError } from '../errors.ts'
import { dockerArchiveSink, imageOf } from './docker-archive-place.ts'
import { closing } from './layout-place.ts'
import { ownName, taggedName } from './place-names.ts'

const IMAGE_ID = /^[0-9a-f]{64}$/

/** A Docker Engine: `docker-daemon:NAME`, an ID or the start of one; `docker-daemon:` for images that keep their names. */
export function dockerDaemonTransport(runtime: PlaceAccess): Transport {
  return {
    prefix: 'docker-daemon',
    syntax: 'docker-daemon:NAME[:TAG]',
    severalSyntax: 'docker-daemon:',
    parse: (name) => daemonPlace(runtime, name),
  }
}

function daemonPlace(runtime: PlaceAccess, name: string): Place {
  const text = `docker-daemon:${name}`
  const isId = isDigest(name) || IMAGE_ID.test(name)
  // The start of an ID reads like a name.
  if (name !== '' && !isId) parseReference(name)
  const namesOf = (image: PlaceSource): readonly Reference[] => {
    if (name !== '') return [givenName(name, isId, text)]
    ownName(image, text)
    return image.names
  }
  return {
    text,
    key: text,
    ...(name !== '' && { openSource: (options) => openImage(runtime, name, text, options) }),
    target: {
      kind: 'a Docker Engine',
      holds: { index: false, referrers: false, manifests: false, several: name === '' },
      isWhole: true,
      look: async (image) => {
        namesOf(image)
        return { text, key: text, sink: { has: async () => false } }
      },
      open: async ({ signal }) => {
        const daemon = await runtime.openDockerDaemon()
        return dockerArchiveSink(() => daemon.openLoad({ signal }), namesOf)
      },
    },
  }
}

/** @throws TransportError `ERR_TRANSPORT` */
function givenName(name: string, isId: boolean, text: string): Reference {
  if (isId) throw new TransportError('copy to', text, 'it is an ID, expected a name with a tag')
  return taggedName(name, text)
}

/** An image of the engine, which gives it as a docker-archive. An ID, a digest or the start of an ID gives no name. */
async function openImage(
  runtime: PlaceAccess,
  given: string,
  text: string,
  options: AbortOptions,
): Promise<PlaceSource> {
  const daemon = await runtime.openDockerDaemon()
  const image = await daemon.inspect(given, options)
  if (image === undefined) {
    const { DockerNotFoundError } = await import('@drayage/docker-daemon')
    throw new DockerNotFoundError(daemon.host, given)
  }
  const parsed = tryParseReference(given)
  const name = parsed.ok && parsed.value.digest === undefined ? withDefaultTag(parsed.value) : undefined
  const tag = name === undefined ? undefined : image.repoTags.find((each) => isNameOf(name, each))
  const archive = await openDockerArchive(daemon.save([tag ?? image.id], options), options)
  return await closing(archive, async () => {
    if (tag !== undefined) return await imageOf(archive, name, text, options)
    return { ...(await imageOf(archive, undefined, text, options)), label: text, names: [], entryName: undefined }
  })
}

function isNameOf(name: Reference, text: string): boolean {
  const parsed = tryParseReference(text)
  return parsed.ok && formatReference(parsed.value) === formatReference(name)
}
