import { escapeText, fromBytes, type ByteStream } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'

import { ERROR_BODY_MAX_BYTES } from '../limits.ts'
import { readStart, type BodyOptions } from './body.ts'
import { isEncoded } from './headers.ts'

/** What an error's body says. */
export interface ErrorBody {
  /** At most 16, each of at most 64 letters, digits and underscores. */
  readonly codes: readonly string[]
  /** The first messages, escaped. */
  readonly said: string | undefined
}

const MAX_CODES = 16
const MAX_MESSAGES = 3

/** Reads at most 64 KiB of an error's body. A body that cannot be read says nothing; only an abort rejects. */
export async function readErrorBody(response: HttpResponse, options: BodyOptions): Promise<ErrorBody> {
  return errorBodyOf(response, await readErrorBytes(response, options))
}

/** What the bytes of an error's body say. */
export function errorBodyOf({ headers, status }: Omit<HttpResponse, 'body'>, bytes: Uint8Array): ErrorBody {
  return isEncoded(headers) ? { codes: [], said: undefined } : parseErrorBody(new TextDecoder().decode(bytes), status)
}

/** Reads the same part of an error's body, to be read again later. */
export async function holdErrorBody(response: HttpResponse, options: BodyOptions): Promise<ByteStream> {
  return fromBytes(await readErrorBytes(response, options))
}

/** Reads at most 64 KiB of an error's body as bytes; none of a body that cannot be read. Only an abort rejects. */
export async function readErrorBytes(response: HttpResponse, options: BodyOptions): Promise<Uint8Array> {
  try {
    return await readStart(response.body, ERROR_BODY_MAX_BYTES, options)
  } catch {
    options.signal?.throwIfAborted()
    return new Uint8Array(0)
  }
}

/** Reads the text of an error's body. @see OCI distribution-spec v1.1.1, "Error Codes" */
export function parseErrorBody(text: string, status: number): ErrorBody {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const isProse = text !== '' && !text.trimStart().startsWith('<')
    return { codes: [], said: isProse ? escapeText(text.trim()) : undefined }
  }
  if (!isRecord(value)) return { codes: [], said: undefined }
  if (Array.isArray(value['errors'])) return fromErrors(value['errors'])
  const details = ['details', 'message', 'detail', 'error_description', 'error']
    .map((name) => value[name])
    .find((entry) => typeof entry === 'string')
  if (typeof details !== 'string') return { codes: [], said: undefined }
  const code = status === 401 ? ['UNAUTHORIZED'] : status === 429 ? ['TOOMANYREQUESTS'] : []
  return { codes: code, said: escapeText(details) }
}

function fromErrors(errors: readonly unknown[]): ErrorBody {
  const records = errors.slice(0, MAX_CODES).filter(isRecord)
  const codes = records.map((error) => error['code']).filter((code) => typeof code === 'string')
  const messages = records.map((error) => error['message']).filter((text) => typeof text === 'string' && text !== '')
  const said = messages.slice(0, MAX_MESSAGES).map((text) => escapeText(String(text)))
  return {
    codes: codes.filter((code) => /^\w{1,64}$/.test(code)),
    said: said.length === 0 ? undefined : said.join(', '),
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
