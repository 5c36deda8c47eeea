/**
 * The registry on Node: its handler behind `node:http`, and its records in files.
 *
 * @packageDocumentation
 */
export type { HttpServer, Served, ServeOnOptions, ServeOptions } from './node/serve.ts'
export type { ConnectionLimits } from './node/connections.ts'
export type { RequestEvent } from './node/answer-request.ts'

export { createFsStorage } from './node/fs-storage.ts'
export { mostConnections } from './node/connections.ts'
export { parseHtpasswd } from './node/htpasswd.ts'
export { serve, serveOn } from './node/serve.ts'
