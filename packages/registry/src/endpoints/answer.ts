import type { RegistryError } from '../errors/answer-errors.ts'
import type { BodyOptions } from '../http/body.ts'
import { errorOfAnswer } from '../http/error-of-answer.ts'
import type { TransportResponse } from '../http/transport.ts'

/** An endpoint's answer with what its reader needs. */
export interface EndpointAnswer {
  readonly response: TransportResponse
  /** For errors and for reading the body. */
  readonly body: BodyOptions
  /** The URL that was asked, before redirects. */
  readonly url: URL
}

/** The error that an answer stands for; reads its body. */
export async function errorOf({ response, url, body }: EndpointAnswer): Promise<RegistryError> {
  return await errorOfAnswer(response, url.origin, body)
}

/** The answer, when its status is one of `statuses`; else its error is thrown. */
export async function expectStatus(answer: EndpointAnswer, ...statuses: readonly number[]): Promise<EndpointAnswer> {
  if (statuses.includes(answer.response.status)) return answer
  throw await errorOf(answer)
}

/** Whether the answer is one to GET, since HEAD was refused. */
export function isOfGet({ response }: EndpointAnswer): boolean {
  return response.method === 'GET'
}
