import { anySignal } from '@drayage/bytes'
import { emptyResponse, type HttpResponse, type Ingest } from '@drayage/content'

import { type RegistryExchange } from '../handler/exchange.ts'
import { RequestRefusedError, requireDigest } from '../handler/refusal.ts'
import { commitBlob, receiveBody } from './receive-blob.ts'
import { findSession, uploadHeaders } from './upload-session.ts'
import type { UploadSession } from '../storage/storage.ts'

type UploadAction = (exchange: RegistryExchange, repository: string, id: string) => Promise<HttpResponse>

/** The operations on an upload that has begun. @see OCI distribution-spec v1.1.1 (end-5, end-6, end-13) */
export interface Uploads {
  readonly status: UploadAction
  readonly append: UploadAction
  readonly finish: UploadAction
  readonly cancel: UploadAction
}

/** A request that is writing to an upload. */
interface Writer {
  readonly controller: AbortController
  ingest?: Ingest
}

/**
 * Creates the uploads of one handler. A request that writes to an upload ends an earlier one that still does: its client lost
 * the connection and continues over a new one.
 */
export function createUploads(): Uploads {
  const writers = new Map<string, Writer>()

  const write = async (
    exchange: RegistryExchange,
    session: UploadSession,
    work: (ingest: Ingest, signal: AbortSignal) => Promise<HttpResponse>,
  ): Promise<HttpResponse> => {
    const { storage, request } = exchange
    writers.get(session.id)?.controller.abort(takenOver())
    const writer: Writer = { controller: new AbortController() }
    writers.set(session.id, writer)
    const { signal: own } = writer.controller
    const signal = anySignal(own, request.signal)
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
  exchange: RegistryExchange,
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

function takenOver(): RequestRefusedError {
  const message = 'another request continues this upload'
  return new RequestRefusedError({ status: 409, specCode: 'BLOB_UPLOAD_INVALID', message })
}

function outOfOrder(session: UploadSession, ingest: Ingest): RequestRefusedError {
  return new RequestRefusedError({
    status: 416,
    specCode: 'BLOB_UPLOAD_INVALID',
    message: 'the chunk does not start at the offset of the upload',
    headers: uploadHeaders(session.repository, session.id, ingest.offset),
  })
}
