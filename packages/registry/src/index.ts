/**
 * A client for OCI and Docker registries with an injectable transport.
 *
 * @packageDocumentation
 */
export type { Credentials, CredentialOptions, CredentialSource } from './auth/credentials.ts'
export type { CheckedLogin } from './auth/verify-login.ts'
export type { RegistryClient, RegistryClientOptions, RepositoryOptions } from './client.ts'
export type { EndpointSource, EndpointUse, RegistryEndpoint } from './endpoints/registry-endpoint.ts'
export type { UnreachableReason } from './errors/connection-errors.ts'
export type { AnyRegistryError, RegistryErrorCode } from './errors/is-registry-error.ts'
export type { UrlRefusal } from './errors/refusal-errors.ts'
export type { UploadInterruption } from './errors/transfer-errors.ts'
export type { RegistryEvent, OnRegistryEvent } from './events.ts'
export type { RealmRule } from './gate/credential-gate.ts'
export type { UploadLocation, UrlGateOptions } from './gate/url-gate.ts'
export type { FoundRepository, SearchOptions } from './read/search.ts'
export type {
  RepositoryClient,
  RepositoryDeleter,
  RepositoryIngester,
  RepositoryReader,
  RepositoryTagger,
  RepositoryTags,
  TagsOptions,
} from './repository-client.ts'
export type { UploadSessionStore } from './upload/session-store.ts'
export type { UploadIngest } from './upload/upload-ingest.ts'
export type { BeginUploadOptions } from './upload/uploader.ts'

export { createRegistryClient } from './client.ts'
export { registryItself } from './endpoints/registry-endpoint.ts'
export {
  RegistryDeniedError,
  RegistryDigestRefusedError,
  RegistryError,
  RegistryNotFoundError,
  RegistryRateLimitedError,
  RegistryUnauthorizedError,
  RegistryUnsupportedError,
} from './errors/answer-errors.ts'
export { RegistryProtocolError, RegistryTruncatedError, RegistryUnreachableError } from './errors/connection-errors.ts'
export { isRegistryError } from './errors/is-registry-error.ts'
export { ChallengeSyntaxError, UrlRefusedError } from './errors/refusal-errors.ts'
export { RegistryListingError, RegistryMirrorError, RegistryUploadError } from './errors/transfer-errors.ts'
export { isLoopbackHost } from './gate/address.ts'
export { redactUrl } from './gate/redact-url.ts'
export { checkUploadLocation, checkUrl } from './gate/url-gate.ts'
export { MAX_SEARCH_RESULTS } from './read/search.ts'
