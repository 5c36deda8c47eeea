/**
 * An OCI registry as a request handler: pull, push, mounts, resumable uploads, referrers, listing and deleting, over a
 * content store and small records.
 *
 * @packageDocumentation
 */
export type { Access, Allow } from './auth/access.ts'
export type { BasicAuthOptions } from './auth/basic-auth.ts'
export type { Refusal, SpecErrorCode } from './handler/refusal.ts'
export type { RegistryServerError, RegistryServerErrorCode } from './errors.ts'
export type { RegistryHandlerOptions } from './handler/handler.ts'
export type { RegistryLimits } from './handler/exchange.ts'
export type { MemoryStorageOptions } from './storage/memory-storage.ts'
export type {
  Links,
  NameLister,
  NamePage,
  ReferrerListOptions,
  Referrers,
  RegistryStorage,
  Tags,
  UploadLister,
  UploadSession,
  UploadSessions,
} from './storage/storage.ts'
export type { SweepUploadsOptions } from './uploads/sweep-uploads.ts'
export type { TokenAuthOptions } from './auth/token-auth.ts'
export type { CheckLogin, Login, UserDirectory, Users } from './auth/users.ts'

export { basicAuth } from './auth/basic-auth.ts'
export { ClientGoneError, HtpasswdError, isRegistryServerError, RegistryRecordError } from './errors.ts'
export { RequestRefusedError } from './handler/refusal.ts'
export { createRegistryHandler } from './handler/handler.ts'
export { DEFAULT_LIMITS } from './handler/exchange.ts'
export { servedBytes } from './manifests/signed-form.ts'
export { localHostOnly } from './auth/local-host-only.ts'
export { createMemoryStorage } from './storage/memory-storage.ts'
export { sweepUploads } from './uploads/sweep-uploads.ts'
export { tokenAuth } from './auth/token-auth.ts'
