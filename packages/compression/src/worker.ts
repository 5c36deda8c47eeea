/**
 * Serve jobs from a worker thread of a `WorkerPool`.
 *
 * @packageDocumentation
 */
export type { JobContext, JobHandlers } from './serve-jobs.ts'
export type { JobMap } from './worker-protocol.ts'

export { serveJobs } from './serve-jobs.ts'
