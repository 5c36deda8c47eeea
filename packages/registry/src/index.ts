/**
 * A client for OCI and Docker registries with an injectable transport.
 *
 * @packageDocumentation
 */
export type { Credentials, CredentialOptions, CredentialSource } from './credentials.ts'
export type { RegistryEvent, OnRegistryEvent } from './events.ts'
export type { RegistryErrorCode, UnreachableReason, UploadInterruption, UrlRefusal } from './errors.ts'
export type { EndpointSource, EndpointUse, RegistryEndpoint } from './registry-endpoint.ts'
export type { CheckedLogin } from './check-login.ts'
export type { AnyRegistryError } from './is-registry-error.ts'
export type { RegistryClient, RegistryClientOptions, RepositoryOptions } from './client.ts'
export type { FoundRepository, SearchOptions } from './search.ts'
export type { BeginOptions } from './uploader.ts'
export type { RepositoryClient, RepositoryDeleter, TagsOptions } from './repository-client.ts'
export type { UploadIngest } from './upload-ingest.ts'
export type { UploadSessions } from './upload-sessions.ts'
export type { RealmRule } from './credential-gate.ts'
export type { UploadLocation, UrlGateOptions } from './url-gate.ts'

export { isLoopbackHost } from './address.ts'
export { createRegistryClient } from './client.ts'
export {
  ChallengeSyntaxError,
  RegistryDeniedError,
  RegistryDigestRefusedError,
  RegistryError,
  RegistryListingError,
  RegistryMirrorError,
  RegistryNotFoundError,
  RegistryProtocolError,
  RegistryRateLimitedError,
  RegistryTruncatedError,
  RegistryUnauthorizedError,
  RegistryUnreachableError,
  RegistryUnsupportedError,
  RegistryUploadError,
  UrlRefusedError,
} from './errors.ts'
export { isRegistryError } from './is-registry-error.ts'
export { redactUrl } from './redact-url.ts'
export { registryItself } from './registry-endpoint.ts'
export { MAX_SEARCH_RESULTS } from './search.ts'
export { checkUploadLocation, checkUrl } from './url-gate.ts'
