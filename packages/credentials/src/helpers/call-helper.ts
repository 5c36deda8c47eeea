import { quote } from '@drayage/bytes'
import type { Credentials } from '@drayage/registry'

import { CredentialsHelperError } from '../errors.ts'
import type { Environment } from '../logins/login-sources.ts'
import { findHelper, type HelperAction, type HelperOutput, runHelper } from './run-helper.ts'

/** How a helper is called. */
export interface CallHelperOptions {
  /** The server that the login is for. */
  readonly server: string
  readonly env: Environment
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

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

/**
 * Calls a credential helper and gives what it prints; `undefined` when it has no login for the server.
 *
 * @param input what it reads; the server for `get` and `erase`
 * @throws CredentialsHelperError `ERR_CREDENTIALS_HELPER`
 */
export async function callHelper(
  helper: string,
  action: HelperAction,
  input: string,
  options: CallHelperOptions,
): Promise<string | undefined> {
  const { server, env, timeoutMs, signal } = options
  if (/[\r\n\0]/.test(server)) {
    throw new CredentialsHelperError(helper, 'server', `the server ${quote(server)} is not one line`)
  }
  const program = await findHelper(helper, env)
  const output = await runHelper({ helper, program, action, input, env, timeoutMs, signal })
  if (output.exitCode === 0) return output.stdout
  if (/credentials not found/i.test(output.stdout)) return undefined
  const exit = output.exitCode === null ? 'it crashed' : `it ended with exit status ${output.exitCode}`
  throw new CredentialsHelperError(helper, 'exit', exit + explanation(output))
}

/** What the helper said about its failure. Its output is shown only when it cannot be an answer with a secret. */
function explanation({ stdout, stderr }: HelperOutput): string {
  const said = stderr.trim() === '' && !stdout.includes('{') ? stdout.trim() : stderr.trim()
  return said === '' ? '' : ` and said ${quote(said, 512)}`
}

function parseAnswer(helper: string, text: string): Credentials | undefined {
  const malformed = (): CredentialsHelperError =>
    new CredentialsHelperError(helper, 'output-syntax', 'its answer is not a JSON object with Username and Secret')
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    // The cause would quote the output, which may hold the secret.
    throw malformed()
  }
  if (typeof answer !== 'object' || answer === null) throw malformed()
  const username: unknown = Reflect.get(answer, 'Username')
  const secret: unknown = Reflect.get(answer, 'Secret')
  if (typeof username !== 'string' || typeof secret !== 'string') throw malformed()
  if (secret === '') return undefined
  return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret }
}
