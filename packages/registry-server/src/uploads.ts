import type { HttpResponse, Ingest } from '@drayage/content'

import { RequestRefusedError } from './errors.ts'
import { type Exchange, requireDigest } from './exchange.ts'
import { commitBlob, receiveBody } from './receive-blob.ts'
import { emptyResponse } from './respond.ts'
import { isSessionId } from './session-id.ts'
import { uploadHeaders } from './start-upload.ts'
import type { UploadSession } from './storage.ts'

type UploadAction = (exchange: Exchange, repository: string, id: string) => Promise<HttpResponse>

/** What can be done with an upload that has begun. @see OCI distribution-spec v1.1.1 (end-5, end-6, end-13) */
export interface Uploads {
  readonly status: UploadAction
  readonly append: UploadAction
  readonly finish: UploadAction
  readonly cancel: UploadAction
}

/** A request that writes to an upload now. */
interface Writer {
  readonly controller: AbortController
  ingest?: Ingest
}

/**
 * Creates the uploads of one handler. A request that writes to an upload ends an earlier one that still does: that is a
 * client which lost its connection and goes on over a new one.
 */
export function createUploads(): Uploads {
  const writers = new Map<string, Writer>()

  const write = async (
    exchange: Exchange,
    session: UploadSession,
    work: (ingest: Ingest, signal: AbortSignal) => Promise<HttpResponse>,
  ): Promise<HttpResponse> => {
    const { storage, request } = exchange
    writers.get(session.id)?.controller.abort(takenOver())
    const writer: Writer = { controller: new AbortController() }
    writers.set(session.id, writer)
    const { signal: own } = writer.controller
    const signal = request.signal === undefined ? own : AbortSignal.any([own, request.signal])
    try {
      await using ingest = await storage.content.begin(session.id, { signal })
      writer.ingest = ingest
      // The request before may have finished or cancelled the upload.
      await findSession(exchange, session.repository, session.id)
      return await work(ingest, signal)
    } finally {
      if (writers.get(session.id) === writer) writers.delete(session.id)
    }
  }

  return {
    async status(exchange, repository, id) {
      await findSession(exchange, repository, id)
      const running = writers.get(id)?.ingest
      if (running !== undefined) return emptyResponse(204, uploadHeaders(repository, id, running.offset))
      await using ingest = await exchange.storage.content.begin(id, exchange.request)
      return emptyResponse(204, uploadHeaders(repository, id, ingest.offset))
    },
    async append(exchange, repository, id) {
      const session = await findSession(exchange, repository, id)
      return write(exchange, session, async (ingest, signal) => {
        await receiveBody(exchange, ingest, signal, () => outOfOrder(session, ingest))
        return emptyResponse(202, uploadHeaders(repository, id, ingest.offset))
      })
    },
    async finish(exchange, repository, id) {
      const session = await findSession(exchange, repository, id)
      const digest = requireDigest(exchange.query.get('digest'))
      return write(exchange, session, async (ingest, signal) => {
        await receiveBody(exchange, ingest, signal, () => outOfOrder(session, ingest))
        return commitAndClose(exchange, ingest, session, () => commitBlob(exchange, ingest, repository, digest))
      })
    },
    async cancel(exchange, repository, id) {
      const session = await findSession(exchange, repository, id)
      return write(exchange, session, async (ingest) => {
        await ingest.reset()
        await exchange.storage.uploads.close(id)
        return emptyResponse(204)
      })
    },
  }
}

async function commitAndClose(
  exchange: Exchange,
  ingest: Ingest,
  session: UploadSession,
  commit: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  try {
    const response = await commit()
    await exchange.storage.uploads.close(session.id)
    return response
  } catch (error) {
    if (error instanceof RequestRefusedError) {
      await ingest.reset()
      await exchange.storage.uploads.close(session.id)
    }
    throw error
  }
}

async function findSession(exchange: Exchange, repository: string, id: string): Promise<UploadSession> {
  const { storage, request, limits, now } = exchange
  const session = isSessionId(id) ? await storage.uploads.find(id, request) : undefined
  const isAlive = session !== undefined && now() - session.startedAtMs <= limits.uploadLifeMs
  if (isAlive && session.repository === repository) return session
  const message = 'blob upload unknown to registry'
  throw new RequestRefusedError({ status: 404, specCode: 'BLOB_UPLOAD_UNKNOWN', message })
}

function takenOver(): RequestRefusedError {
  const message = 'another request goes on with this upload'
  return new RequestRefusedError({ status: 409, specCode: 'BLOB_UPLOAD_INVALID', message })
}

function outOfOrder(session: UploadSession, ingest: Ingest): RequestRefusedError {
  return new RequestRefusedError({
    status: 416,
    specCode: 'BLOB_UPLOAD_INVALID',
    message: 'the chunk does not go on where the upload stands',
    headers: uploadHeaders(session.repository, session.id, ingest.offset),
  })
}
