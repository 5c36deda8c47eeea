/**
 * Serve jobs from a worker thread of a `WorkerPool`.
 *
 * @packageDocumentation
 */
export type { JobContext, JobHandlers } from './pool/serve-jobs.ts'
export type { JobMap } from './pool/worker-protocol.ts'

export { serveJobs } from './pool/serve-jobs.ts'
