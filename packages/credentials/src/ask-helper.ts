import type { Credentials } from '@drayage/registry'

import { callHelper, type CallHelperOptions } from './call-helper.ts'
import { CredentialsHelperError } from './errors.ts'

/** The user name that marks a secret as an identity token. */
export const TOKEN_USER = '<token>'

/**
 * Asks a credential helper for a login; `undefined` when it has none.
 *
 * @throws CredentialsHelperError `ERR_CREDENTIALS_HELPER`
 */
export async function askHelper(helper: string, options: CallHelperOptions): Promise<Credentials | undefined> {
  const answer = await callHelper(helper, 'get', options.server, options)
  return answer === undefined ? undefined : parseAnswer(helper, answer)
}

function parseAnswer(helper: string, text: string): Credentials | undefined {
  const answer = parseObject(helper, text)
  const { Username: username, Secret: secret } = answer
  if (typeof username !== 'string' || typeof secret !== 'string') throw malformed(helper, 'other fields')
  if (secret === '') return undefined
  return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret }
}

function parseObject(helper: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The cause would quote the output, which may hold the secret.
    throw malformed(helper, 'no JSON')
  }
  if (!isObject(value)) throw malformed(helper, 'another value')
  return value
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(helper: string, found: string): CredentialsHelperError {
  return new CredentialsHelperError(helper, 'output-syntax', found, 'a JSON object with Username and Secret')
}
