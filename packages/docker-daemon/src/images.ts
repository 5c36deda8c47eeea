import { abortable, type AbortOptions, type ByteStream, quote } from '@drayage/bytes'

import { expectSuccess, readDocument } from './answers.ts'
import { ask, type Engine } from './engine.ts'
import { DockerNotFoundError, DockerProtocolError } from './errors.ts'

/** An image that an engine holds. */
export interface DaemonImage {
  /** As the engine names it: the digest of its config, or with the containerd image store that of its manifest or index. */
  readonly id: string
  /** Its names with a tag, as the engine writes them. */
  readonly repoTags: readonly string[]
}

const INSPECT = 'inspect an image of'
const SAVE = 'save images of'

/**
 * The image that a name, an ID or the start of one stands for; `undefined` when the engine holds none.
 *
 * @throws RangeError for text that is neither a reference nor an ID
 * @see Docker Engine API v1.47, "Inspect an image"
 */
export async function inspectImageOf(
  engine: Engine,
  version: string,
  name: string,
  options: AbortOptions = {},
): Promise<DaemonImage | undefined> {
  const path = `/v${version}/images/${imagePath(name)}/json`
  const answer = await ask(engine, { method: 'GET', path, action: INSPECT, ...options })
  if (answer.status === 404) {
    for await (const _ of answer.body) break
    return undefined
  }
  const { body } = await expectSuccess(engine, INSPECT, answer, options)
  const found: unknown = await readDocument(engine, INSPECT, body, options)
  const { Id: id, RepoTags: tags = null }: { Id?: unknown; RepoTags?: unknown } = Object(found)
  const repoTags: unknown = tags ?? []
  if (typeof id !== 'string' || !Array.isArray(repoTags) || !repoTags.every((tag) => typeof tag === 'string')) {
    throw new DockerProtocolError(engine.name, INSPECT, 'its answer lacks Id or has odd RepoTags')
  }
  return { id, repoTags }
}

/** The name of an image as a part of a URL's path. */
function imagePath(name: string): string {
  const segments = name.split('/')
  // Engines clean paths before they route them.
  if (segments.some((segment) => /^\.{0,2}$/.test(segment))) {
    throw new RangeError(`Cannot use image name ${quote(name)}: expected a reference or an ID`)
  }
  return segments.map(encodeURIComponent).join('/')
}

/**
 * Opens the docker-archive of images, as `docker save` writes it.
 *
 * @throws DockerNotFoundError `ERR_DOCKER_NOT_FOUND`
 * @see Docker Engine API v1.47, "Export several images"
 */
export async function* saveImagesOf(
  engine: Engine,
  version: string,
  names: readonly string[],
  options: AbortOptions = {},
): ByteStream {
  const query = names.map((name) => `names=${encodeURIComponent(name)}`).join('&')
  const path = `/v${version}/images/get?${query}`
  const answer = await ask(engine, { method: 'GET', path, action: SAVE, ...options })
  if (answer.status === 404) {
    for await (const _ of answer.body) break
    throw new DockerNotFoundError(engine.name, names.join(', '))
  }
  const { body } = await expectSuccess(engine, SAVE, answer, options)
  yield* abortable(body, options)
}
