import { DrayageError, type DrayageErrorOptions } from '@drayage/bytes'

/** A configuration that the daemon cannot start with; it exits with 2. */
export class ConfigError extends DrayageError<'ERR_DAEMON_CONFIG'> {
  override readonly name: string = 'ConfigError'

  constructor(message: string, options?: DrayageErrorOptions) {
    super('ERR_DAEMON_CONFIG', message, options)
  }
}

/** What an error says, for the message of another. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
