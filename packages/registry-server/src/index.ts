/**
 * An OCI registry as a request handler: pull, push, mounts, resumable uploads, referrers, listing and deleting, over a
 * content store and small records.
 *
 * @packageDocumentation
 */
export type { Access, Allow } from './access.ts'
export type { BasicAuthOptions } from './basic-auth.ts'
export type { Refusal, RegistryServerError, RegistryServerErrorCode, SpecErrorCode } from './errors.ts'
export type { RegistryHandlerOptions } from './handler.ts'
export type { RegistryLimits } from './limits.ts'
export type { MemoryStorageOptions } from './memory-storage.ts'
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
} from './storage.ts'
export type { SweepUploadsOptions } from './sweep-uploads.ts'
export type { TokenAuthOptions } from './token-auth.ts'
export type { CheckLogin, Login, Users } from './users.ts'

export { basicAuth } from './basic-auth.ts'
export {
  ClientGoneError,
  HtpasswdError,
  isRegistryServerError,
  RegistryRecordError,
  RequestRefusedError,
} from './errors.ts'
export { createRegistryHandler } from './handler.ts'
export { DEFAULT_LIMITS } from './limits.ts'
export { localHostOnly } from './local-host-only.ts'
export { createMemoryStorage } from './memory-storage.ts'
export { sweepUploads } from './sweep-uploads.ts'
export { tokenAuth } from './token-auth.ts'
