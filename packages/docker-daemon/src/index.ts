/**
 * Save images from and load them into a running Docker Engine.
 *
 * @packageDocumentation
 */
export type { DaemonImage } from './images.ts'
export type { DockerDaemon, DockerDaemonOptions } from './docker-daemon.ts'
export type { DockerDaemonError, DockerDaemonErrorCode } from './errors.ts'
export type { DockerTls } from './engine.ts'
export type { ImageLoad, LoadOptions } from './load-images.ts'

export {
  DockerConnectionError,
  DockerEngineError,
  DockerHostError,
  DockerNotFoundError,
  DockerProtocolError,
  isDockerDaemonError,
} from './errors.ts'
export { createDockerDaemon } from './docker-daemon.ts'
export { DEFAULT_DOCKER_HOST } from './docker-host.ts'
export {
  DEFAULT_SILENCE_TIMEOUT_MS,
  MAX_ANSWER_BYTES,
  MAX_ERROR_BYTES,
  MAX_LINE_BYTES,
  NEWEST_API_VERSION,
  PING_TIMEOUT_MS,
} from './limits.ts'
