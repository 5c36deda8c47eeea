import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { createServer } from 'node:http'

import { serveOn, type Served } from '@drayage/registry-server/node'

type Handler = Parameters<typeof serveOn>[1]

/** Serves the handler on a unix socket. */
export async function listenOn(host: string, handler: Handler): Promise<Served> {
  const path = /^unix:\/\/(\/.+)$/.exec(host)?.[1]
  if (path === undefined) throw new TypeError(`Cannot listen on ${JSON.stringify(host)}: expected unix://PATH`)
  await rm(path, { force: true })
  const server = createServer({ requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 75_000 })
  const served = serveOn(server, handler)
  server.listen(path)
  await once(server, 'listening')
  await chmod(path, 0o660)
  return served
}
