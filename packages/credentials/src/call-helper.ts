import { CredentialsHelperError, quote } from './errors.ts'
import { findHelper } from './find-helper.ts'
import type { Environment } from './login-sources.ts'
import { type HelperAction, type HelperOutput, runHelper } from './run-helper.ts'

/** How a helper is called. */
export interface CallHelperOptions {
  /** The server that the login is for. */
  readonly server: string
  readonly env: Environment
  readonly timeoutMs: number
  readonly signal: AbortSignal
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
  if (/[\r\n\0]/.test(server)) throw new CredentialsHelperError(helper, 'server', quote(server), 'a server on one line')
  const program = await findHelper(helper, env)
  const output = await runHelper({ helper, program, action, input, env, timeoutMs, signal })
  if (output.exitCode === 0) return output.stdout
  if (/credentials not found/i.test(output.stdout)) return undefined
  const status = output.exitCode === null ? 'a crash' : `exit status ${output.exitCode}`
  throw new CredentialsHelperError(helper, 'exit', status + explanation(output), 'exit status 0')
}

/** What the helper said about its failure. Its output is only shown when it cannot be an answer with a secret. */
function explanation({ stdout, stderr }: HelperOutput): string {
  const said = stderr.trim() === '' && !stdout.includes('{') ? stdout.trim() : stderr.trim()
  return said === '' ? '' : ` and ${quote(said)}`
}
