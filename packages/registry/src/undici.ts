/**
 * A transport for Node over undici, and the proxies of the environment.
 *
 * @packageDocumentation
 */
export type { DispatcherOptions as UndiciClientOptions, HostTls } from './undici/dispatchers.ts'
export type { UndiciClient } from './undici/undici-client.ts'

export { proxyFromEnvironment } from './undici/proxy-from-environment.ts'
export { undiciClient } from './undici/undici-client.ts'
