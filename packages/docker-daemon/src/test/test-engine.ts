import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import path from 'node:path'

import { tempDir } from '@drayage/testkit'

/** A server that answers like a Docker Engine, on a socket in a directory of its own. */
export interface TestEngine extends AsyncDisposable {
  /** For `DOCKER_HOST`. */
  readonly host: string
  /** The requests so far: method and URL. */
  readonly requests: string[]
  /** Connections that are open. */
  connections(): Promise<number>
}

/** Answers one request besides those for the version, which is 1.41. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Starts an engine; without an answer it knows no image. */
export async function startEngine(
  answer: Answer = notFound,
  versions: Record<string, string> = V141,
): Promise<TestEngine> {
  const directory = await tempDir('engine-')
  const socket = path.join(directory.path, 'docker.sock')
  const requests: string[] = []
  const server = createServer(listener(requests, answer, versions))
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return {
    host: `unix://${socket}`,
    requests,
    connections: () => countConnections(server),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await directory[Symbol.asyncDispose]()
    },
  }
}

const V141: Readonly<Record<string, string>> = { 'api-version': '1.41' }

/** What a server does with the requests for an engine. */
export function listener(
  requests: string[],
  answer: Answer,
  versions: Readonly<Record<string, string>> = V141,
): RequestListener {
  return (request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (request.url === '/_ping') response.writeHead(200, versions).end('OK')
    else answer(request, response)
  }
}

/** An engine's answer for a missing image. */
export function notFound(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"No such image: a:latest"}\n')
}

/** Reads the body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function countConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  )
}
