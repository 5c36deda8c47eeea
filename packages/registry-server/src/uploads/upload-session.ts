import { type RegistryExchange } from '../handler/exchange.ts'
import { RequestRefusedError } from '../handler/refusal.ts'
import type { UploadSession } from '../storage/storage.ts'

const ID = /^[0-9a-f]{32}$/

/** Makes the id of an upload session: 128 random bits in hex. */
export function newSessionId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Tells whether `text` has the form of an id of an upload session. */
export function isSessionId(text: string): boolean {
  return ID.test(text)
}

/** The headers that say how far an upload is. */
export function uploadHeaders(repository: string, id: string, offset: number): Record<string, string> {
  return {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, offset - 1)}`,
    'docker-upload-uuid': id,
  }
}

/** The session with this id. @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 404, when it is missing or too old */
export async function findSession(exchange: RegistryExchange, repository: string, id: string): Promise<UploadSession> {
  const { storage, request, limits, now } = exchange
  const session = isSessionId(id) ? await storage.uploads.find(id, request) : undefined
  const isAlive = session !== undefined && now() - session.startedAtMs <= limits.uploadLifeMs
  if (isAlive && session.repository === repository) return session
  const message = 'blob upload unknown to registry'
  throw new RequestRefusedError({ status: 404, specCode: 'BLOB_UPLOAD_UNKNOWN', message })
}
