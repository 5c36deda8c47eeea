import { abortable, type AbortOptions, type ByteStream } from '@drayage/bytes'

import { ask, type Engine } from './engine.ts'
import { DockerNotFoundError } from './errors.ts'
import { expectSuccess } from './expect-success.ts'

const ACTION = 'save images of'

/**
 * Opens the docker-archive of images, as `docker save` writes it.
 *
 * @see Docker Engine API v1.47, "Export several images"
 */
export async function* saveImages(
  engine: Engine,
  version: string,
  names: readonly string[],
  options: AbortOptions = {},
): ByteStream {
  const query = names.map((name) => `names=${encodeURIComponent(name)}`).join('&')
  const path = `/v${version}/images/get?${query}`
  const answer = await ask(engine, { method: 'GET', path, action: ACTION, ...options })
  if (answer.status === 404) {
    for await (const _ of answer.body) break
    throw new DockerNotFoundError(engine.name, names.join(', '))
  }
  const { body } = await expectSuccess(engine, ACTION, answer, options)
  yield* abortable(body, options)
}
