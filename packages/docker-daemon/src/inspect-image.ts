import { collect, type AbortOptions, ByteLimitError } from '@drayage/bytes'

import { ask, type Engine } from './engine.ts'
import { DockerProtocolError } from './errors.ts'
import { expectSuccess } from './expect-success.ts'
import { imagePath } from './image-path.ts'
import { MAX_ANSWER_BYTES } from './limits.ts'

/** An image that an engine holds. */
export interface DaemonImage {
  /** As the engine names it: the digest of its config, or with the containerd image store that of its manifest or index. */
  readonly id: string
  /** Its names with a tag, as the engine writes them. */
  readonly repoTags: readonly string[]
}

const ACTION = 'inspect an image of'

/**
 * The image that a name, an ID or the start of one stands for; nothing when the engine holds none.
 *
 * @see Docker Engine API v1.47, "Inspect an image"
 */
export async function inspectImage(
  engine: Engine,
  version: string,
  name: string,
  options: AbortOptions = {},
): Promise<DaemonImage | undefined> {
  const path = `/v${version}/images/${imagePath(name)}/json`
  const answer = await ask(engine, { method: 'GET', path, action: ACTION, ...options })
  if (answer.status === 404) {
    for await (const _ of answer.body) break
    return undefined
  }
  const { body } = await expectSuccess(engine, ACTION, answer, options)
  return decodeImage(engine, await readDocument(engine, body, options))
}

async function readDocument(
  engine: Engine,
  body: AsyncIterable<Uint8Array>,
  { signal }: AbortOptions,
): Promise<unknown> {
  try {
    return JSON.parse(Buffer.from(await collect(body, { maxBytes: MAX_ANSWER_BYTES, signal })).toString('utf8'))
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new DockerProtocolError(engine.name, ACTION, 'no JSON', 'JSON', { cause })
    if (!(cause instanceof ByteLimitError)) throw cause
    const wanted = `at most ${MAX_ANSWER_BYTES} bytes`
    throw new DockerProtocolError(engine.name, ACTION, 'a longer answer', wanted, { cause })
  }
}

function decodeImage({ name }: Engine, value: unknown): DaemonImage {
  const { Id: id, RepoTags: tags = null }: { Id?: unknown; RepoTags?: unknown } = Object(value)
  const repoTags: unknown = tags ?? []
  if (typeof id !== 'string' || !Array.isArray(repoTags) || !repoTags.every((tag) => typeof tag === 'string')) {
    throw new DockerProtocolError(name, ACTION, 'an answer without Id or with odd RepoTags', 'both')
  }
  return { id, repoTags }
}
