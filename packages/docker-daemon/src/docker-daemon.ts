import { type AbortOptions, type ByteStream, quote } from '@drayage/bytes'

import { isApiVersion, negotiateVersion } from './api-version.ts'
import { DEFAULT_DOCKER_HOST, parseDockerHost } from './docker-host.ts'
import type { DockerTls, Engine } from './engine.ts'
import { type DaemonImage, inspectImageOf, saveImagesOf } from './images.ts'
import { DEFAULT_SILENCE_TIMEOUT_MS } from './limits.ts'
import { beginLoad, type ImageLoad, type LoadOptions, sendArchive } from './load-images.ts'

/** Options of {@link createDockerDaemon}. */
export interface DockerDaemonOptions {
  /** The text of `DOCKER_HOST`; {@link DEFAULT_DOCKER_HOST} by default. */
  readonly host?: string
  /** Makes `tcp://` use TLS; the engine's certificate is always verified. */
  readonly tls?: DockerTls
  /** A version of the Engine API, such as `1.41`; the newest that both sides know by default. */
  readonly apiVersion?: string
  /** How long the engine may be silent when it has to answer or read, in milliseconds; {@link DEFAULT_SILENCE_TIMEOUT_MS} by default. */
  readonly silenceTimeoutMs?: number
}

/**
 * A running Docker Engine. Every call opens a connection of its own, so there is nothing to close; the first one asks the
 * engine for the version of its API.
 */
export interface DockerDaemon {
  /** As it was given. */
  readonly host: string
  /** The image that a name, an ID or the start of one stands for; `undefined` when the engine holds none. */
  inspect(name: string, options?: AbortOptions): Promise<DaemonImage | undefined>
  /**
   * Opens a docker-archive of images, as `docker save` writes it. A name without a tag stands for all tags of its
   * repository; an image by ID has no names in it. The bytes are not verified.
   *
   * @throws DockerNotFoundError `ERR_DOCKER_NOT_FOUND`
   */
  save(names: readonly string[], options?: AbortOptions): ByteStream
  /** Begins to load a docker-archive that the caller writes. */
  openLoad(options?: LoadOptions): Promise<ImageLoad>
  /** Loads a docker-archive, as `docker load` does. @throws the errors of {@link ImageLoad.finish} */
  load(archive: ByteStream, options?: LoadOptions): Promise<void>
}

/**
 * Creates the client of an engine; nothing is connected before the first call. Calls throw DockerConnectionError
 * `ERR_DOCKER_CONNECTION`, DockerEngineError `ERR_DOCKER_ENGINE` and DockerProtocolError `ERR_DOCKER_PROTOCOL`.
 *
 * @throws DockerHostError `ERR_DOCKER_HOST`
 * @throws RangeError for any other invalid option
 */
export function createDockerDaemon(options: DockerDaemonOptions = {}): DockerDaemon {
  const { host = DEFAULT_DOCKER_HOST, tls, apiVersion, silenceTimeoutMs = DEFAULT_SILENCE_TIMEOUT_MS } = options
  if (!(silenceTimeoutMs > 0)) {
    throw new RangeError(
      `Cannot use a Docker Engine: silenceTimeoutMs is ${silenceTimeoutMs}, expected a positive number`,
    )
  }
  if (apiVersion !== undefined && !isApiVersion(apiVersion)) {
    throw new RangeError(
      `Cannot use a Docker Engine: apiVersion is ${quote(apiVersion)}, expected a version such as 1.41`,
    )
  }
  const parsed = parseDockerHost(host, { isTls: tls !== undefined })
  const engine: Engine = { name: host, host: parsed, tls: tls ?? {}, silenceTimeoutMs }
  let known = apiVersion
  const version = async (signal: AbortSignal | undefined): Promise<string> =>
    (known ??= await negotiateVersion(engine, { signal }))
  const openLoad = async (loadOptions: LoadOptions = {}): Promise<ImageLoad> =>
    beginLoad(engine, await version(loadOptions.signal), loadOptions)
  return {
    host,
    inspect: async (name, { signal } = {}) => inspectImageOf(engine, await version(signal), name, { signal }),
    async *save(names, { signal } = {}) {
      yield* saveImagesOf(engine, await version(signal), names, { signal })
    },
    openLoad,
    load: async (archive, loadOptions = {}) => sendArchive(await openLoad(loadOptions), archive, loadOptions),
  }
}
