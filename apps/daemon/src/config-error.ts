/** A configuration that the daemon cannot start with; it ends with status 2. */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError'
  readonly code: 'ERR_DAEMON_CONFIG' = 'ERR_DAEMON_CONFIG'
}
