import type { Credentials } from '@drayage/registry'

import { CredentialsHelperError, quote } from './errors.ts'
import { findHelper } from './find-helper.ts'
import type { Environment } from './login-sources.ts'
import { type HelperOutput, runHelper } from './run-helper.ts'

/** How a helper is asked. */
export interface AskHelperOptions {
  /** The server to get the login for. */
  readonly server: string
  readonly env: Environment
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** The user name that marks a secret as an identity token. */
const TOKEN_USER = '<token>'

/**
 * Asks a credential helper for a login; `undefined` when it has none.
 *
 * @throws CredentialsHelperError `ERR_CREDENTIALS_HELPER`
 */
export async function askHelper(helper: string, options: AskHelperOptions): Promise<Credentials | undefined> {
  const { server, env, timeoutMs, signal } = options
  if (/[\r\n\0]/.test(server)) throw new CredentialsHelperError(helper, 'server', quote(server), 'a server on one line')
  const program = await findHelper(helper, env)
  const output = await runHelper({ helper, program, input: server, env, timeoutMs, signal })
  if (output.exitCode === 0) return parseAnswer(helper, output.stdout)
  if (/credentials not found/i.test(output.stdout)) return undefined
  const status = output.exitCode === null ? 'a crash' : `exit status ${output.exitCode}`
  throw new CredentialsHelperError(helper, 'exit', status + explanation(output), 'exit status 0')
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

/** What the helper said about its failure. Its output is only shown when it cannot be an answer with a secret. */
function explanation({ stdout, stderr }: HelperOutput): string {
  const said = stderr.trim() === '' && !stdout.includes('{') ? stdout.trim() : stderr.trim()
  return said === '' ? '' : ` and ${quote(said)}`
}
