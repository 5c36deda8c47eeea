/**
 * The image part of the Docker Engine API as a request handler, for the `docker` command and every client that speaks it.
 *
 * @packageDocumentation
 */
export type { ApiVersion } from './http/api-version.ts'
export type { EngineAction, EngineEvent, EngineEvents } from './engine-events.ts'
export type { EngineApiError, EngineApiErrorCode } from './errors.ts'
export type { EngineApiOptions } from './create-engine-api.ts'
export type { EngineFacts } from './exchange.ts'
export type { KnownImages } from './images/image-events.ts'

export { createEngineApi } from './create-engine-api.ts'
export { createEngineEvents, MAX_KEPT_EVENTS } from './engine-events.ts'
export { EngineRequestError, isEngineApiError } from './errors.ts'
export { publishRemoved } from './images/image-events.ts'
export { MAX_API_VERSION, MIN_API_VERSION } from './http/api-version.ts'
export { MAX_JSON_BODY_BYTES } from './http/read-json-body.ts'
