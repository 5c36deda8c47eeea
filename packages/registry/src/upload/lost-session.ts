import type { RegistryError } from '../errors/answer-errors.ts'

/** Statuses by which registries say that they know no such session; 400 and 416 are those of stateful `Location`s. */
const LOST: ReadonlySet<number> = new Set([400, 404, 410, 416])

/** Statuses by which another host says so of a signed URL, whose time is over. */
const LOST_ELSEWHERE: ReadonlySet<number> = new Set([401, 403])

/** Whether the answer to a question for the state of a session says that it is gone. */
export function isLostStatus(status: number, isElsewhere: boolean): boolean {
  return LOST.has(status) || (isElsewhere && LOST_ELSEWHERE.has(status))
}

/** Whether a refusal says that the session is gone. */
export function isLostSession({ status, codes }: RegistryError): boolean {
  const isUnknown = codes.includes('BLOB_UPLOAD_UNKNOWN') || codes.includes('BLOB_UPLOAD_INVALID')
  return status === 404 || status === 410 || (status === 400 && isUnknown)
}
