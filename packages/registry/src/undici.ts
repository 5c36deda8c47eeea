/**
 * A transport for Node over undici, and the proxies of the environment.
 *
 * @packageDocumentation
 */
export type { DispatcherOptions as UndiciClientOptions, HostTls } from './dispatchers.ts'
export type { UndiciClient } from './undici-client.ts'

export { proxyFromEnvironment } from './proxy-from-environment.ts'
export { undiciClient } from './undici-client.ts'
