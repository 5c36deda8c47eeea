import { concat, fromBytes, type ByteStream } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'

import { isEncoded, openBody, type BodyOptions } from './body.ts'
import { ERROR_BODY_MAX_BYTES } from './limits.ts'
import { quote } from './quote.ts'

/** What an error's body says. */
export interface ErrorBody {
  /** At most 16, each of at most 64 letters, digits and underscores. */
  readonly codes: readonly string[]
  /** The first messages, quoted. */
  readonly said: string | undefined
}

const MAX_CODES = 16
const MAX_MESSAGES = 3

/** Reads at most 64 KiB of an error's body. What cannot be read says nothing; only an abort rejects. */
export async function readErrorBody(response: HttpResponse, options: BodyOptions): Promise<ErrorBody> {
  const text = new TextDecoder().decode(concat(await readStart(response, options)))
  return isEncoded(response.headers) ? { codes: [], said: undefined } : parseErrorBody(text, response.status)
}

/** Reads the same part of an error's body, to be read again later. */
export async function holdErrorBody(response: HttpResponse, options: BodyOptions): Promise<ByteStream> {
  return fromBytes(...(await readStart(response, options)))
}

async function readStart(response: HttpResponse, options: BodyOptions): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of openBody(response.body, options)) {
      const wanted = chunk.subarray(0, ERROR_BODY_MAX_BYTES - bytes)
      chunks.push(wanted)
      bytes += wanted.byteLength
      if (bytes >= ERROR_BODY_MAX_BYTES) break
    }
  } catch {
    options.signal?.throwIfAborted()
  }
  return chunks
}

/** Reads the text of an error's body. @see OCI distribution-spec v1.1.1, "Error Codes" */
export function parseErrorBody(text: string, status: number): ErrorBody {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const isProse = text !== '' && !text.trimStart().startsWith('<')
    return { codes: [], said: isProse ? quote(text.trim()) : undefined }
  }
  if (!isRecord(value)) return { codes: [], said: undefined }
  if (Array.isArray(value['errors'])) return fromErrors(value['errors'])
  const details = [value['details'], value['message']].find((entry) => typeof entry === 'string')
  if (typeof details !== 'string') return { codes: [], said: undefined }
  const code = status === 401 ? ['UNAUTHORIZED'] : status === 429 ? ['TOOMANYREQUESTS'] : []
  return { codes: code, said: quote(details) }
}

function fromErrors(errors: readonly unknown[]): ErrorBody {
  const records = errors.slice(0, MAX_CODES).filter(isRecord)
  const codes = records.map((error) => error['code']).filter((code) => typeof code === 'string')
  const messages = records.map((error) => error['message']).filter((text) => typeof text === 'string' && text !== '')
  const said = messages.slice(0, MAX_MESSAGES).map((text) => quote(String(text)))
  return {
    codes: codes.filter((code) => /^\w{1,64}$/.test(code)),
    said: said.length === 0 ? undefined : said.join(', '),
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
